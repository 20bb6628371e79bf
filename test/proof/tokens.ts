/**
 * Tokens — a refresh token has one successor, a stolen one ends its family, an honest session is never lost, and what is
 * revoked opens nothing from that moment on.
 *
 * Two processes of the service share a PostgreSQL that is killed in the middle of refreshes. A client whose answer was
 * lost sends its token again, as the SDK does; the service gives it the same successor for 60 s.
 *
 * short  3 stampedes of 100 refreshes, two of them before a theft, one kill of PostgreSQL, each kind of revocation once
 * long   200 stampedes, 6 kills, each kind of revocation 10 times with 5 sockets in each process
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../../server/db/migrate.ts';
import { type Cluster, startCluster } from '../setup/cluster.ts';
import { ENDINGS, tryEnding } from './endings.ts';
import type { Harness, Trial } from './harness.ts';
import { type Operator, operatorOf } from './operator.ts';
import { type Server, startServer } from './server.ts';
import { clientOf, makeAccount, PASSWORD } from './tenant.ts';
import { until } from './until.ts';

const AT_ONCE = 100;
const PATIENCE_MS = 30_000;
const EXTENT = {
  short: { stampedes: 1, thefts: 1, kills: 1, refreshers: 10, endings: 1, holders: 1 },
  long: { stampedes: 200, thefts: 20, kills: 6, refreshers: 40, endings: 10, holders: 5 },
} as const;

export const harness: Harness = {
  atLeast: {
    short: {
      'refreshes at once': 300,
      'thefts found out': 2,
      'kills of PostgreSQL': 1,
      'refreshes that a kill cut off': 5,
      'requests after a revocation': 190,
      'connections ended': 38,
    },
    long: {
      'refreshes at once': 20_000,
      'thefts found out': 21,
      'kills of PostgreSQL': 6,
      'refreshes that a kill cut off': 60,
      'requests after a revocation': 1_900,
      'connections ended': 1_900,
    },
  },
  async run(trial) {
    // What a killed process has written is in the kernel: only a machine that loses power needs fsync.
    const cluster = await startCluster({ fsync: 'off', max_connections: '200' });
    trial.afterwards(() => cluster.stop());
    const databaseUrl = await cluster.create('tokens');
    await migrate(databaseUrl);
    const options = { databaseUrl, role: 'api' } as const;
    const servers = await Promise.all([startServer(trial, options), startServer(trial, options)]);
    const extent = EXTENT[trial.length];
    const pair: Pair = {
      servers,
      rows: await openRows(trial, databaseUrl),
      operator: operatorOf(databaseUrl),
      tally: { asked: 0, putOff: 0 },
    };

    await tryRevocations(trial, pair, extent);
    if (trial.hasFailed()) return;
    await tryStampedes(trial, pair, extent);
    await tryRestart(trial, pair, () => startServer(trial, options));
    const { asked, putOff } = pair.tally;
    trial.check('while nothing is away 99 of 100 refreshes are answered at once', putOff <= asked / 100, pair.tally);
    await tryKills(trial, pair, extent, cluster);
  },
};

type Pair = {
  servers: [Server, Server];
  rows: Rows;
  operator: Operator;
  /** Refreshes that were asked for until they were answered, and how often they were answered 503 or not at all. */
  tally: { asked: number; putOff: number };
};

// ---- Refreshes ------------------------------------------------------------------------------------------------------

type Refreshed = { status: number; code?: string; token?: string; refresh?: string };

/** Asks until there is an answer that means something, as clients do. */
async function refresh({ tally }: Pair, url: string, refreshToken: string): Promise<Refreshed> {
  for (;;) {
    const answer = await refreshOnce(url, refreshToken);
    tally.asked += 1;
    if (!isAway(answer)) return answer;
    tally.putOff += 1;
    await pause(50);
  }
}

const isAway = ({ status }: Refreshed): boolean => status === 503 || status === 0;

/** Never throws: a connection that breaks is an answer with the status 0. */
async function refreshOnce(url: string, refreshToken: string): Promise<Refreshed> {
  try {
    const response = await fetch(`${url}/v1/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: refreshToken }),
    });
    const { data, error } = (await response.json()) as {
      data: { token: string; refresh_token: string } | null;
      error: { code: string } | null;
    };
    return {
      status: response.status,
      ...(error ? { code: error.code } : {}),
      ...(data ? { token: data.token, refresh: data.refresh_token } : {}),
    };
  } catch {
    return { status: 0 };
  }
}

const statusOf = async (url: string, token: string): Promise<number> => {
  const response = await fetch(`${url}/v1/auth/sessions`, { headers: { authorization: `Bearer ${token}` } });
  await response.text();
  return response.status;
};

async function tryStampedes(trial: Trial, pair: Pair, extent: (typeof EXTENT)[Trial['length']]): Promise<void> {
  const [{ url }] = pair.servers;
  const account = await makeAccount(url);
  let honest: Refreshed = { status: 201, token: account.token, refresh: account.refresh };
  for (let round = 1; round <= extent.stampedes; round++) {
    honest = await stampede(trial, pair, honest.refresh as string);
  }
  trial.check('each stampede has spent one token', (await pair.rows.spentOf(account.id)) === extent.stampedes);

  for (let round = 1; round <= extent.thefts; round++) {
    const { token, refresh_token } = await clientOf(url).auth.login({ email: account.email, password: PASSWORD });
    const first = await stampede(trial, pair, refresh_token);
    const second = await stampede(trial, pair, first.refresh as string);
    // A thief, in both processes at once, with a token whose successor has been used.
    await expectTheftFound(trial, pair, {
      stolen: refresh_token,
      family: [token, first.token, second.token],
      last: second.refresh,
    });
    for (const server of pair.servers) {
      const status = await statusOf(server.url, honest.token as string);
      trial.check('a session beside the one that was stolen goes on', status === 200, status);
    }
  }
  const renewed = await refresh(pair, url, honest.refresh as string);
  trial.check('the honest session goes on after all stampedes', renewed.status === 200, renewed);
}

/** Many send the same token at the same moment, to both processes. */
async function stampede(trial: Trial, pair: Pair, token: string): Promise<Refreshed> {
  const { servers, rows } = pair;
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, at) => refresh(pair, (servers[at % 2] as Server).url, token)),
  );
  trial.count('refreshes at once', answers.length);
  const refused = answers.filter(({ status }) => status !== 200);
  trial.check('each of those who send a token at once is answered', refused.length === 0, refused.slice(0, 3));
  const successors = new Set(answers.flatMap((answer) => answer.refresh ?? []));
  trial.check('a token has one successor', successors.size === 1, successors.size);
  const [successor = ''] = successors;
  trial.check('it is the one that PostgreSQL knows', await rows.isCurrent(successor));
  return answers.find(({ status }) => status === 200) ?? { status: 0, refresh: token };
}

type Theft = { stolen: string; family: (string | undefined)[]; last: string | undefined };

async function expectTheftFound(trial: Trial, pair: Pair, { stolen, family, last }: Theft): Promise<void> {
  const { servers, rows } = pair;
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, at) => refresh(pair, (servers[at % 2] as Server).url, stolen)),
  );
  const served = answers.filter(({ status, code }) => status !== 401 || code !== 'AUTH_FAILED');
  trial.check('a spent token whose successor was used is refused', served.length === 0, served.slice(0, 3));
  trial.count('thefts found out', served.length === 0 ? 1 : 0);
  for (const { url } of servers) {
    const renewed = await refresh(pair, url, last as string);
    trial.check('the last token of the family is dead', renewed.status === 401, renewed);
    for (const token of family) {
      const status = await statusOf(url, token as string);
      trial.check('each access token of the family is dead', status === 401, status);
    }
  }
  trial.check('it is in the audit log once', (await rows.reusesOf(stolen)) === 1);
}

/** An answer that was lost with the process that gave it is given again by the next one; a theft is known to that, too. */
async function tryRestart(trial: Trial, pair: Pair, startAgain: () => Promise<Server>): Promise<void> {
  const [first, second] = pair.servers;
  const account = await makeAccount(first.url);
  const lost = await refresh(pair, first.url, account.refresh);
  await first.kill();
  const elsewhere = await refresh(pair, second.url, account.refresh);
  trial.check('another process gives a lost answer again', elsewhere.refresh === lost.refresh, elsewhere);
  pair.servers[0] = await startAgain();
  const { url } = pair.servers[0];
  const again = await refresh(pair, url, account.refresh);
  trial.check('the process that comes after gives it again, too', again.refresh === lost.refresh, again);
  const next = await refresh(pair, url, again.refresh as string);
  trial.check('the session goes on from there', next.status === 200, next);
  const family = [account.token, lost.token, again.token, next.token];
  await expectTheftFound(trial, pair, { stolen: account.refresh, family, last: next.refresh });
}

// ---- PostgreSQL is killed -------------------------------------------------------------------------------------------

type Chain = {
  userId: string;
  token: string;
  /** How many tokens it has swapped. */
  advances: number;
  /** How many of its refreshes were under way when PostgreSQL was killed, and failed. */
  cutOff: number;
  wrong: Refreshed[];
  forked: boolean;
};

/** In milliseconds of this process. */
type Course = { killedAt: number; isOver: boolean };

/** Clients that renew their sessions all the time, through the death of the database; each sends its token until it is answered. */
async function tryKills(
  trial: Trial,
  pair: Pair,
  extent: (typeof EXTENT)[Trial['length']],
  cluster: Cluster,
): Promise<void> {
  const { servers } = pair;
  const chains = await Promise.all(
    Array.from({ length: extent.refreshers }, async (): Promise<Chain> => {
      const { id, refresh: token } = await makeAccount(servers[0].url);
      return { userId: id, token, advances: 0, cutOff: 0, wrong: [], forked: false };
    }),
  );
  const course: Course = { killedAt: 0, isOver: false };
  const running = Promise.all(chains.map((chain, at) => renew(chain, servers, course, at)));
  for (let kill = 1; kill <= extent.kills; kill++) {
    await moved(chains, 3);
    // One time they have done the first half of their statement for sure, the other time they are anywhere.
    if (kill % 2 === 1) await pair.rows.holdRefreshes(chains.length / 2);
    else await pause(trial.random() * 50);
    course.killedAt = performance.now();
    await cluster.kill();
    await cluster.restart();
    await pair.rows.reconnect();
    trial.count('kills of PostgreSQL');
    trial.say(`PostgreSQL was killed ${kill} times`);
  }
  await moved(chains, 2);
  course.isOver = true;
  await running;

  for (const chain of chains) {
    trial.count('refreshes that a kill cut off', chain.cutOff);
    trial.check('while the database is away a refresh is 503 or unanswered', chain.wrong.length === 0, chain.wrong);
    trial.check('a token has one successor, whenever it is asked for', !chain.forked, chain);
    const spent = await pair.rows.spentOf(chain.userId);
    trial.check('PostgreSQL has spent each token once', spent === chain.advances, { spent, ...chain });
    const last = await refresh(pair, servers[1].url, chain.token);
    trial.check('the session of whoever repeats a lost answer is not lost', last.status === 200, last);
  }
}

async function renew(chain: Chain, servers: [Server, Server], course: Course, at: number): Promise<void> {
  for (let turn = at; !course.isOver; turn++) {
    const { url } = servers[turn % 2] as Server;
    const sentAt = performance.now();
    const answer = await refreshOnce(url, chain.token);
    if (answer.status === 200) {
      // Each tenth answer counts as lost: the other process gives the same again.
      const other = turn % 10 === 0 ? await refreshOnce((servers[(turn + 1) % 2] as Server).url, chain.token) : answer;
      if (other.status === 200 && other.refresh !== answer.refresh) chain.forked = true;
      chain.token = answer.refresh as string;
      chain.advances += 1;
    } else if (isAway(answer)) {
      if (sentAt < course.killedAt) chain.cutOff += 1;
      await pause(20);
    } else {
      chain.wrong.push(answer);
      return;
    }
  }
}

/** Each chain, but those that broke, has gone `steps` further. */
async function moved(chains: readonly Chain[], steps: number): Promise<void> {
  const from = chains.map(({ advances }) => advances);
  const isDone = (chain: Chain, at: number) => chain.wrong.length > 0 || chain.advances >= (from[at] ?? 0) + steps;
  while (!chains.every(isDone)) await pause(5);
}

// ---- Revocations ----------------------------------------------------------------------------------------------------

async function tryRevocations(
  trial: Trial,
  { servers, operator }: Pair,
  extent: (typeof EXTENT)[Trial['length']],
): Promise<void> {
  let slowestMs = 0;
  for (let round = 0; round < extent.endings; round++) {
    // Told to one process and the other in turn.
    const urls = (round % 2 === 0 ? servers : servers.toReversed()).map(({ url }) => url) as [string, string];
    for (const names of inGroups(Object.keys(ENDINGS))) {
      const took = await Promise.all(
        names.map((name) => tryEnding(trial, name, { urls, operator, holders: extent.holders })),
      );
      slowestMs = Math.max(slowestMs, ...took);
    }
  }
  trial.measure('slowest end of a connection, ms', Math.round(slowestMs));
}

/** Their passwords are hashed two at a time: all at once would stand in line for longer than a request may take. */
const inGroups = (names: readonly string[], size = 5): string[][] =>
  Array.from({ length: Math.ceil(names.length / size) }, (_, at) => names.slice(at * size, (at + 1) * size));

// ---- What PostgreSQL knows ------------------------------------------------------------------------------------------

type Rows = {
  /** That some session's current token is this one. */
  isCurrent(refreshToken: string): Promise<boolean>;
  /** How many tokens the sessions of a user have spent. */
  spentOf(userId: string): Promise<number>;
  /** How often the reuse of a token of this family was noted. */
  reusesOf(refreshToken: string): Promise<number>;
  /** Lets refreshes swap their token and not note the spent one; done when so many stand there. */
  holdRefreshes(least: number): Promise<void>;
  /** After PostgreSQL was killed. */
  reconnect(): Promise<void>;
};

async function openRows(trial: Trial, url: string): Promise<Rows> {
  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  let client = await connect();
  trial.afterwards(() => client.end());
  const count = async (from: string, value: string): Promise<number> => {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${from}`, [value]);
    return rows[0]?.count as number;
  };
  const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
  return {
    isCurrent: async (token) =>
      (await count('sessions where refresh_hash = $1 and revoked_at is null', hashOf(token))) === 1,
    spentOf: (userId) =>
      count('spent_refresh_tokens t join sessions s on s.id = t.session_id where s.user_id = $1', userId),
    reusesOf: (token) =>
      count(
        `audit_logs a join spent_refresh_tokens t on a.target = 'session:' || t.session_id
          where a.action = 'session.reuse_detected' and t.hash = $1`,
        hashOf(token),
      ),
    async holdRefreshes(least) {
      await client.query('begin; lock table spent_refresh_tokens in exclusive mode');
      const waiting = "pg_stat_activity where wait_event_type = 'Lock' and query like $1";
      const areThere = async () => (await count(waiting, '%spent_refresh_tokens%')) >= least;
      if (!(await until(areThere, PATIENCE_MS))) throw new Error('No refresh comes to where it notes the spent token');
    },
    async reconnect() {
      client = await connect();
    },
  };
}
