/**
 * Fuzz — every operation of the document, called with whatever its schemas allow and with the same damaged, and the bare
 * sockets below it with what is no HTTP. No answer is a 5xx, each is one that the document lists and in the envelope of
 * its family, what the document forbids is not done, and the process lives on without an error in its log.
 *
 * It knows the service by contracts/openapi.json alone: requests are made and judged by test/conformance.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { openAccount } from '../conformance/account.ts';
import { type Contract, type Operation, type RawDocument, readContract } from '../conformance/document.ts';
import { type Answer, exchange, type Sent } from '../conformance/exchange.ts';
import { bodyFault, type Fuzzed, fuzzed } from '../conformance/fuzzed.ts';
import { faultsOf } from '../conformance/judge.ts';
import { PREPARED } from '../conformance/prepared.ts';
import { dribble, garbage, pipelines, webSocketGarbage } from './bare-sockets.ts';
import type { Harness, Trial } from './harness.ts';
import { type Server, startServer } from './server.ts';

/** Requests of each operation; connections with garbage of each kind. */
const SIZE = { short: { requests: 8, connections: 60 }, long: { requests: 400, connections: 4_000 } };
/** Operations at once. */
const AT_ONCE = 6;
/** Requests after which an account has had enough: one that is gone, or slowed down, tells nothing new. */
const ACCOUNT_LASTS = 10;

const CRON_SECRET = 'the cron secret of the proof';
const WEBHOOK_SECRET = 'the webhook secret of the proof';
const ADMIN_KEY = 'the admin key of the proof';

export const harness: Harness = {
  atLeast: {
    short: {
      'damaged requests': 150,
      'requests as the document allows': 150,
      'bodies that the document forbids': 10,
      refusals: 150,
      successes: 100,
      'broken connections': 50,
      'broken connections refused': 40,
      'frames against the protocol': 2,
    },
    long: {
      'damaged requests': 12_000,
      'requests as the document allows': 12_000,
      'bodies that the document forbids': 1_000,
      refusals: 10_000,
      successes: 8_000,
      'broken connections': 3_000,
      'broken connections refused': 2_800,
      'frames against the protocol': 200,
      'slow requests cut off': 100,
    },
  },

  async run(given) {
    const trial = stoppedWhenShort(given);
    const contract = readContract(
      JSON.parse(readFileSync(new URL('../../contracts/openapi.json', import.meta.url), 'utf8')) as RawDocument,
    );
    const server = await startServer(trial, {
      databaseUrl: await trial.database(),
      role: 'api',
      // Each request comes from an address of its own, so that none is slowed down for what others did.
      env: {
        TRUSTED_PROXIES: '127.0.0.1',
        CRON_SECRET,
        EMAIL_WEBHOOK_SECRET: WEBHOOK_SECRET,
        ADMIN_MASTER_KEY: ADMIN_KEY,
      },
    });
    const { requests, connections } = SIZE[trial.length];
    const account = openAccount(contract, server.url);
    const { authorization = '' } = await account.credential(['userToken']);
    const ticket = async () => (await account.done('sockets.createTicket')).ticket as string;
    const slow = dribble(trial, server.port, authorization);
    await pipelines(trial, server.port);
    await garbage(trial, server.port, connections, authorization);
    await webSocketGarbage(trial, server.url, connections, ticket);
    await fuzzAll(trial, contract, server, requests);
    await slow.end();
    await judgeProcess(trial, server);
  },
};

/** The short form is for a yes or a no: its first fault is enough. */
type Stopping = Trial & { isDecided(): boolean };

function stoppedWhenShort(trial: Trial): Stopping {
  let isBroken = false;
  return {
    ...trial,
    check(sentence, held, seen) {
      isBroken ||= !held;
      trial.check(sentence, held, seen);
    },
    isDecided: () => isBroken && trial.length === 'short',
  };
}

// ---- Operations -----------------------------------------------------------------------------------------------------

async function fuzzAll(trial: Stopping, contract: Contract, server: Server, requests: number): Promise<void> {
  const queue = contract.operations.map((operation) => ({ operation, seed: Math.floor(trial.random() * 2 ** 31) }));
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await fuzzOne(trial, contract, server, next, requests);
      if (queue.length % 20 === 19) trial.say(`${queue.length} operations are left`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function fuzzOne(
  trial: Stopping,
  contract: Contract,
  server: Server,
  { operation, seed }: { operation: Operation; seed: number },
  requests: number,
): Promise<void> {
  const cases = fc.sample(fuzzed(contract, operation), { seed, numRuns: requests });
  for (let begun = 0; begun < cases.length && !trial.isDecided(); begun += ACCOUNT_LASTS) {
    const account = openAccount(contract, server.url);
    const right = await account.request(operation, await PREPARED[operation.id]?.(account));
    for (const each of cases.slice(begun, begun + ACCOUNT_LASTS)) {
      if (trial.isDecided()) return;
      const sent = withSecrets(operation, withAddress(each.from(right)));
      trial.count(each.damage === '' ? 'requests as the document allows' : 'damaged requests');
      await judgeAnswer(trial, contract, server, { operation, sent, ...each });
    }
  }
}

type Attempted = Pick<Fuzzed, 'damage' | 'isElsewhere'> & { operation: Operation; sent: Sent };

async function judgeAnswer(trial: Trial, contract: Contract, server: Server, attempted: Attempted): Promise<void> {
  const { operation, sent, damage, isElsewhere } = attempted;
  const seen = (answer: Answer, faults: readonly string[]) => ({
    operation: operation.id,
    damage,
    faults,
    sent: { ...sent, body: String(sent.body).slice(0, 500) },
    answered: `${answer.status} ${answer.text.slice(0, 300)}`,
  });
  let answer: Answer;
  try {
    answer = await exchange(server.url, sent);
  } catch (error) {
    const reason = error instanceof Error ? `${error.message} ${error.cause ?? ''}` : error;
    trial.check('every request is answered', false, { operation: operation.id, damage, sent: sent.path, reason });
    return;
  }
  trial.count(answer.status < 400 ? 'successes' : 'refusals');
  const isMail = operation.id === 'email.test' && answer.status === 502;
  trial.check(
    'no answer is a 5xx, but for mail that another server refused',
    answer.status < 500 || isMail,
    seen(answer, []),
  );
  const faults = isElsewhere ? elsewhereFaults(contract, sent, answer) : faultsOf(contract, operation, answer);
  trial.check(
    'each answer is one that the document lists, in the envelope of its family',
    faults.length === 0,
    seen(answer, faults),
  );
  const forbidden = isElsewhere ? undefined : bodyFault(contract, operation, sent);
  if (!forbidden) return;
  trial.count('bodies that the document forbids');
  trial.check('what the document forbids is not done', answer.status >= 400, seen(answer, [forbidden]));
}

const FAILURE = { '/api/control': 'ControlFailure', '/api': 'RelayFailure', '': 'Failure' };

/** Of a request that may name another operation now, or none. */
function elsewhereFaults(contract: Contract, { method, path }: Sent, answer: Answer): string[] {
  // A preflight, and what has no body.
  if (method === 'OPTIONS' || method === 'HEAD') return [];
  const { pathname } = new URL(path, 'http://host');
  const there = contract.operations.filter((operation) => isDecodable(pathname) && patternOf(operation).test(pathname));
  const named = there.filter((operation) => operation.method === method);
  if (named.length > 0) {
    const faults = named.map((operation) => faultsOf(contract, operation, answer));
    return faults.find((none) => none.length === 0) ?? faults.flat();
  }
  const expected = there.length > 0 ? 405 : 404;
  if (answer.status !== expected) return [`answered ${answer.status} and not ${expected}, as what is no operation`];
  const schema = Object.entries(FAILURE).find(([prefix]) => pathname.startsWith(prefix))?.[1];
  const fault = contract.faultOf({ $ref: `#/components/schemas/${schema}` }, JSON.parse(answer.text));
  return fault ? [fault] : [];
}

/** Else it names nothing. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Of the paths of an operation; an id that is empty is a wrong one. */
const patternOf = ({ path }: Operation): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]*')}$`);

let addresses = 0;

/** From an address of its own. */
const withAddress = (sent: Sent): Sent => {
  addresses += 1;
  const address = `10.${(addresses >> 16) % 256}.${(addresses >> 8) % 256}.${addresses % 256}`;
  return { ...sent, headers: { 'x-forwarded-for': address, ...sent.headers } };
};

/** What only an operator has: behind it there is more to break. */
function withSecrets({ id }: Operation, sent: Sent): Sent {
  const secrets: Record<string, string> = id.startsWith('cron.')
    ? { 'X-Cron-Secret': CRON_SECRET }
    : id === 'email.incoming'
      ? { 'X-Email-Signature': createHmac('sha256', WEBHOOK_SECRET).update(bytesIn(sent)).digest('hex') }
      : {};
  return { ...sent, headers: { ...sent.headers, ...secrets } };
}

const bytesIn = ({ body }: Sent): string | Buffer => (Buffer.isBuffer(body) ? body : String(body ?? ''));

// ---- The process ----------------------------------------------------------------------------------------------------

async function judgeProcess(trial: Trial, { url, isAlive, lines }: Server): Promise<void> {
  trial.check('the process lives on', isAlive());
  const { status } = await fetch(`${url}/readyz`);
  trial.check('it is ready for more', status === 200, status);
  const errors = lines.filter((line) => /"level":[56]0/.test(line));
  trial.check('its log has no error', errors.length === 0, errors.slice(0, 3));
  trial.measure('lines of the log', lines.length);
}
