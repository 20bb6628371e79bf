import { setTimeout as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openAppForTest, type TestApp } from '../setup/app.ts';

/** Keeps the event loop from everything else. */
const block = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

/** A lag is what lies between two looks at the event loop. */
const overload = async (app: TestApp): Promise<void> => {
  await ask(app, '/livez');
  for (let turn = 0; turn < 2; turn++) {
    block(400);
    await nextTurn(0);
  }
};

/** The answers to `paths`, asked at once of a process that is overloaded; again when it had time to recover before. */
const askOverloaded = async (app: TestApp, paths: readonly string[]) => {
  for (let refused = 0; ; ) {
    await overload(app);
    const answers = await Promise.all(paths.map((path) => ask(app, path)));
    const refusals = answers.filter(({ status }) => status === 503).length;
    refused += refusals;
    if (refusals > 0) return { answers, refused };
  }
};

const ask = async (app: TestApp, path: string) => {
  const answer = await fetch(app.url + path);
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() };
};

describe('a process that cannot keep up', () => {
  it('refuses requests in the envelope of their family, and says when to come again', async () => {
    const app = await openAppForTest({ env: { MAX_LOOP_DELAY: '1' } });
    const envelopes = {
      '/v1/auth/me': { success: false, data: null, error: { code: 'SERVICE_UNAVAILABLE' }, meta: {} },
      '/api/channels': { success: false, error: { code: 'SERVICE_UNAVAILABLE' } },
      '/api/control/devices': { success: false, error: expect.any(String) },
    };
    for (const [path, body] of Object.entries(envelopes)) {
      const { answers } = await askOverloaded(app, [path]);
      expect(answers[0]).toMatchObject({ status: 503, retryAfter: '2', body });
    }
  });

  it('still answers its probes and shows its metrics, which tell what was refused', async () => {
    const token = 'a token for prometheus';
    const app = await openAppForTest({ env: { MAX_LOOP_DELAY: '1', METRICS_TOKEN: token } });
    const { answers, refused } = await askOverloaded(app, ['/v1/auth/me', '/livez', '/readyz']);
    const metrics = await fetch(`${app.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain(`\nccjk_http_requests_shed_total ${refused}\n`);
  });

  it('refuses while too many wait for the database, and takes requests again after that', async () => {
    const app = await openAppForTest({ env: { MAX_LOOP_DELAY: '60000', DATABASE_POOL: '2' } });
    const { db } = app.service;
    let free = () => {};
    const isFree = new Promise<void>((resolve) => {
      free = resolve;
    });
    const holders = [1, 2].map(() =>
      db.transaction().execute(async (tx) => {
        await sql`select 1`.execute(tx);
        await isFree;
      }),
    );
    const waiting = Promise.allSettled(Array.from({ length: 250 }, () => sql`select 1`.execute(db)));
    /** A request that is taken waits for the database like the others: ask again. */
    const status = () =>
      fetch(`${app.url}/v1/auth/me`, { signal: AbortSignal.timeout(200) }).then(
        (answer) => answer.status,
        () => undefined,
      );
    await expect.poll(status, { timeout: 2_500 }).toBe(503);
    free();
    await Promise.all([...holders, waiting]);
    await expect.poll(status, { timeout: 5_000 }).toBe(401);
  });
});
