/**
 * Tenancy — nobody reaches what is another's.
 *
 * Each place of the contract that takes an id, and each channel of a socket, is tried with the id of another tenant's
 * thing, of one that is gone and of none, by somebody of the right kind; and with the caller's own id by the key of a
 * device, by a key without the scope or permission, by a key of the other family and by nobody. The answer is the
 * documented refusal, shows nothing of the other tenant, and leaves every row as it was.
 *
 * short  a victim whose task runs; rows are compared after each place
 * long   a victim for each state of a task, by token and by API key in turn; rows are compared after each call
 */
import { randomUUID } from 'node:crypto';
import type { AppRoute } from '@ts-rest/core';
import pg from 'pg';
import { accessOf, declaredCodes } from '../../contracts/declared.ts';
import { codeOnTheWire, FAILURES, type FailureCode } from '../../contracts/failures.ts';
import { familyOf } from '../../contracts/families.ts';
import { exampleOf, idPlacesOf, operationOf, ROUTES, socketChannels } from './contract-places.ts';
import type { Harness, Trial } from './harness.ts';
import { holdSocket, refusalOfSocket } from './held.ts';
import { NOT_OWNED, type Outcome, ROWS, type Row, type Sent, SOCKET_ROWS, STRANGE, type Strange } from './id-rows.ts';
import { startServer } from './server.ts';
import { makeGone, makeTenant, type Noun, TASK_STATES, type Tenant } from './tenant.ts';

export const harness: Harness = {
  atLeast: {
    short: { 'places with an id': 60, 'calls refused': 450, 'comparisons of all rows': 60, 'frames not heard': 3 },
    long: {
      'places with an id': 60,
      'calls refused': 450 * TASK_STATES.length,
      'comparisons of all rows': 450 * TASK_STATES.length,
      'frames not heard': 3 * TASK_STATES.length,
    },
  },
  async run(trial) {
    checkTables(trial);
    const databaseUrl = await trial.database();
    // Nothing but our calls writes: jobs and sweeps are the worker's.
    const { url } = await startServer(trial, { databaseUrl, role: 'api' });
    const own = await makeTenant(url, 'running');
    const rows = await watchRows(trial, databaseUrl, own.ids.user);
    const gone = await makeGone(url, own);
    const states = trial.length === 'long' ? TASK_STATES : TASK_STATES.slice(0, 1);
    for (const [round, state] of states.entries()) {
      const other = await makeTenant(url, state);
      trial.say(`a victim whose task is ${state}`);
      const parties: Parties = { url, own, other, gone, byKey: round % 2 === 1 };
      await trySockets(trial, parties, rows);
      await listenAside(trial, parties);
      await tryLists(trial, parties);
      await tryPlaces(trial, parties, rows);
      if (trial.hasFailed()) return;
    }
  },
};

type Parties = {
  url: string;
  /** Who calls. */
  own: Tenant;
  other: Tenant;
  /** Ids of things of the caller that are gone. */
  gone: Record<Noun, string>;
  /** The caller is a program with a key, where those are let in. */
  byKey: boolean;
};

function checkTables(trial: Trial): void {
  const places = ROUTES.flatMap((route) => idPlacesOf(route).map((place) => `${operationOf(route)} ${place}`));
  trial.count('places with an id', places.length);
  for (const place of places) {
    trial.check('each place of the contract that takes an id has a row', place in ROWS || place in NOT_OWNED, place);
  }
  for (const place of [...Object.keys(ROWS), ...Object.keys(NOT_OWNED)]) {
    trial.check('each row is of a place of the contract', places.includes(place), place);
  }
  trial.check(
    'each channel of a socket has a row',
    JSON.stringify(socketChannels().sort()) === JSON.stringify(Object.keys(SOCKET_ROWS).sort()),
    socketChannels(),
  );
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

type Case = { name: string; bearer: string | undefined; id: string; expected: Outcome; sent: Sent };

async function tryPlaces(trial: Trial, parties: Parties, rows: Rows): Promise<void> {
  await rows.note();
  for (const route of ROUTES) {
    if (trial.hasFailed()) return;
    for (const place of idPlacesOf(route)) {
      for (const row of ROWS[`${operationOf(route)} ${place}`] ?? []) {
        for (const each of casesOf(route, place, row, parties)) {
          await tryCase(trial, route, each, parties);
          if (trial.length === 'long') await rows.compare(`${operationOf(route)} ${place}, ${each.name}`);
        }
        if (trial.length === 'short') await rows.compare(`${operationOf(route)} ${place}`);
      }
    }
  }
}

function* casesOf(route: AppRoute, place: string, row: Row, parties: Parties): Generator<Case> {
  const { own, other, gone } = parties;
  const opener = openerOf(route, parties);
  const isOwnMachine = accessOf(route).auth.includes('device');
  const ids: Record<Strange, Record<Noun, string>> = { other: other.ids, deleted: gone, random: randomIds() };
  const outcomeOf = (strange: Strange): Outcome =>
    typeof row.outcome === 'string' ? row.outcome : row.outcome[strange];
  const make = (name: string, theirs: Record<Noun, string>, bearer: string | undefined, expected: Outcome): Case => {
    const id = theirs[row.noun];
    const sent = requestOf(route, place, row, id, {
      own,
      theirs,
      code: theirs === other.ids ? other.confirmationCode : own.confirmationCode,
    });
    return { name, bearer, id, expected, sent };
  };

  for (const strange of STRANGE) yield make(strange, ids[strange], opener, outcomeOf(strange));
  const byDevice = isOwnMachine ? (row.spare ?? outcomeOf('other')) : 'WRONG_CREDENTIAL';
  yield make('own, by the key of a device', own.ids, own.spare.key, byDevice);
  yield make('own, by a key without the right', own.ids, rightlessOf(route, own), refusalOfRightless(route));
  const stranger = familyOf(route.path) === 'relay' ? own.keys.api : own.keys.relay;
  yield make('own, by a key of the other family', own.ids, stranger, 'AUTH_FAILED');
  const byNobody = accessOf(route).isOpen ? (row.nobody ?? outcomeOf('other')) : 'AUTH_REQUIRED';
  yield make('own, by nobody', own.ids, undefined, byNobody);
}

/** Whom the route lets in. */
function openerOf(route: AppRoute, { own, byKey }: Parties): string {
  const { auth } = accessOf(route);
  if (auth.includes('relayKey')) return own.keys.relay;
  if (byKey && auth.includes('apiKey')) return own.keys.api;
  return auth.includes('user') ? own.token : own.machine.key;
}

function rightlessOf(route: AppRoute, { keys }: Tenant): string {
  const { scope, permission } = accessOf(route);
  if (familyOf(route.path) === 'relay') return permission === 'read' ? keys.writeOnly : keys.readOnly;
  return scope === 'stats:read' ? keys.tasksOnly : keys.statsOnly;
}

const refusalOfRightless = (route: AppRoute): Outcome => {
  const { auth } = accessOf(route);
  if (familyOf(route.path) === 'relay') return auth.includes('relayKey') ? 'INSUFFICIENT_SCOPE' : 'AUTH_REQUIRED';
  return auth.includes('apiKey') ? 'INSUFFICIENT_SCOPE' : 'WRONG_CREDENTIAL';
};

const randomIds = (): Record<Noun, string> =>
  new Proxy({} as Record<Noun, string>, { get: (ids, noun: Noun) => (ids[noun] ??= randomUUID()) });

/** A call that is right but for the id. */
function requestOf(
  route: AppRoute,
  place: string,
  row: Row,
  id: string,
  known: Parameters<NonNullable<Row['call']>>[1],
): Sent {
  const [part, name] = [place.slice(0, place.indexOf('.')), place.slice(place.indexOf('.') + 1)];
  const { own } = known;
  const example = exampleOf(route);
  const given = row.call?.(id, known) ?? {};
  const body = given.body ?? (part === 'body' && !name.includes('[') ? { ...example, [name]: id } : example);
  return {
    params: {
      task_id: own.ids.task,
      ...given.params,
      ...(part === 'path' ? { [name]: id } : {}),
    },
    query: { ...(part === 'query' && !given.query ? { [name]: id } : {}), ...given.query },
    headers: { ...(part === 'headers' ? { [name]: id } : {}), ...given.headers },
    ...(body === undefined ? {} : { body }),
  };
}

async function tryCase(trial: Trial, route: AppRoute, each: Case, { url, other }: Parties): Promise<void> {
  const { name, bearer, expected, sent } = each;
  if (expected === 'free') return;
  const path = route.path.replace(/:(\w+)/g, (_, param: string) => sent.params?.[param] as string);
  const query = new URLSearchParams(sent.query).toString();
  const leaving = new AbortController();
  const response = await fetch(`${url}${path}${query && `?${query}`}`, {
    method: route.method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...sent.headers,
      ...(route.method === 'GET' || isForm(route) || sent.body === undefined
        ? {}
        : { 'content-type': 'application/json' }),
    },
    signal: leaving.signal,
    ...bodyOf(route, sent),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const text = isStream ? '(a stream)' : await response.text();
  if (isStream) leaving.abort();
  trial.count('calls refused');

  const place = `${operationOf(route)}, ${name}`;
  const seen = { place, expected, status: response.status, text: text.slice(0, 300) };
  trial.check('the answer is the documented refusal', isAsExpected(route, each, response.status, text), seen);
  trial.check('the answer shows nothing of another tenant', !text.includes(other.mark), seen);
}

const isForm = (route: AppRoute): boolean => 'contentType' in route && route.contentType === 'multipart/form-data';

function bodyOf(route: AppRoute, { body }: Sent): RequestInit {
  if (route.method === 'GET') return {};
  if (!isForm(route)) return body === undefined ? {} : { body: JSON.stringify(body) };
  const form = new FormData();
  form.set('metadata', JSON.stringify({ type: 'daemon', date: '2026-01-20' }));
  form.set('log_file', new Blob(['x']), 'x.log');
  return { body: form };
}

function isAsExpected(route: AppRoute, { expected, id, sent }: Case, status: number, text: string): boolean {
  if (text === '(a stream)') return false;
  const answer = JSON.parse(text);
  switch (expected) {
    case 'empty':
      return status === 200 && answer.data.pagination.total === 0;
    case 'lost':
      return status === 200 && JSON.stringify(answer.data.lost_tasks) === JSON.stringify(namedTasks(sent));
    case 'nothing':
      return status === 200 && !text.includes(id);
    case 'public':
      return status === 200;
    default: {
      const code = expected as FailureCode;
      if (status !== FAILURES[code][0] || !declaredCodes(route).has(code)) return false;
      return familyOf(route.path) === 'control'
        ? typeof answer.error === 'string'
        : answer.error.code === codeOnTheWire(code);
    }
  }
}

const namedTasks = ({ body }: Sent): string[] =>
  (body as { current_tasks: (string | { task_id: string })[] }).current_tasks.map((each) =>
    typeof each === 'string' ? each : each.task_id,
  );

// ---- Lists, sockets -------------------------------------------------------------------------------------------------

/** What needs no id shows the caller's own. */
async function tryLists(trial: Trial, parties: Parties): Promise<void> {
  const { url, other } = parties;
  const lists = ROUTES.filter(
    (route) => route.method === 'GET' && !route.path.includes(':') && accessOf(route).auth.length > 0,
  );
  for (const route of lists) {
    if (route.path === '/api/subscribe' || route.path === '/api/publish') continue;
    const response = await fetch(url + route.path, {
      headers: { authorization: `Bearer ${openerOf(route, parties)}` },
    });
    const text = await response.text();
    // Sealed channels are open, and the list of channels says whose they are.
    const theirs = Object.entries(other.ids).filter(([noun]) => noun !== 'sealedChannel' && noun !== 'user');
    const shown = theirs.filter(([, id]) => text.includes(id));
    trial.check('a list has nothing of another tenant', shown.length === 0 && !text.includes(other.mark), {
      route: operationOf(route),
      shown,
    });
    trial.check('a list is answered', response.status === 200, { route: operationOf(route), text: text.slice(0, 300) });
  }
}

async function trySockets(trial: Trial, { url, own, other, gone }: Parties, rows: Rows): Promise<void> {
  const tellsOf = async (bearer: string, tried: [channel: string, expected: string, name: string][]) => {
    const socket = await holdSocket(url, bearer);
    for (const [channel, expected, name] of tried) {
      socket.send({ type: 'subscribe', channel });
      const answer = await socket.next((frame) => frame.channel === channel || frame.type === 'error');
      trial.count('calls refused');
      trial.check('the subscription of a socket is refused', answer.code === expected, { channel, name, answer });
      socket.frames.length = 0;
    }
    socket.leave();
  };
  const kinds = Object.entries(SOCKET_ROWS);
  const ownChannels = (expected: string, name: string) =>
    kinds.map(([kind, { noun }]): [string, string, string] => [`${kind}:${own.ids[noun]}`, expected, name]);
  await rows.note();
  await tellsOf(
    own.token,
    kinds.flatMap(([kind, { noun, outcome }]) =>
      Object.entries({ other: other.ids[noun], deleted: gone[noun], random: randomUUID() }).map(
        ([name, id]): [string, string, string] => [`${kind}:${id}`, outcome, name],
      ),
    ),
  );
  await tellsOf(own.keys.statsOnly, ownChannels('INSUFFICIENT_SCOPE', 'own, by a key without the scope'));
  for (const [name, bearer] of [
    ['by a key of the relay', own.keys.relay],
    ['by nobody', undefined],
  ] as const) {
    const refusal = await refusalOfSocket(url, bearer);
    trial.count('calls refused');
    trial.check('a socket opens to nobody else', refusal?.status === 401, { name, refusal });
  }
  await tellsOf(own.machine.key, ownChannels('WRONG_CREDENTIAL', 'own, by the key of a device'));
  await rows.compare('sockets');
}

/** What happens at another tenant is heard by them alone. */
async function listenAside(trial: Trial, { url, own, other }: Parties): Promise<void> {
  const [theirs, ours, ourDevice] = await Promise.all(
    [other.token, own.token, own.machine.key].map((bearer) => holdSocket(url, bearer)),
  );
  if (!theirs || !ours || !ourDevice) throw new Error('Three sockets were opened');
  theirs.send({ type: 'subscribe', channel: `device:${other.spare.id}` });
  await theirs.next(({ type }) => type === 'subscribed');
  const { task_id } = await other.client.tasks.create({ device_id: other.spare.id, command: other.mark });
  await other.client.tasks.cancel(task_id);
  await theirs.next(({ type }) => type === 'task.completed');
  for (const socket of [ours, ourDevice]) {
    socket.send({ type: 'ping' });
    await socket.next(({ type }) => type === 'pong');
    const heard = socket.frames.filter((frame) => !frame.includes('"pong"'));
    const leaked = heard.filter((frame) => [task_id, other.spare.id, other.mark].some((id) => frame.includes(id)));
    trial.check('a socket hears nothing of another tenant', leaked.length === 0, leaked);
  }
  trial.count('frames not heard', theirs.frames.length - 1);
  for (const socket of [theirs, ours, ourDevice]) socket.leave();
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

/** What each call writes. */
const COUNTERS = ['rate_counters'];
/** What a refused call may write of rows of the caller, and of nobody else. */
const OWN_NOTES: Record<string, { columns: string[]; why: string }> = {
  api_keys: { columns: ['last_used'], why: 'when a key was last shown' },
  devices: {
    columns: ['last_heartbeat', 'last_socket', 'daemon_status', 'ip_address', 'system_info', 'updated_at'],
    why: "that the caller's own machine is there: a heartbeat is answered though it names tasks of others",
  },
};

type Rows = {
  /** From here on nothing is to change. */
  note(): Promise<void>;
  /** With what there was then, or at the last comparison. */
  compare(afterWhat: string): Promise<void>;
};

/** The checksum of every table of the service, and of the jobs that it has ordered. */
async function watchRows(trial: Trial, databaseUrl: string, caller: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  trial.afterwards(() => client.end());
  const { rows: tables } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = 'public'`,
  );
  const sumOf = (name: string) => {
    const columns = OWN_NOTES[name]?.columns;
    const whole = 'to_jsonb(t)';
    const row = columns
      ? `(case when user_id = '${caller}' then ${whole} - '{${columns.join()}}'::text[] else ${whole} end)::text`
      : `${whole}::text`;
    return `select '${name}' as name, count(*) || md5(coalesce(string_agg(${row}, '' order by ${row}), '')) as sum from ${name} t`;
  };
  const watched = [...tables.map(({ name }) => name).filter((name) => !COUNTERS.includes(name)), 'pgboss.job'];
  const sums = watched.map(sumOf).join(' union all ');
  const read = async () => {
    const { rows } = await client.query<{ name: string; sum: string }>(sums);
    return new Map(rows.map(({ name, sum }) => [name, sum]));
  };
  let last = await read();
  return {
    async note() {
      last = await read();
    },
    async compare(afterWhat) {
      const now = await read();
      const changed = [...now].filter(([name, sum]) => last.get(name) !== sum).map(([name]) => name);
      trial.count('comparisons of all rows');
      trial.check('no row has changed', changed.length === 0, { afterWhat, changed });
      last = now;
    },
  };
}
