/** What lies around the service away: the object store and the mail server silent, the disk full. Everything else goes on. */
import { startSmtp } from '../setup/smtp-server.ts';
import { openTcpProxy } from '../setup/tcp-proxy.ts';
import { besides } from './besides.ts';
import { openBucket } from './bucket.ts';
import { type Customer, makeCustomer } from './customer.ts';
import type { Length, Trial } from './harness.ts';
import { type Feature, sufferOutage } from './outage.ts';
import { startServer } from './server.ts';
import { openSmallDisk } from './small-disk.ts';
import { until } from './until.ts';

const SILENT_MS: Record<Length, number> = { short: 5_000, long: 30_000 };
const FULL_MS: Record<Length, number> = { short: 1_000, long: 10_000 };
/** A letter is tried again 20 s and then twice 5 s after it was not taken. */
const LETTERS_MS = 60_000;
const TEXT = 'one line of a log\n';

/** The S3 server and the SMTP server take connections and say nothing. */
export async function silenceNeighbours(trial: Trial): Promise<void> {
  const bucket = await openTcpProxy(await openBucket(trial));
  const mail = await startSmtp();
  trial.afterwards(() => mail.close());
  const smtp = await openTcpProxy(mail);
  trial.afterwards(() => Promise.all([bucket.close(), smtp.close()]));
  const { url } = await startServer(trial, {
    databaseUrl: await trial.database(),
    env: {
      S3_ENDPOINT: `http://${bucket.host}:${bucket.port}`,
      S3_BUCKET: 'logs',
      S3_ACCESS_KEY: 'key',
      S3_SECRET_KEY: 'secret',
      ...mail.env,
      SMTP_PORT: String(smtp.port),
    },
  });
  const customer = await makeCustomer(url);
  const logs = new Set<string>();
  const registered: string[] = [];
  const isBack = await sufferOutage(trial, {
    what: 'the object store and the mail server silent',
    url,
    features: [
      ...(await besides(trial, url, customer)),
      uploading(customer, logs),
      { ...(await viewing(customer, logs)), refusedWith: 503 },
      {
        name: 'register',
        call: async () => void registered.push((await makeCustomer(url)).credentials.email),
        pauseMs: 1_000,
      },
      await testingMail(url),
    ],
    begin: () => Promise.all([bucket.cut('is silent'), smtp.cut('is silent')]),
    lastsMs: SILENT_MS[trial.length],
    end: () => Promise.all([bucket.restore(), smtp.restore()]),
  });
  if (isBack) await checkLogs(trial, customer, logs);
  trial.count('neighbours silenced', 2);
  if (trial.length === 'short') return;
  const haveAllTheirs = () => {
    const brought = new Set(mail.received.flatMap(({ to }) => to));
    return registered.every((address) => brought.has(address));
  };
  trial.check('every letter arrives in the end', await until(haveAllTheirs, LETTERS_MS), registered.length);
}

/** DATA_DIR, with the files of logs, has no room. The database lies elsewhere. */
export async function fillDisk(trial: Trial): Promise<void> {
  const disk = openSmallDisk(trial);
  const server = await startServer(trial, {
    databaseUrl: await trial.database(),
    env: { DATA_DIR: disk.directory },
  });
  const pid = server.process.pid as number;
  const customer = await makeCustomer(server.url);
  const logs = new Set<string>();
  trial.say(`the disk is filled by ${disk.how}`);
  const isBack = await sufferOutage(trial, {
    what: 'the disk full',
    url: server.url,
    features: [
      ...(await besides(trial, server.url, customer)),
      uploading(customer, logs),
      // To read takes no room.
      await viewing(customer, logs),
    ],
    begin: () => disk.fill(pid),
    lastsMs: FULL_MS[trial.length],
    end: () => disk.clear(pid),
  });
  if (isBack) await checkLogs(trial, customer, logs);
  trial.count('disks filled');
}

/** What is acknowledged is added to `logs`. */
async function upload({ device }: Customer, logs: Set<string>): Promise<string> {
  const metadata = { type: 'daemon', date: '2026-01-20' } as const;
  const { log_id } = await device.daemon.uploadLog({ log_file: new Blob([TEXT]), metadata });
  logs.add(log_id);
  return log_id;
}

const uploading = (customer: Customer, logs: Set<string>): Feature => ({
  name: 'upload',
  call: () => upload(customer, logs),
  refusedWith: 503,
});

async function viewing(customer: Customer, logs: Set<string>): Promise<Feature> {
  const log = await upload(customer, logs);
  const call = async () => {
    const { text } = await customer.user.logs.get(log);
    if (text !== TEXT) throw new Error(`It is another text: ${text}`);
  };
  return { name: 'view a log', call };
}

async function checkLogs(trial: Trial, { user }: Customer, logs: ReadonlySet<string>): Promise<void> {
  const texts = await Promise.all([...logs].map(async (id) => (await user.logs.get(id)).text));
  trial.check(
    'every acknowledged log is there',
    texts.every((text) => text === TEXT),
    texts.length,
  );
  const { storage_used } = (await user.auth.me()).user;
  trial.check('what was refused takes no storage', storage_used === logs.size * TEXT.length, {
    storage_used,
    logs: logs.size,
  });
  trial.count('acknowledged writes', logs.size);
}

/** Each account may ask for five in an hour. */
async function testingMail(url: string): Promise<Feature> {
  const customers = await Promise.all([makeCustomer(url), makeCustomer(url), makeCustomer(url)]);
  for (const { user, deviceId, credentials } of customers)
    await user.email.saveConfig({ device_id: deviceId, email_address: credentials.email });
  let asked = 0;
  return {
    name: 'test mail',
    call: () => {
      const { user, deviceId } = customers[asked++ % customers.length] as Customer;
      return user.email.test({ device_id: deviceId });
    },
    pauseMs: 1_000,
    refusedWith: 502,
  };
}
