import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Passwords } from '../../server/ports.ts';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'not the password';

const MODULE = '@node-rs/argon2';
const busy = { now: 0, most: 0, verified: [] as unknown[] };

let passwords: Passwords;
beforeAll(async () => {
  const argon2 = await vi.importActual<typeof import('@node-rs/argon2')>(MODULE);
  const counted =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      busy.now += 1;
      busy.most = Math.max(busy.most, busy.now);
      return work(...args).finally(() => {
        busy.now -= 1;
      });
    };
  const noted: typeof argon2.verify = (hash, ...rest) => {
    busy.verified.push(hash);
    return argon2.verify(hash, ...rest);
  };
  vi.doMock(MODULE, () => ({ ...argon2, hash: counted(argon2.hash), verify: counted(noted) }));
  vi.resetModules();
  ({ passwords } = await import('../../server/adapters/passwords.ts'));
});
// The files that this worker runs next have their own again.
afterAll(() => {
  vi.doUnmock(MODULE);
  vi.resetModules();
});

test('at most two passwords are hashed at once, and each caller gets its own answer', async () => {
  const hash = await passwords.hash(PASSWORD);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => passwords.verify(n % 3 === 0 ? null : hash, n % 3 === 1 ? PASSWORD : WRONG)),
  );
  expect(answers).toEqual(Array.from({ length: 30 }, (_, n) => n % 3 === 1));
  expect(busy).toMatchObject({ now: 0, most: 2 });
});

test('without an account a password is hashed at the same cost, and is wrong', async () => {
  const cost = (hash: unknown) => String(hash).split('$').slice(1, 4);
  const hash = await passwords.hash(PASSWORD);
  busy.verified.length = 0;
  expect(await passwords.verify(null, WRONG)).toBe(false);
  expect(busy.verified.map(cost)).toEqual([cost(hash)]);
});

test('a failure gives its place back, and who comes when a thousand wait is sent away', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 1010 }, () => passwords.verify('broken', WRONG)));
  const refused = outcomes.filter((one) => one.status === 'rejected' && one.reason.code === 'SERVICE_UNAVAILABLE');
  expect(refused).toHaveLength(8);
  expect(await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)).toBe(true);
});
