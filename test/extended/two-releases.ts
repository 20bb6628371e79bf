/**
 * Two releases at once: the server and the SDK of the release before beside those of today, on one database that today's
 * has migrated. Whatever begins in one of them goes on in the other.
 *
 *   node test/extended/two-releases.ts [release]        a minute or two
 *
 * `release` is a folder that holds one with its packages, a tag or a commit; by default the last tag v*, or where there is
 * none the last change of migrations/released.json. Tags and commits are checked out beside the repository, so the history
 * must be there: in a shallow clone `git fetch --unshallow`.
 */
import { ok, rejects, deepStrictEqual as same } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { CcjkCloud, RelayEvent } from '../../sdk/src/index.ts';
import { openGround, ROOT, type Started, stopped } from './processes.ts';

type Sdk = Pick<typeof import('../../sdk/src/index.ts'), 'CcjkCloud'>;
type Release = { name: string; root: string; sdk: Sdk };

/** Channels that an address may make, so that it is soon found out whether both count together. */
const CHANNELS_MAX = 20;
const PASSWORD = 'a long password';

// ---- The release before ---------------------------------------------------------------------------------------------

const git = (...words: string[]): string => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();

const lastTag = (): string | undefined => {
  const { status, stdout } = spawnSync('git', ['describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
};

/** A release with its packages, and how to be rid of it. */
function checkOut(wanted: string): { root: string; name: string; remove(): void } {
  if (existsSync(wanted)) return { root: path.resolve(wanted), name: wanted, remove: () => {} };
  const name = git('rev-parse', '--short', `${wanted}^{commit}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'ccjk-release-'));
  const root = path.join(folder, 'before');
  git('worktree', 'add', '--detach', root, name);
  const lockOf = (place: string) => readFileSync(path.join(place, 'package-lock.json'), 'utf8');
  if (lockOf(root) === lockOf(ROOT)) symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
  else execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
  const remove = () => {
    git('worktree', 'remove', '--force', root);
    rmSync(folder, { recursive: true, force: true });
  };
  return { root, name, remove };
}

const old = checkOut(process.argv[2] ?? lastTag() ?? git('log', '-1', '--format=%H', '--', 'migrations/released.json'));
await using _ = { [Symbol.asyncDispose]: async () => old.remove() };

const sdkOf = async (root: string): Promise<Sdk> => import(pathToFileURL(path.join(root, 'sdk/src/index.ts')).href);
const before: Release = { name: `before (${old.name})`, root: old.root, sdk: await sdkOf(old.root) };
const now: Release = { name: 'now', root: ROOT, sdk: await sdkOf(ROOT) };
const releases = [before, now];

// ---- What is counted ------------------------------------------------------------------------------------------------

const counts: Record<string, number> = {};
const failures: string[] = [];

/** Does `work`, counts it under `what`, and goes on when it fails. */
async function check(what: string, details: string, work: () => Promise<unknown>): Promise<void> {
  counts[what] = (counts[what] ?? 0) + 1;
  try {
    await work();
  } catch (error) {
    failures.push(`${what}, ${details}: ${error}`);
  }
}

const until = async <T>(look: () => Promise<T | undefined> | T | undefined, what: string, ms = 15_000): Promise<T> => {
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain: ${what}`);
};

const within = <T>(ms: number, work: Promise<T>, what: string): Promise<T> =>
  Promise.race([
    work,
    pause(ms, undefined, { ref: false }).then(() => {
      throw new Error(`waited in vain: ${what}`);
    }),
  ]);

/** Each with each. */
const pairs = <A, B>(some: readonly A[], others: readonly B[]): [A, B][] =>
  some.flatMap((one) => others.map((other): [A, B] => [one, other]));

// ---- Before the upgrade ---------------------------------------------------------------------------------------------

await using ground = await openGround('releases');
const roomy = ['PUBLISH', 'SUBSCRIBE', 'READ'].map((what) => [`RELAY_${what}_MAX`, '1000000']);
const env = { ...Object.fromEntries(roomy), RELAY_CHANNELS_MAX: String(CHANNELS_MAX) };
/** The release before is one process for everything, which each release knows how to be. */
const start = (role: 'all' | 'api' | 'worker', { root }: Release) => ground.start(role, { root, env });
const db = new pg.Client({ connectionString: ground.databaseUrl });
// Should all end early, it is not for want of this connection.
db.on('error', () => {});

const servers = new Map<Release, Started>();
const clientOf = ({ sdk }: Release, server: Release, token?: string): CcjkCloud =>
  new sdk.CcjkCloud({ baseUrl: String(servers.get(server)?.url), maxRetries: 0, ...(token && { token }) });

servers.set(before, await start('all', before));
await db.connect();
const migrations = async () => Number((await db.query('select count(*) from migrations')).rows[0].count);
const migratedBefore = await migrations();

const account = { email: 'old@example.com', password: PASSWORD };
const { token } = await clientOf(before, before).auth.register(account);
const registered = await clientOf(before, before, token).daemon.register('machine', {
  device_name: 'machine',
  os_type: 'linux',
});
const device_id = registered.device_id;
const owner = (sdk: Release, server: Release) => clientOf(sdk, server, token);
const machine = (sdk: Release, server: Release) => clientOf(sdk, server, registered.device_key);
await owner(before, before).devices.updateConfig(device_id, { max_concurrent_tasks: 100 });

const newTask = { device_id, command: 'true' };
const early = await owner(before, before).tasks.create(newTask);
const earlyClaim = await machine(before, before).daemon.claim({ claim_id: randomUUID() });
await machine(before, before).daemon.start(early.task_id, { lease_id: earlyClaim.tasks[0]?.lease_id as string });
await owner(before, before).relay.publish({ channel: 'through', message: 'before the upgrade' });

// ---- The upgrade, under load ----------------------------------------------------------------------------------------

let isMigrating = true;
let underLoad = 0;
const load = (async () => {
  while (isMigrating) {
    underLoad += 1;
    await check('calls of the old during the upgrade', '', async () => {
      const { task_id } = await owner(before, before).tasks.create(newTask);
      await owner(before, before).tasks.cancel(task_id);
    });
  }
})();
servers.set(now, await start('api', now));
isMigrating = false;
await load;
const migrated = (await migrations()) - migratedBefore;

await check('what began before the upgrade', 'a task that ran', async () => {
  const lease_id = earlyClaim.tasks[0]?.lease_id as string;
  await machine(before, now).daemon.result(early.task_id, { status: 'completed', exit_code: 0, lease_id });
  same((await owner(now, before).tasks.get(early.task_id)).status, 'completed');
});

// ---- Tasks: made in the one, carried out in the other ---------------------------------------------------------------

const sides = pairs(releases, releases);
for (const [[sdk, server], [daemonSdk, daemonServer]] of pairs(sides, sides)) {
  const where = `${sdk.name} SDK at ${server.name}, daemon's ${daemonSdk.name} at ${daemonServer.name}`;
  const user = owner(sdk, server);
  const { daemon } = machine(daemonSdk, daemonServer);

  await check('tasks carried out', where, async () => {
    // It waits before there is a task, so that the one process has to tell the other.
    const [{ tasks }, { task_id }] = await Promise.all([
      daemon.claim({ claim_id: randomUUID(), wait: 20 }),
      user.tasks.create({ ...newTask, command: 'echo hello' }),
    ]);
    same(
      tasks.map(({ id }) => id),
      [task_id],
    );
    const lease_id = tasks[0]?.lease_id as string;
    await daemon.start(task_id, { lease_id });
    await daemon.output(task_id, { lease_id, stream: 'stdout', offset: 0, chunk: 'hello\n' });
    same((await user.tasks.output(task_id)).chunk, 'hello\n');
    await daemon.heartbeat({ current_tasks: [{ task_id, lease_id, progress: 50 }] });
    const [{ status, stdout }] = await Promise.all([
      user.tasks.get(task_id, { wait: 20 }),
      daemon.result(task_id, { lease_id, status: 'completed', exit_code: 0, stdout: 'hello\n' }),
    ]);
    same([status, stdout], ['completed', 'hello\n']);
  });

  await check('tasks cancelled', where, async () => {
    const { task_id } = await user.tasks.create(newTask);
    const { tasks } = await daemon.claim({ claim_id: randomUUID(), wait: 20 });
    const lease_id = tasks[0]?.lease_id as string;
    await daemon.start(task_id, { lease_id });
    await user.tasks.cancel(task_id);
    const { cancel_tasks } = await daemon.heartbeat({ current_tasks: [{ task_id, lease_id }] });
    ok(cancel_tasks.some((each) => each.task_id === task_id));
    await daemon.result(task_id, { lease_id, status: 'cancelled' });
    same((await user.tasks.get(task_id)).status, 'cancelled');
  });
}

// ---- Accounts, sessions, keys, repeats ------------------------------------------------------------------------------

for (const [[sdk, server], other] of pairs(sides, releases)) {
  const where = `${sdk.name} SDK at ${server.name}, then ${other.name}`;
  await check('sessions', where, async () => {
    const signedIn = await clientOf(sdk, server).auth.login(account);
    const renewed = await clientOf(sdk, other).auth.refresh({ refresh_token: signedIn.refresh_token });
    for (const each of releases) same((await clientOf(sdk, each, renewed.token).auth.me()).user.email, account.email);
    await clientOf(sdk, server, renewed.token).auth.logout();
    await rejects(Promise.resolve(clientOf(sdk, other, renewed.token).auth.me()), { status: 401 });
  });
  await check('keys and repeated requests', where, async () => {
    const { key } = await owner(sdk, server).apiKeys.create({ name: 'both', scopes: ['task:create'] });
    const options = { idempotencyKey: randomUUID() };
    const first = await clientOf(sdk, server, key).tasks.create(newTask, options);
    const second = await clientOf(sdk, other, key).tasks.create(newTask, options);
    same(second.task_id, first.task_id);
    await owner(sdk, other).tasks.cancel(first.task_id);
  });
}

// ---- What is told: WebSockets and streams ---------------------------------------------------------------------------

for (const [[sdk, server], other] of pairs(sides, releases)) {
  const where = `${sdk.name} SDK at ${server.name}, told by ${other.name}`;
  await check('sockets', where, async () => {
    const socket = owner(sdk, server).connect();
    try {
      const isSubscribed = new Promise((resolve) => socket.on('subscribed', resolve));
      const completed = new Promise<string>((resolve) =>
        socket.on('task.completed', ({ data }) => resolve(data.task_id)),
      );
      socket.subscribe(`device:${device_id}`);
      await within(5_000, isSubscribed, 'subscribed');
      const { daemon } = machine(sdk, other);
      const { task_id } = await owner(sdk, other).tasks.create(newTask);
      const { tasks } = await daemon.claim({ claim_id: randomUUID() });
      await daemon.start(task_id, { lease_id: tasks[0]?.lease_id as string });
      await daemon.result(task_id, { status: 'completed', exit_code: 0 });
      same(await within(5_000, completed, 'task.completed'), task_id);
    } finally {
      socket.close();
    }
  });
  await check('streams', where, async () => {
    const channel = `stream-${randomUUID().slice(0, 8)}`;
    const texts = Array.from({ length: 40 }, (_, at) => String(at));
    await owner(sdk, server).relay.publish({ channel, message: 'first' });
    const received: string[] = [];
    const leaving = AbortSignal.timeout(20_000);
    const read = async (at: Release, lastEventId: string, enough: number): Promise<string> => {
      const options = { lastEventId, signal: leaving };
      const events: AsyncIterable<RelayEvent> = owner(sdk, at).relay.subscribe(channel, options);
      for await (const event of events) {
        ok(event.type !== 'gap');
        if (event.type === 'message' && received.push(String(event.message)) >= enough) return event.eventId;
      }
      throw new Error('the subscription ended');
    };
    const reading = read(server, 'event-0', 21);
    reading.catch(() => {});
    for (const [at, message] of texts.entries())
      await owner(sdk, at % 2 ? server : other).relay.publish({ channel, message });
    // The other release goes on where the first one left off.
    await read(other, await reading, 41);
    same(received, ['first', ...texts]);
  });
}
await check('what began before the upgrade', 'a message of the relay', async () => {
  for await (const event of owner(now, now).relay.subscribe('through', { lastEventId: 'event-0' }))
    if (event.type === 'message') return same(event.message, 'before the upgrade');
});

// ---- Limits ---------------------------------------------------------------------------------------------------------

let channelsMade = 0;
await check('a limit', `${CHANNELS_MAX} channels of an address`, async () => {
  const statuses = [];
  for (let count = 0; count < 2 * CHANNELS_MAX; count += 1) {
    const { url } = servers.get(releases[count % 2] as Release) as Started;
    const body = JSON.stringify({ id: `limit-${count}` });
    const headers = { 'content-type': 'application/json' };
    statuses.push((await fetch(new URL('/api/channels', url), { method: 'POST', headers, body })).status);
  }
  channelsMade = statuses.filter((status) => status === 201).length;
  ok(channelsMade >= CHANNELS_MAX && channelsMade <= 1.1 * CHANNELS_MAX, `${channelsMade} were made`);
  same(
    statuses.filter((status) => ![201, 429].includes(status)),
    [],
  );
});

// ---- Jobs and the sweep ---------------------------------------------------------------------------------------------

const letters = () => globSync(path.join(ground.dataDir, 'outbox/*.eml')).length;

/** That what `sending` begins is carried on by whoever works. */
async function checkWork(working: string, sending: Release): Promise<void> {
  const where = `by ${working}, sent by ${sending.name}`;
  await check('jobs', where, async () => {
    const had = await until(async () => {
      const { rows } = await db.query("select count(*) from pgboss.job where state in ('created', 'active', 'retry')");
      return rows[0].count === '0' ? letters() : undefined;
    }, 'older jobs');
    const user = clientOf(sending, sending);
    await user.auth.register({ email: `${randomUUID()}@example.com`, password: PASSWORD });
    await until(() => (letters() > had ? true : undefined), 'a letter');
    same(letters(), had + 1);
  });
  await check('sweeps', where, async () => {
    const { task_id } = await owner(sending, sending).tasks.create(newTask);
    await db.query("update tasks set expires_at = now() - interval '1 second' where id = $1", [task_id]);
    const over = async () =>
      (await owner(sending, sending).tasks.get(task_id)).status === 'cancelled' ? true : undefined;
    await until(over, 'an expired task');
  });
}

for (const release of releases) await checkWork('the release before', release);
const worker = await start('worker', now);
for (const release of releases) await checkWork('both', release);

// ---- The release before goes ----------------------------------------------------------------------------------------

const all = (release: Release) => owner(release, release).tasks.list({ limit: 1 });
const { pagination } = await all(before);
await check('the end', 'the release before stops in order, and all of its tasks are there', async () => {
  same(await stopped(servers.get(before) as Started), 0);
  same((await all(now)).pagination.total, pagination.total);
  const { rows } = await db.query("select count(*) from tasks where status in ('assigned', 'running', 'queued')");
  same(rows[0].count, '0');
});
await checkWork('today', now);
for (const started of [worker, servers.get(now) as Started]) same(await stopped(started), 0);
await db.end();

console.log({
  before: old.name,
  migrated,
  callsDuringUpgrade: underLoad,
  checks: counts,
  channelsMade,
  tasks: pagination.total,
  failed: failures.length,
  errorsLogged: ground.errors.length,
});
for (const trouble of [...failures, ...ground.errors].slice(0, 20)) console.error(trouble);
process.exitCode = failures.length + ground.errors.length > 0 ? 1 : 0;
