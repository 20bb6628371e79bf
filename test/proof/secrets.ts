/**
 * Secrets — none is written down in clear: not in the log at its lowest level, in no measurement or span, in no error that
 * is answered, in no row of the database.
 *
 * Every setting, field, header and query that carries a secret is given one that is known again, rightly and wrongly,
 * also while the database is away; and everything that the service hands out is noted. The mail servers repeat whatever
 * they are told, and so does the bucket.
 *
 * short  one process, without a mailbox, which is looked into after 5 s
 * long   with one, in processes of the roles api, worker and mail, with a daemon; and everything wrong is sent twice
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { backUp } from '../../server/admin/backup.ts';
import { settings } from '../../server/config.ts';
import { withClient } from '../setup/cluster.ts';
import { ownLoopback } from '../setup/loopback.ts';
import { ROUTES } from './contract-places.ts';
import { openEchoingBucket } from './echoing-bucket.ts';
import { openEchoingImap, openEchoingSmtp } from './echoing-mail.ts';
import type { Harness, Trial } from './harness.ts';
import { live, readMailbox } from './secret-life.ts';
import { runDaemonOnce, sendLetter, startRoles } from './secret-roles.ts';
import { read, type Scene } from './secret-scene.ts';
import { secretPlacesOf, sendBroken, sendCredentials, sendFields } from './secret-sendings.ts';
import { type Server, startServer } from './server.ts';
import { openVault, type Vault } from './vault.ts';

export const harness: Harness = {
  atLeast: {
    short: {
      'fields that carry a secret': 16,
      'secrets known again': 380,
      'errors answered': 350,
      'lines of the log': 400,
      'rows of the database': 30,
    },
    long: {
      'fields that carry a secret': 16,
      'secrets known again': 2_200,
      'errors answered': 2_200,
      'lines of the log': 2_200,
      'lines of the log of the worker': 10,
      'lines of the log of the mail role': 3,
      'rows of the database': 30,
    },
  },
  async run(trial) {
    trial.count('fields that carry a secret', ROUTES.flatMap(secretPlacesOf).length);
    const vault = openVault();
    const databaseUrl = await trial.database();
    const servers = await openMailServers(trial);
    const [collector, bucket] = await Promise.all([openCollector(trial), openEchoingBucket(trial)]);
    const secrets = settingsOf(trial, vault, databaseUrl);
    const env = {
      ...secrets,
      LOG_LEVEL: 'trace',
      TRUSTED_PROXIES: '127.0.0.1',
      ALLOW_PRIVATE_MAIL_HOSTS: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      S3_ENDPOINT: bucket.url,
      S3_BUCKET: 'logs',
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(servers.ours),
      SMTP_USER: 'service@example.org',
    };
    const [server, roles] = await Promise.all([
      startServer(trial, { databaseUrl, env, role: trial.length === 'long' ? 'api' : 'all' }),
      trial.length === 'long' ? startRoles({ trial }, { databaseUrl, env }) : undefined,
    ]);
    const { theirs, mailbox, letters } = servers;
    const scene: Scene = { trial, vault, server, theirs, letters, answers: [] };

    const held = await live(scene);
    trial.say('has lived');
    for (let round = 0; round < (trial.length === 'long' ? 2 : 1); round++) {
      await sendFields(scene, held);
      await sendCredentials(scene);
      await sendBroken(scene);
      trial.say(`has sent everything wrongly ${round + 1} times`);
    }
    await whileAway(databaseUrl, async () => {
      await sendFields(scene, held);
      if (trial.length === 'long') await sendCredentials(scene);
    });
    const kept: string[] = [];
    if (roles) {
      await readMailbox(scene, held, mailbox);
      await sendLetter(scene, roles);
      kept.push(...(await runDaemonOnce(scene, held)));
    }
    const metrics = await read(scene, 'GET', '/metrics', { authorization: `Bearer ${secrets.METRICS_TOKEN}` });
    trial.check('the metrics are shown', metrics.status === 200, metrics.status);
    // What it says when it ends is part of its log.
    const processes = {
      'the log': server,
      ...(roles && { 'the log of the worker': roles.worker, 'the log of the mail role': roles.mail }),
    };
    await Promise.all(Object.values(processes).map(({ stop }) => stop()));
    trial.check('the bucket was asked', bucket.asked() > 0);
    const spans = collector.bodies.join('\n');
    await search(scene, { processes, kept, metrics: metrics.text, spans }, databaseUrl);
  },
};

// ---- The settings ---------------------------------------------------------------------------------------------------

/** Users may name few ports; this one takes no right. */
const USERS_PORT = 2525;

const SOUNDS_SECRET = /SECRET|KEY|PASS|TOKEN|HEADERS/;

/** What sounds like a secret and is none, or is not set here. */
const NO_SECRETS: Record<string, string> = {
  REFRESH_TOKEN_EXPIRES_IN: 'a time',
  RELAY_REQUIRE_KEY: 'yes or no',
  MAIL_TLS_KEY: 'the name of a file',
};

function settingsOf(trial: Trial, vault: Vault, databaseUrl: string): Record<string, string> {
  const secrets: Record<string, string> = {};
  const { password } = new URL(databaseUrl);
  if (password) vault.keep('the password of the database', decodeURIComponent(password));
  for (const name of Object.keys(settings)) {
    if (!SOUNDS_SECRET.test(name) || name in NO_SECRETS) continue;
    secrets[name] = vault.plant(name, (canary) => (name.endsWith('HEADERS') ? `x-key=${canary}` : canary));
  }
  const unknown = Object.keys(NO_SECRETS).filter((name) => !(name in settings));
  trial.check('what is called no secret is a setting', unknown.length === 0, unknown);
  return secrets;
}

async function openMailServers(trial: Trial) {
  const ours = await openEchoingSmtp(trial, { login: 'taken' });
  const theirs = { host: ownLoopback(), port: USERS_PORT };
  await openEchoingSmtp(trial, { ...theirs, login: 'refused' });
  const mailbox = { host: ownLoopback(), port: USERS_PORT };
  if (trial.length === 'long') await openEchoingImap(trial, mailbox.host, mailbox.port);
  return { ours: ours.port, letters: ours.letters, theirs, mailbox };
}

/** Takes spans, and every other time refuses them. */
async function openCollector(trial: Trial): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await textOf(request));
    response.writeHead(bodies.length % 2 === 0 ? 503 : 200).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  trial.afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

/** Nobody gets in, and whoever is in is out. */
async function whileAway(databaseUrl: string, work: () => Promise<void>): Promise<void> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const allow = (isAllowed: boolean) =>
    withClient(url.href, async (admin) => {
      await admin.query(`alter database ${name} with allow_connections ${isAllowed}`);
      if (!isAllowed)
        await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    });
  await allow(false);
  await work().finally(() => allow(true));
}

// ---- Searching ------------------------------------------------------------------------------------------------------

type Written = {
  processes: Record<string, Server>;
  /** By a daemon, and what it has said. */
  kept: string[];
  metrics: string;
  spans: string;
};

async function search(scene: Scene, { processes, kept, metrics, spans }: Written, databaseUrl: string): Promise<void> {
  const { trial, vault, answers } = scene;
  trial.count('secrets known again', vault.size());
  const check = (where: string, text: string, about: string = where) => {
    const found = vault.foundIn(text);
    trial.check(`${where} has no secret`, found.length === 0, { about, found, text: text.slice(0, 400) });
  };

  const errors = answers.filter(({ status }) => status >= 400);
  trial.count('errors answered', errors.length);
  trial.check(
    'errors came while the database was away',
    errors.some(({ status }) => status === 503),
  );
  for (const { what, head, text } of answers) check('an answer', `${head}\n${text}`, what);

  for (const [where, { lines, complaints }] of Object.entries(processes)) {
    trial.count(`lines of ${where}`, lines.length);
    const log = lines.join('\n');
    // Each line by itself only where there is something to find.
    for (const line of vault.foundIn(log).length > 0 ? lines : [log]) check(where, line);
    check('what is written to stderr', complaints());
  }
  for (const one of kept) check('what a daemon says and keeps', one);
  check('the metrics', metrics);
  trial.check('there were spans', spans.includes('/v1/tasks'));
  check('what the collector of spans gets', spans);

  const rows = await dumpOf(trial, databaseUrl);
  trial.count('rows of the database', rows.length);
  const dump = rows.join('\n');
  for (const row of vault.foundIn(dump).length > 0 ? rows : [dump]) check('the database', row);
  trial.check('the audit log is in it', dump.includes('"public.audit_logs"') && dump.includes('api_key.created'));
}

/** The lines of a backup: every row of every table, of the job queue, too. */
async function dumpOf(trial: Trial, databaseUrl: string): Promise<string[]> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ccjk-proof-dump-'));
  trial.afterwards(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'dump.gz');
  await backUp(databaseUrl, file);
  return gunzipSync(readFileSync(file)).toString('utf8').split('\n');
}
