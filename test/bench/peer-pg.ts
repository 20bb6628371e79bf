/** The `pg` driver alone, which sends the statements of a task's life and does nothing else. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { atRandom } from './arrivals.ts';
import type { CallName } from './calls.ts';
import { onQuestion } from './control.ts';
import { type Ids, openPool, type Player, playerOf } from './playback.ts';
import type { Recording } from './recording.ts';
import type { Caller } from './service.ts';

// In order, so that a profile is written.
process.once('SIGTERM', () => process.exit());

const pool = openPool(process.env.DATABASE_URL ?? '');

type Players = Record<CallName, Player>;

const playersOf = (recording: Recording): Players => ({
  create: playerOf(pool, recording, 'create'),
  claim: playerOf(pool, recording, 'claim'),
  start: playerOf(pool, recording, 'start'),
  result: playerOf(pool, recording, 'result'),
  read: playerOf(pool, recording, 'read'),
});

async function handOver({ create, claim }: Players, { userId, sessionId, deviceId, keyHash }: Caller): Promise<Ids> {
  const ids = { userId, sessionId, deviceId, keyHash, taskId: randomUUID(), claimId: randomUUID(), leaseId: '' };
  await create(ids);
  const claimed = (await claim(ids)).flat().find((row) => row.lease_id && row.command);
  if (!claimed) throw new Error('The claim gave nothing');
  return { ...ids, taskId: String(claimed.id), leaseId: String(claimed.lease_id) };
}

async function end({ start, result }: Players, ids: Ids): Promise<void> {
  await start(ids);
  await result(ids);
}

/** Each caller's worker leads `lives` tasks, one after another, from creation to result. */
onQuestion('live', async (given: { recording: Recording; callers: Caller[]; lives: number }) => {
  const players = playersOf(given.recording);
  await Promise.all(
    given.callers.map(async (caller) => {
      for (let life = 0; life < given.lives; life++) await end(players, await handOver(players, caller));
    }),
  );
});

type HandOver = { recording: Recording; callers: Caller[]; rate: { perSecond: number; seconds: number } };

/** How many milliseconds creation and claim took, of tasks that come by chance. */
onQuestion('hand over', ({ recording, callers, rate }: HandOver) => {
  const players = playersOf(recording);
  return atRandom(rate, async (n) => {
    const startedAt = performance.now();
    const ids = await handOver(players, callers[n % callers.length] as Caller);
    const tookMs = performance.now() - startedAt;
    await end(players, ids);
    return tookMs;
  });
});

// It serves nothing: this says that it is ready.
createServer().listen(0, '127.0.0.1');
