import { expect, test } from 'vitest';
import { openLog } from '../../server/adapters/log.ts';

const open = () => {
  const written: string[] = [];
  const log = openLog({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' }, { write: (line) => void written.push(line) });
  return { log, text: () => written.join('') };
};

test.each([
  ...['authorization', 'confirmationCode', 'cookie', 'device_key', 'key', 'new_password', 'old_password', 'pass'],
  ...['password', 'refresh_token', 'secret', 'set-cookie', 'ticket', 'token'],
  ...['x-admin-key', 'x-api-key', 'x-cron-secret', 'x-device-token'],
])('%s is not written, on a line, in a thing and in a thing of a thing', (name) => {
  const { log, text } = open();
  const held = { [name]: 'opens-a-door' };
  log.info(held, 'a line');
  log.error({ session: held, sent: [held] }, 'a thing');
  log.error({ req: { headers: { ...held, host: 'example.com' } } }, 'a thing of a thing');
  log.child({ job: 'send-mail' }).info(held, 'of a child');
  log.error({ err: Object.assign(new Error('refused'), held, { request: { headers: held } }) }, 'an error');
  expect(text()).not.toContain('opens-a-door');
  expect(text().match(/"\[Redacted\]"/g)).toHaveLength(7);
  expect(text()).toContain('"host":"example.com"');
});

test('a line without secrets is written whole, and what was logged is not changed', () => {
  const { log, text } = open();
  const at = new Date('2026-01-20T10:00:00Z');
  const line = { port: 3000, at, url: new URL('http://x/'), rows: [{ id: 1 }], session: { token: 't', id: 's' } };
  log.info(line, 'ready');
  expect(JSON.parse(text())).toMatchObject({
    level: 30,
    port: 3000,
    at: at.toISOString(),
    url: 'http://x/',
    rows: [{ id: 1 }],
    session: { token: '[Redacted]', id: 's' },
    msg: 'ready',
  });
  expect(line.session.token).toBe('t');
});

test.each([null, 'refused', 7])('what was thrown and is no error is written: %s', (err) => {
  const { log, text } = open();
  log.error({ err }, 'failed');
  expect(JSON.parse(text())).toMatchObject({ err, msg: 'failed' });
});

test('an error is written with its kind, its words and its place', () => {
  const { log, text } = open();
  log.error({ err: new TypeError('no') }, 'failed');
  expect(JSON.parse(text()).err).toMatchObject({
    type: 'TypeError',
    message: 'no',
    stack: expect.stringContaining('at '),
  });
});
