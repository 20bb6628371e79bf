/**
 * Hostile letters — everything that a user, a machine or a mail can put into a letter of ours carries what would end a line,
 * begin a header, name a recipient or begin another mail. Each letter that a real SMTP server gets is looked at byte by
 * byte.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { sql } from 'kysely';
import { ApiError } from '../../sdk/src/index.ts';
import { readEml } from '../setup/eml.ts';
import type { TestDevice, TestUser } from '../setup/in-process.ts';
import { mailBody, postMail } from '../setup/mail-gateway.ts';
import type { Received } from '../setup/smtp-server.ts';
import type { Trial } from './harness.ts';
import { type HostileWorld, SMTP_OUTSIDE } from './hostile-world.ts';
import { until } from './until.ts';

const VICTIM = 'victim@hostile.example';
const HEADER = `Bcc: ${VICTIM}`;
const SMUGGLED = `MAIL FROM:<a@hostile.example>\r\nRCPT TO:<${VICTIM}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n`;

/** Pieces that end what they stand in, for somebody who reads mail or speaks SMTP. */
const PIECES = [
  `\r\n${HEADER}`,
  `\n${HEADER}`,
  `\r${HEADER}`,
  `\r\n ${HEADER}`,
  `\u000b${HEADER}`,
  `\u0085${HEADER}`,
  `\u2028${HEADER}`,
  `\u2029${HEADER}`,
  `\0${HEADER}`,
  `\u001b]0;${HEADER}\u0007`,
  `\r\n\r\n${HEADER}`,
  `\r\n.\r\n${SMUGGLED}`,
  `\n.\n${SMUGGLED}`,
  `\n.\r\n${SMUGGLED}`,
  `\r.\r${SMUGGLED}`,
  `=?utf-8?B?${Buffer.from(`\r\n${HEADER}`).toString('base64')}?=`,
  `=?utf-8?Q?=0D=0A${HEADER.replace(' ', '_')}?=`,
  `=?iso-8859-1?Q?=0A${HEADER.replace(' ', '_')}?=`,
  `", <${VICTIM}>, "`,
  `<${VICTIM}>`,
  `><${VICTIM}`,
  `, ${VICTIM}`,
  'x'.repeat(3_000),
  'é'.repeat(1_500),
  '😀'.repeat(1_000),
  '\ud83d',
];

/** Of pieces that are put together, after each has had its turn. */
const MIXED = { short: 0, long: 120 };
const MOST_PIECES = 4;
/** For the jobs to have sent all letters, on a busy machine. */
const SENDING_MS = 60_000;

export async function hostileLetters(world: HostileWorld): Promise<void> {
  const { trial, service, zone, received } = world;
  zone.lead('mail.example.com', [[SMTP_OUTSIDE]]);
  const senders = [
    await makeSender(world),
    await makeSender(world, { smtp_host: 'mail.example.com', smtp_secure: false }),
  ];
  await service.work();
  for (const [at, payload] of payloadsOf(world).entries()) {
    // Where there is time for it, all carry all.
    const carriers = trial.length === 'long' ? senders : [senders[at % senders.length] as Sender];
    await Promise.all(carriers.map((sender) => carry(world, sender, `payload-${at}${payload}`)));
    await hostileAddresses(world, carriers[0] as Sender, payload);
  }
  for (const { user } of senders) await hostileLinks(world, user.email);
  trial.check('all letters are sent', await until(() => isQueueEmpty(world), SENDING_MS));
  const known = new Set(await addressesOf(world));
  for (const letter of received.ours) judge(world, letter, { known, sender: 'cloud@example.org' });
  for (const letter of received.outside) judge(world, letter, { known, sender: letter.to[0] ?? '' });
  const ids = [...received.ours, ...received.outside].map(({ raw }) => readEml(raw).header('message-id'));
  trial.check('no mail came by another', new Set(ids).size === ids.length);
}

type Sender = { user: TestUser; device: TestDevice };

/** Somebody who is mailed whatever happens, and takes commands by mail. */
async function makeSender({ service }: HostileWorld, settings: object = {}): Promise<Sender> {
  const user = await service.makeUser();
  const device = await service.makeDevice(user);
  await service.service.db.updateTable('users').set({ is_verified: true }).where('id', '=', user.id).execute();
  await user.client.users.update({ notify_by_email: true });
  await user.client.email.saveConfig({ device_id: device.id, email_address: user.email, ...settings });
  return { user, device };
}

function payloadsOf({ trial }: HostileWorld): string[] {
  const any = () => PIECES[Math.floor(trial.random() * PIECES.length)] as string;
  const mixed = Array.from({ length: MIXED[trial.length] }, () => {
    const count = 2 + Math.floor(trial.random() * (MOST_PIECES - 1));
    return Array.from({ length: count }, any).join('');
  });
  return [...PIECES, ...mixed];
}

// ---- Ways into a letter ---------------------------------------------------------------------------------------------

/** Says it as a name, as a command by the API and by mail, and as what came of it. */
async function carry(world: HostileWorld, { user, device }: Sender, payload: string): Promise<void> {
  const { trial, service } = world;
  const name = payload.slice(0, MAX_NAME).toWellFormed();
  await told(trial, user.client.users.update({ display_name: name }));
  const machine = await told(trial, user.client.daemon.register(randomUUID(), { device_name: name }));
  if (machine) {
    const own = { client: service.clientOf(machine.device_key) };
    await own.client.daemon.heartbeat({ status: 'online', current_tasks: [] });
    await told(trial, user.client.tasks.create({ device_id: machine.device_id, command: payload }));
    await run(trial, own, payload);
  }
  const plainId = `<${randomUUID()}@mail.example>`;
  for (const messageId of [`<${payload.slice(0, MAX_NAME)}${randomUUID()}@mail.example>`, plainId]) {
    const mail = { from: user.email, subject: `[CCJK] ${payload}`.slice(0, MAX_HEADER), body: payload };
    const { status } = await postMail(service.url, mailBody({ ...mail, message_id: messageId }));
    trial.check('a mail is taken, or refused as wrong', [201, 400].includes(status), status);
    if (status === 201) await run(trial, device, payload);
  }
  const stranger = mailBody({ from: `${payload} <${user.email}>${payload}`.slice(0, MAX_HEADER) });
  const { status } = await postMail(service.url, stranger);
  trial.check('a mail from something with an address in it is nobody’s', [400, 404].includes(status), status);
}

/** In characters: of names, and of what the webhook takes of a header. */
const MAX_NAME = 100;
const MAX_HEADER = 998;

/** The machine runs what it has, and says as much of it as it may. */
async function run(trial: Trial, { client }: Pick<TestDevice, 'client'>, payload: string): Promise<void> {
  const { tasks } = await client.daemon.claim({ claim_id: randomUUID() });
  for (const { id, lease_id } of tasks) {
    await client.daemon.start(id, { lease_id });
    const words = payload.toWellFormed().replaceAll('\0', '');
    const result = { status: 'failed', lease_id, exit_code: 1, stdout: payload, stderr: payload } as const;
    const recorded = await told(trial, client.daemon.result(id, { ...result, error_message: words }));
    if (!recorded) await client.daemon.result(id, { ...result, stdout: words, stderr: words });
  }
}

/** What is answered; undefined when it is refused as wrong. */
async function told<Result>(trial: Trial, call: PromiseLike<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    const isRefused = error instanceof ApiError && error.status === 400;
    trial.check('it is taken, or refused as wrong', isRefused, String(error));
    if (isRefused) trial.count('payloads refused');
    return undefined;
  }
}

/** An address is where a letter goes: nothing is one that says more than an address. */
async function hostileAddresses({ trial, service }: HostileWorld, { user, device }: Sender, payload: string) {
  const { email } = user;
  const { auth } = service.anonymous;
  for (const address of [`${email}${payload}`, `${payload}${email}`, `"${payload}" <${email}>`]) {
    const taken = await Promise.all([
      told(trial, auth.register({ email: address, password: service.password })),
      told(trial, auth.forgotPassword({ email: address })),
      told(trial, user.client.email.saveConfig({ device_id: device.id, email_address: address })),
    ]);
    const isRefused = taken.every((one) => one === undefined);
    trial.check('what says more than an address is none', isRefused, `${address}: ${JSON.stringify(taken)}`);
  }
}

const ELSEWHERE = 'links.example';

/** Whoever asks for a letter does not say where its links lead. */
async function hostileLinks({ service }: HostileWorld, email: string): Promise<void> {
  const { port } = new URL(service.url);
  const headers = {
    host: ELSEWHERE,
    'x-forwarded-host': ELSEWHERE,
    forwarded: `host=${ELSEWHERE}`,
    origin: `https://${ELSEWHERE}`,
  };
  const body = JSON.stringify({ email });
  const path = '/v1/auth/forgot-password';
  const request = http.request({
    port,
    path,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
  });
  const answered = once(request, 'response');
  request.end(body);
  const [response] = (await answered) as [http.IncomingMessage];
  response.resume();
}

// ---- Letters --------------------------------------------------------------------------------------------------------

const isQueueEmpty = async ({ service }: HostileWorld): Promise<boolean> => {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting from pgboss.job
     where name = 'send-mail' and state in ('created', 'retry', 'active')`.execute(service.service.db);
  return rows[0]?.waiting === 0;
};

const addressesOf = async ({ service }: HostileWorld): Promise<string[]> =>
  (await service.service.db.selectFrom('users').select('email').execute()).map(({ email }) => email);

/** All that a letter of ours has. */
const OURS = [
  'from',
  'to',
  'message-id',
  'in-reply-to',
  'references',
  'date',
  'subject',
  'auto-submitted',
  'mime-version',
  'content-type',
];

/** RFC 5322, 2.1.1. */
const MAX_LINE = 998;

function judge(
  { trial }: HostileWorld,
  letter: Received,
  { known, sender }: { known: Set<string>; sender: string },
): void {
  const { from, to, raw } = letter;
  trial.count('letters');
  if (raw.includes('payload-')) trial.count('payloads told');
  const [recipient = ''] = to;
  trial.check('a letter goes to one address, of an account', to.length === 1 && known.has(recipient), to);
  trial.check('it comes from its sender', from === sender, from);
  trial.check('a line ends with CRLF, and nothing else does', !/\r(?!\n)|(?<!\r)\n|\0/.test(raw), raw);
  const lines = raw.split('\r\n');
  const longest = Math.max(...lines.map(({ length }) => length));
  trial.check('no line is too long', longest <= MAX_LINE, longest);
  const headers = lines.slice(0, lines.indexOf('')).filter((line) => !/^[ \t]/.test(line));
  const names = headers.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  const isOurs = names.every((name) => OURS.includes(name)) && new Set(names).size === names.length;
  trial.check('it has the headers of ours, each once', isOurs, names);
  const eml = readEml(raw);
  trial.check('it names its recipient alone', eml.header('to') === recipient, eml.header('to'));
  const unseen = eml.headers.find(([, value]) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value));
  trial.check('no header says more than one line', unseen === undefined, unseen);
  trial.check('its links lead to the service', !`${eml.text}${eml.html}`.includes(ELSEWHERE));
}
