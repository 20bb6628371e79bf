/** The peer of a task's life: the `pg` driver alone, which sends the same statements from the same number of workers. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { CALLS } from './calls.ts';
import { onQuestion } from './control.ts';
import { openPool, playerOf } from './playback.ts';
import type { Recording } from './recording.ts';
import type { Caller } from './service.ts';

const pool = openPool(process.env.DATABASE_URL ?? '');

type Task = { recording: Recording; callers: readonly Caller[]; lives: number };

/** Each caller's worker leads `lives` tasks, one after another, from creation to result. */
onQuestion('live', async ({ recording, callers, lives }: Task) => {
  const [create, claim, start, result] = CALLS.map((name) => playerOf(pool, recording, name));
  if (!create || !claim || !start || !result) return;
  await Promise.all(
    callers.map(async ({ userId, sessionId, deviceId, keyHash }) => {
      const who = { userId, sessionId, deviceId, keyHash };
      for (let life = 0; life < lives; life++) {
        const ids = { ...who, taskId: randomUUID(), claimId: randomUUID(), leaseId: '' };
        await create(ids);
        const claimed = (await claim(ids)).flat().find((row) => row.lease_id && row.id === ids.taskId);
        if (!claimed) throw new Error('The claim did not give the task that had just been created');
        ids.leaseId = String(claimed.lease_id);
        await start(ids);
        await result(ids);
      }
    }),
  );
});

// It serves nothing: this says that it is ready.
createServer().listen(0, '127.0.0.1');
