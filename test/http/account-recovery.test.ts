/** Verification and reset over HTTP and real mail. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openApp, openAppForTest, refusalOf, type TestApp } from '../setup/app.ts';
import { readEml } from '../setup/eml.ts';
import { openSmtp, smtpError } from '../setup/smtp.ts';

const NEW_PASSWORD = 'another horse, another staple';

/** The service with its jobs and a mail server. */
async function openMailed(behaviour: Parameters<typeof openSmtp>[0] = {}) {
  const { received, env } = await openSmtp(behaviour);
  const app = await openAppForTest({ env });
  await app.work();
  const tokenIn = (raw = '') => /mt_[\w-]{43}/.exec(readEml(raw).text)?.[0] ?? '';
  /** The token of the letter to `to` with that subject, once it has come. */
  const tokenOf = async (to: string, subject: string) => {
    const find = () => received.find((each) => each.to.includes(to) && readEml(each.raw).header('subject') === subject);
    return tokenIn((await vi.waitUntil(find, { timeout: 20_000 })).raw);
  };
  return { app, received, tokenOf };
}

test('from the registration to a verified address and a new password, by mail alone', async () => {
  const { app, tokenOf } = await openMailed();
  const user = await app.makeUser();
  const token = await tokenOf(user.email, 'Verify your email address');
  expect(await app.anonymous.auth.verifyEmail({ token })).toEqual({ verified: true });
  expect((await user.client.auth.me()).user.is_verified).toBe(true);
  expect(await user.client.auth.resendVerification()).toEqual({ queued: false });

  expect(await app.anonymous.auth.forgotPassword({ email: user.email.toUpperCase() })).toEqual({ accepted: true });
  const reset = { token: await tokenOf(user.email, 'Set a new password'), new_password: NEW_PASSWORD };
  expect(await app.anonymous.auth.resetPassword(reset)).toEqual({ reset: true });
  expect(await refusalOf(user.client.auth.me())).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
  expect((await app.anonymous.auth.login({ email: user.email, password: NEW_PASSWORD })).user.id).toBe(user.id);
  expect(await refusalOf(app.anonymous.auth.resetPassword(reset))).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
});

test('a server that says «later» gets the mail later', async () => {
  let refusals = 0;
  const { app, tokenOf } = await openMailed({
    onRcptTo: (_, __, callback) => callback(refusals++ === 0 ? smtpError(451, 'greylisted') : null),
  });
  const { email } = await app.makeUser();
  const token = await tokenOf(email, 'Verify your email address');
  expect(refusals).toBe(2);
  await app.anonymous.auth.verifyEmail({ token });
}, 30_000);

test('whether an address has an account shows neither in the answer nor in its time', async () => {
  const app = await openAppForTest();
  const user = await app.makeUser();
  const ask = async (email: string) => {
    const began = performance.now();
    const { data, response } = await app.anonymous.auth.forgotPassword({ email }).withResponse();
    return { seen: JSON.stringify([response.status, data]), ms: performance.now() - began };
  };
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] as number;
  const [known, unknown]: [number[], number[]] = [[], []];
  const seen = new Set<string>();
  for (let n = 0; n < 31; n += 1) {
    for (const [email, times] of [
      [user.email, known],
      [`${randomUUID()}@example.com`, unknown],
    ] as const) {
      const answer = await ask(email);
      seen.add(answer.seen);
      times.push(answer.ms);
    }
  }
  expect(seen.size).toBe(1);
  const ratio = median(unknown) / median(known);
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(2);
});

describe('what is no request of these', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.close());

  test.each([
    ['verifyEmail', { token: '' }],
    ['verifyEmail', { token: 'x'.repeat(256) }],
    ['verifyEmail', { token: 'mt_\0' }],
    ['forgotPassword', { email: 'nobody' }],
    ['forgotPassword', { email: 'a@b.com\r\nBcc: c@d.com' }],
    ['resetPassword', { token: 'mt_x', new_password: 'short' }],
  ] as const)('%s refuses %j', async (name, body) => {
    const call = app.anonymous.auth[name] as (body: object) => PromiseLike<unknown>;
    expect(await refusalOf(call.call(app.anonymous.auth, body))).toMatchObject({
      status: 400,
      code: 'VALIDATION_ERROR',
    });
  });
});
