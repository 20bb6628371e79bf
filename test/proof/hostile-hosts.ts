/**
 * Hostile hosts — a user names every address that lies inside, in every dress, and names that lead there, at once or a
 * moment later: for the servers of their mail, and wherever else the contract takes something like a host.
 */
import { readFileSync } from 'node:fs';
import { ApiError } from '../../sdk/src/index.ts';
import { openMailboxes } from '../../server/adapters/imap.ts';
import { startMailPolling } from '../../server/jobs/poll-mailboxes.ts';
import type { TestDevice, TestUser } from '../setup/in-process.ts';
import { type HostileWorld, IMAP_OUTSIDE, SENTINEL_PORT, SMTP_OUTSIDE } from './hostile-world.ts';
import type { Answer } from './zone.ts';

/** How a server is spoken to: in the clear, by TLS when it offers that, or by TLS from the first byte. */
type Way = { port: 143 | 465 | 587 | 993 | typeof SENTINEL_PORT; isSecure: boolean };

/** A host that a user may name, and what makes the service go there. */
type Place = {
  field: 'smtp_host' | 'imap_host';
  /** Where names lead for which nothing is to be said. */
  outside: string;
  device: TestDevice;
  /** What else is posted. */
  settings: object;
  ways: readonly Way[];
  /** Goes there, or does not. */
  use(): Promise<void>;
};

/** Names that change where they lead, per place. */
const CHANGING_NAMES = { short: 8, long: 250 };
/** Of each of them. */
const QUESTIONS = 5;
/** After it a mailbox that has failed is due, and test mails are to be had again. */
const WAIT_SECONDS = 4_000;

export async function hostileHosts(world: HostileWorld): Promise<void> {
  const { trial, sentinel, service } = world;
  const user = await service.makeUser();
  const places = [await smtpPlace(world, user), await imapPlace(world, user)];
  for (const place of places) {
    // Each in its turn where there is little time.
    const inTurn = (at: number): Way => place.ways[at % place.ways.length] as Way;
    await post(world, user, place, { host: 'mail.example.com', way: inTurn(0), answers: [[place.outside]] });
    for (const [at, host] of insideHosts(sentinel.address).entries()) {
      const ways = trial.length === 'long' ? place.ways : [inTurn(at)];
      for (const way of ways) await tryHost(world, user, place, { host, way });
    }
    for (const [at, answer] of insideAnswers(place.outside, sentinel.address).entries())
      await tryName(world, user, place, { host: `inside-${at}.example.com`, way: inTurn(at), answers: [answer] });
    for (let at = 0; at < CHANGING_NAMES[trial.length]; at++) {
      const answers = changing(world, place);
      await tryName(world, user, place, { host: `changing-${at}.example.com`, way: inTurn(at), answers });
    }
    // What is tried later is tried without them.
    await user.client.email.saveConfig({ device_id: place.device.id, email_address: user.email, is_active: false });
  }
  await otherPlaces(world, user);
  trial.check('nobody came to the sentinel', sentinel.visits() === 0, sentinel.visits());
}

// ---- Places ---------------------------------------------------------------------------------------------------------

async function smtpPlace({ trial, service }: HostileWorld, user: TestUser): Promise<Place> {
  const device = await service.makeDevice(user);
  return {
    field: 'smtp_host',
    outside: SMTP_OUTSIDE,
    device,
    settings: {},
    ways: [
      { port: SENTINEL_PORT, isSecure: false },
      { port: 587, isSecure: true },
      { port: 465, isSecure: true },
    ],
    use: async () => {
      const answer = await statusOf(user.client.email.test({ device_id: device.id }));
      trial.check('a test mail is taken, or the server is named as the cause', [200, 502].includes(answer), answer);
    },
  };
}

async function imapPlace({ trial, service }: HostileWorld, user: TestUser): Promise<Place> {
  const device = await service.makeDevice(user);
  const polling = startMailPolling(service.service, openMailboxes(noRecords), { intervalMs: NEVER_BY_ITSELF });
  trial.afterwards(polling.close);
  return {
    field: 'imap_host',
    outside: IMAP_OUTSIDE,
    device,
    settings: { password: 'of the mailbox' },
    ways: [
      { port: SENTINEL_PORT, isSecure: false },
      { port: 143, isSecure: true },
      { port: 993, isSecure: true },
    ],
    use: polling.runNow,
  };
}

const NEVER_BY_ITSELF = 3_600_000;
const noRecords = async () => {
  throw Object.assign(new Error('there is no such name'), { code: 'ENOTFOUND' });
};

/** 200 for whatever is no refusal. */
const statusOf = (call: PromiseLike<unknown>): Promise<number> =>
  Promise.resolve(call).then(
    () => 200,
    (error) => {
      if (error instanceof ApiError) return error.status;
      throw error;
    },
  );

// ---- What is named --------------------------------------------------------------------------------------------------

/** The sentinel as people and programs write it, and addresses that every network keeps for itself. */
function insideHosts(sentinel: string): string[] {
  const parts = sentinel.split('.').map(Number);
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const [high, low] = [number >>> 16, number & 0xffff].map((half) => half.toString(16));
  return [
    [sentinel, `${sentinel}.`, String(number), `0x${number.toString(16)}`, `0${number.toString(8)}`],
    [parts.map((part) => `0x${part.toString(16)}`).join('.'), parts.map((part) => `0${part.toString(8)}`).join('.')],
    [`127.${number & 0xffffff}`, '127.1', '0', '0.0.0.0', '2130706433', '0177.0.0.1'],
    [`::ffff:${sentinel}`, `::ffff:${high}:${low}`, `::ffff:0:${high}:${low}`, `::${high}:${low}`],
    [`64:ff9b::${high}:${low}`, `64:ff9b:1::${high}:${low}`, `2002:${high}:${low}::`],
    ['::', '::1', '0:0:0:0:0:0:0:1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '2001::1'],
    ['localhost', 'LOCALHOST', 'localhost.', 'mail.localhost'],
    ['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '100.100.100.200', '169.254.169.254', '2852039166'],
    ['168.63.129.16', '192.0.0.192', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  ].flat();
}

/** Answers of the DNS of which one address is inside at least. */
const insideAnswers = (outside: string, sentinel: string): Answer[] => [
  [sentinel],
  [`::ffff:${sentinel}`],
  ['::1'],
  ['169.254.169.254'],
  ['fe80::1'],
  [outside, sentinel],
  [sentinel, outside],
  [outside, '::1'],
];

/** Leads outside at first, as a name has to whose settings are to be kept, and then anywhere. */
function changing({ trial, sentinel }: HostileWorld, { outside }: Place): Answer[] {
  const any: Answer[] = [[outside], [outside], [sentinel.address], [outside, sentinel.address], []];
  const later = Array.from({ length: QUESTIONS - 1 }, () => any[Math.floor(trial.random() * any.length)] as Answer);
  return [[outside], ...later];
}

// ---- Trying ---------------------------------------------------------------------------------------------------------

const REFUSED = 400;

const isOutside = (answer: Answer | undefined): boolean =>
  answer !== undefined && answer.length > 0 && answer.every((one) => one === SMTP_OUTSIDE || one === IMAP_OUTSIDE);

type Named = { host: string; way: Way; answers?: readonly Answer[] };

/** An address: it is not taken, and where it stands already, from a time when it was allowed, nobody goes there. */
async function tryHost(world: HostileWorld, user: TestUser, place: Place, named: Named): Promise<void> {
  const { host } = named;
  const { trial, network } = world;
  trial.count('hostile hosts');
  const status = await post(world, user, place, named);
  trial.check(`${place.field}: an address inside is refused`, status === REFUSED, `${host}: ${status}`);
  await put(world, place, named);
  await use(world, place);
  const called = network.called();
  trial.check(`${place.field}: nobody goes to an address inside`, called.length === 0, `${host}: ${called}`);
}

/** A name: asked at the post, and again at every use, which goes to the very address that was answered then. */
async function tryName(world: HostileWorld, user: TestUser, place: Place, named: Named): Promise<void> {
  const { trial, network, zone } = world;
  const status = await post(world, user, place, named);
  const [first = []] = zone.given();
  const isRight = isOutside(first) ? status < REFUSED : status === REFUSED;
  trial.check(`${place.field}: a name that leads inside is refused, and no other`, isRight, `${first}: ${status}`);
  if (status === REFUSED) await put(world, place, named);
  for (let at = 1; at < QUESTIONS; at++) {
    await use(world, place);
    const given = zone.given();
    const [answer] = given;
    if (!isOutside(answer)) trial.count('names that led inside');
    trial.check(`${place.field}: each use asks once`, given.length === 1, given);
    const called = network.called();
    trial.count('calls outside', called.filter((host) => host === place.outside).length);
    const expected = answer && isOutside(answer) ? answer : [];
    trial.check(
      `${place.field}: it goes to the address that was answered, and only outside`,
      called.join() === expected.join(),
      `${named.host} led to ${JSON.stringify(given)}, and it went to ${called}`,
    );
  }
}

const serverOf = (field: Place['field'], host: string, { port, isSecure }: Way) =>
  field === 'smtp_host'
    ? { smtp_host: host, smtp_port: port, smtp_secure: isSecure }
    : { imap_host: host, imap_port: port, imap_secure: isSecure };

/** Tells the status of the answer. */
async function post(
  { trial, network, zone }: HostileWorld,
  user: TestUser,
  { field, device, settings }: Place,
  { host, way, answers = [] }: Named,
): Promise<number> {
  zone.lead(host, answers);
  zone.given();
  const server = serverOf(field, host, way);
  const config = { device_id: device.id, email_address: user.email, ...settings, ...server };
  const status = await statusOf(user.client.email.saveConfig(config));
  const called = network.called();
  trial.check(`${field}: nobody goes anywhere before it is used`, called.length === 0, `${host}: ${called}`);
  return status;
}

/** As it stands where it was once allowed. */
const put = ({ service }: HostileWorld, { field, device }: Place, { host, way }: Named) =>
  service.service.db
    .updateTable('email_configs')
    .set({ ...serverOf(field, host, way), last_check: null, failures: 0 })
    .where('device_id', '=', device.id)
    .execute();

async function use({ service, zone }: HostileWorld, place: Place): Promise<void> {
  service.clock.advance(WAIT_SECONDS);
  zone.given();
  await place.use();
}

// ---- Other places ---------------------------------------------------------------------------------------------------

/** What the contract takes besides that could name a host; none of it is ever called. */
const OTHERS = ['avatar_url', 'hostname'];
const LIKE_A_HOST = /host|ur[il]|server|endpoint|domain|webhook|callback|proxy|link/i;

async function otherPlaces({ trial, network, service, sentinel }: HostileWorld, user: TestUser): Promise<void> {
  const names = namesIn(REQUESTS).filter((name) => LIKE_A_HOST.test(name));
  const unknown = names.filter((name) => !['smtp_host', 'imap_host', ...OTHERS].includes(name));
  trial.check('the contract takes no host that is not tried here', unknown.length === 0, unknown);
  const url = `http://${sentinel.address}:${SENTINEL_PORT}/`;
  await user.client.users.update({ avatar_url: url });
  await user.client.auth.me();
  const { key } = await service.makeDevice(user);
  const body = JSON.stringify({ name: 'inside', platform: 'linux', hostname: sentinel.address, version: '1.0.0' });
  const headers = { 'content-type': 'application/json', 'x-device-token': key };
  const answer = await fetch(`${service.url}/api/control/devices/register`, { method: 'POST', headers, body });
  trial.check('a hostname is taken as a word', answer.ok, answer.status);
  const called = network.called();
  trial.check('what only looks like a host is never called', called.length === 0, called);
}

const document = JSON.parse(readFileSync(new URL('../../contracts/openapi.json', import.meta.url), 'utf8'));
const REQUESTS = Object.values<object>(document.paths)
  .flatMap((path) => Object.values<{ requestBody?: unknown; parameters?: unknown }>(path as never))
  .map(({ requestBody, parameters }) => [requestBody, parameters]);

/** The names of all fields and parameters. */
function namesIn(node: unknown, seen = new Set<unknown>()): string[] {
  if (typeof node !== 'object' || node === null || seen.has(node)) return [];
  seen.add(node);
  const {
    $ref,
    properties,
    name,
    in: place,
  } = node as Partial<Record<'$ref' | 'name' | 'in', string>> & { properties?: object };
  return [
    ...Object.keys(properties ?? {}),
    ...(place !== undefined && name !== undefined ? [name] : []),
    ...($ref === undefined ? [] : namesIn(named($ref), seen)),
    ...Object.values(node).flatMap((inner) => namesIn(inner, seen)),
  ];
}

const named = (reference: string): unknown =>
  reference
    .slice('#/'.length)
    .split('/')
    .reduce((node, key) => node[key], document);
