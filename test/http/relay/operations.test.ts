import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { relayCleanupJob } from '../../../server/jobs/relay-cleanup.ts';
import { CRON_SECRET } from '../../setup/app.ts';
import { takeAway } from '../../setup/parts.ts';
import { type Answer, call, openRelayForTest, type Relay } from '../../setup/relay.ts';

const codeOf = ({ status, body }: Answer) => [status, body.error?.code];
const AT = '2026-01-20T10:00:00Z';
const SECRET = { headers: { 'x-cron-secret': CRON_SECRET } };

describe('clean-ups', () => {
  /** Of each kind some rows whose time is over, and one whose is not. */
  const withOldRows = async () => {
    const relay = await openRelayForTest({ at: AT });
    const { db, now } = relay.app.service;
    for (const id of ['p1', 'p2', 'p3'])
      await relay.post('/channels', { body: { id, expiresIn: id === 'p3' ? 86_400 : 60 } });
    for (const id of ['t1', 't2', 't3', 't4']) await relay.publish(id, 'x');
    const publicKey = (at: number, seconds: number, channel: string) => ({
      id: randomUUID(),
      channel_id: channel,
      public_key: '-',
      algorithm: 'RSA-2048' as const,
      fingerprint: String(at),
      created_at: now(),
      expires_at: new Date(now().getTime() + seconds * 1000),
    });
    await db
      .insertInto('public_keys')
      .values([publicKey(1, 60, 'a'), publicKey(2, 60, 'b'), publicKey(3, 9e6, 'gone'), publicKey(4, 9e6, 'p3')])
      .execute();
    await db.updateTable('relay_messages').set({ expires_at: now() }).where('channel_id', '=', 't1').execute();
    const old = new Date(now().getTime() - 91 * 86_400_000);
    const auditRow = { actor: 'system', action: 'old.row', created_at: old };
    await db
      .insertInto('audit_logs')
      .values([auditRow, auditRow, auditRow] as never)
      .execute();
    relay.app.clock.advance(1800);
    await relay.publish('t4', 'x');
    return relay;
  };

  const counts = async (relay: Relay, task?: string) => {
    const query = task === undefined ? '' : `?task=${task}`;
    const { results } = (await relay.get(`/cron/cleanup-keys${query}`, SECRET)).body.data;
    return Object.values(results as Record<string, { deleted: number }>).map(({ deleted }) => deleted);
  };

  const rows = async (relay: Relay) => {
    const { db } = relay.app.service;
    const [keys, messages] = [db.selectFrom('public_keys'), db.selectFrom('relay_messages')];
    return {
      keys: (await keys.select('id').execute()).length,
      messages: (await messages.select('id').execute()).length,
    };
  };

  test.each([
    ['persistent', 2, 0],
    ['temporary', 0, 3],
    ['all', 2, 3],
  ])('of channels, %s: the counts are the rows that were changed', async (task, persistent, temporary) => {
    const relay = await withOldRows();
    const { body } = await relay.get(`/cron/cleanup-channels?task=${task}`, SECRET);
    expect(body).toEqual({
      success: true,
      data: {
        task,
        persistentChannelsMarkedInactive: persistent,
        temporaryChannelsDeleted: temporary,
        errors: [],
        duration: expect.stringMatching(/^\d+ms$/),
        timestamp: expect.any(String),
      },
    });
    const { db } = relay.app.service;
    const left = await db.selectFrom('channels').select(['id', 'is_active']).orderBy('id').execute();
    expect(left.filter(({ is_active }) => !is_active)).toHaveLength(persistent);
    expect(left).toHaveLength(7 - temporary);
    const again = await relay.get(`/cron/cleanup-channels?task=${task}`, SECRET);
    expect(again.body.data).toMatchObject({ persistentChannelsMarkedInactive: 0, temporaryChannelsDeleted: 0 });
  });

  test.each([
    ['expired-keys', [2, 0, 0, 0]],
    ['audit-logs', [0, 3, 0, 0]],
    ['orphaned-keys', [0, 0, 3, 0]],
    ['messages', [0, 0, 0, 1]],
    ['all', [2, 3, 1, 1]],
  ])('of keys, %s: the counts are the rows that were changed', async (task, expected) => {
    const relay = await withOldRows();
    const before = await rows(relay);
    expect(await counts(relay, task)).toEqual(expected);
    const after = await rows(relay);
    const [expired = 0, , orphaned = 0, messages = 0] = expected;
    expect(after).toEqual({ keys: before.keys - expired - orphaned, messages: before.messages - messages });
    expect(await counts(relay, task)).toEqual([0, 0, 0, 0]);
  });

  test('all is what runs when no task is named, and each run is in the audit log', async () => {
    const relay = await withOldRows();
    expect(await counts(relay)).toEqual([2, 3, 1, 1]);
    await relay.get('/cron/cleanup-channels', SECRET);
    const audited = await relay.app.service.db
      .selectFrom('audit_logs')
      .select(['action', 'details'])
      .orderBy('id')
      .execute();
    expect(audited.slice(-2)).toEqual([
      { action: 'cron.keys', details: { task: 'all', expiredKeys: 2, auditLogs: 3, orphanedKeys: 1, oldMessages: 1 } },
      { action: 'cron.channels', details: { task: 'all', persistent: 2, temporary: 3 } },
    ]);
  });

  test('each night all of it runs by itself, and what has been inactive for 30 days goes', async () => {
    const relay = await withOldRows();
    await relayCleanupJob.handle(relay.app.ctx, {});
    expect(await counts(relay)).toEqual([0, 0, 0, 0]);
    const channels = async () => (await relay.app.service.db.selectFrom('channels').select('id').execute()).length;
    expect(await channels()).toBe(4);
    relay.app.clock.advance(30 * 86_400);
    await relayCleanupJob.handle(relay.app.ctx, {});
    expect(await channels()).toBe(1);
  });

  test('without the right secret nothing runs', async () => {
    const relay = await withOldRows();
    for (const sent of [{}, { headers: { 'x-cron-secret': 'wrong' } }, { headers: { 'x-cron-secret': '' } }])
      for (const path of ['/cron/cleanup-channels', '/cron/cleanup-keys'])
        expect(codeOf(await relay.get(path, sent))).toEqual([401, 'UNAUTHORIZED']);
    expect(await counts(relay)).toEqual([2, 3, 1, 1]);
  });

  test('an unknown task is 400', async () => {
    const relay = await openRelayForTest();
    for (const path of ['/cron/cleanup-channels', '/cron/cleanup-keys'])
      expect(codeOf(await relay.get(`${path}?task=everything`, SECRET))).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('limits', () => {
  const LIMITS = {
    RELAY_PUBLISH_MAX: '10',
    RELAY_REGISTER_MAX: '5',
    RELAY_SUBSCRIBE_MAX: '5',
    RELAY_CHANNELS_MAX: '20',
    RELAY_READ_MAX: '100',
  };

  test('the eleventh publish of a minute is refused; reads and the next minute are not', async () => {
    const relay = await openRelayForTest({ at: AT, env: LIMITS });
    for (let at = 0; at < 10; at += 1) expect((await relay.publish('c', 'x')).status).toBe(201);
    const refused = await relay.publish('c', 'x');
    expect(codeOf(refused)).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
    const headers = (names: string[]) => names.map((name) => refused.headers.get(name));
    expect(headers(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after'])).toEqual([
      '10',
      '0',
      '60',
      '60',
    ]);
    expect(headers(['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'])).toEqual(['10', '0', '60']);
    expect((await relay.get('/channels')).status).toBe(200);
    relay.app.clock.advance(60);
    expect((await relay.publish('c', 'x')).status).toBe(201);
  });

  test('each call has the budget of its kind', async () => {
    const relay = await openRelayForTest({ env: LIMITS });
    const limit = async (answer: Promise<Answer>) => Number((await answer).headers.get('x-ratelimit-limit'));
    expect(await limit(relay.post('/register', { body: {} }))).toBe(5);
    expect(await limit(relay.get('/subscribe?channel=nowhere'))).toBe(5);
    expect(await limit(relay.post('/channels', { body: {} }))).toBe(20);
    expect(await limit(relay.get('/channels'))).toBe(100);
    expect(await limit(relay.get('/publish?channel=nowhere'))).toBe(100);
    expect((await relay.get('/health')).headers.has('x-ratelimit-limit')).toBe(false);
  });

  test('with a key it is the larger of that and the plan of the key, counted for the key', async () => {
    const relay = await openRelayForTest({ env: LIMITS, plan: 'pro' });
    const { token } = await relay.app.makeUser();
    const { key } = (await relay.post('/keys', { token, body: {} })).body.data;
    for (let at = 0; at < 12; at += 1) await relay.publish('c', 'x');
    const { status, headers } = await relay.publish('c', 'x', {}, { key });
    expect([status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual([
      201,
      '100',
      '99',
    ]);
  });

  test('coming back with a last event is not counted as subscribing', async () => {
    const relay = await openRelayForTest({ env: LIMITS });
    await relay.publish('c', 'x');
    const come = async (query: string, headers = {}) => {
      const stream = await relay.listen(`channel=c${query}`, headers);
      stream.leave();
    };
    for (let at = 0; at < 5; at += 1) await come('');
    await expect(come('')).rejects.toThrow('429');
    await come('&lastEventId=event-1');
    await come('', { 'Last-Event-ID': 'event-1' });
    await expect(come('&lastEventId=whatever')).rejects.toThrow('429');
  });

  test('wrong keys count against the address that tries them', async () => {
    const relay = await openRelayForTest({ env: LIMITS });
    const attempt = () => relay.publish('c', 'x', {}, { key: 'sk_live_guess' });
    for (let at = 0; at < 10; at += 1) expect((await attempt()).status).toBe(401);
    expect((await attempt()).status).toBe(429);
  });
});

describe('probes', () => {
  test('health is plain', async () => {
    const relay = await openRelayForTest({ at: AT });
    const { status, body } = await relay.get('/health');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'healthy', timestamp: '2026-01-20T10:00:00.000Z', uptime: expect.any(Number) });
  });

  test('ready looks at the database, health does not', async () => {
    const relay = await openRelayForTest({ at: AT });
    const timestamp = '2026-01-20T10:00:00.000Z';
    const ready = await relay.get('/ready');
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: 'ready', timestamp, checks: { database: 'ok', process: 'ok' } },
    ]);
    const bringBack = await takeAway(relay.app.databaseUrl);
    const notReady = await relay.get('/ready');
    expect([notReady.status, notReady.body]).toEqual([
      503,
      { status: 'not ready', timestamp, checks: { database: 'failed', process: 'ok' } },
    ]);
    expect((await relay.get('/health')).status).toBe(200);
    await bringBack();
  });
});

describe('pages of other origins', () => {
  const ORIGIN = 'https://app.example';
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/api/publish`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-api-key',
      },
    });

  test('those of CORS_ORIGINS may call, subscribe and read the rate headers', async () => {
    const relay = await openRelayForTest({ env: { CORS_ORIGINS: `${ORIGIN}, https://other.example` } });
    const { status, headers } = await preflight(relay.url, ORIGIN);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')).toContain('DELETE');
    expect(headers.get('access-control-allow-headers')).toBe('content-type,x-api-key');
    const answer = await relay.publish('c', 'x', {}, { headers: { origin: ORIGIN } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(answer.headers.get('access-control-expose-headers')?.split(', ').sort()).toEqual([
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Reset',
      'X-Request-Id',
    ]);
    const stream = await relay.listen('channel=c', { origin: ORIGIN });
    expect(stream.response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const refused = await relay.get('/subscribe?channel=nowhere', { headers: { origin: ORIGIN } });
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  test('others may not', async () => {
    const relay = await openRelayForTest({ env: { CORS_ORIGINS: ORIGIN } });
    const { headers } = await preflight(relay.url, 'https://evil.example');
    expect(headers.get('access-control-allow-origin')).not.toBe('https://evil.example');
    const open = await openRelayForTest({ env: { CORS_ORIGINS: '*' } });
    expect((await preflight(open.url, 'https://any.example')).headers.get('access-control-allow-origin')).toBe('*');
    const closed = await openRelayForTest();
    expect((await preflight(closed.url, ORIGIN)).headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('the envelope', () => {
  test('every failure of the framework has it', async () => {
    const { url } = await openRelayForTest();
    const raw = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${url}${path}`, init);
      const body = (await response.json()) as { success: boolean; error: { code: string; message: string } };
      expect(Object.keys(body)).toEqual(['success', 'error']);
      expect(body.success).toBe(false);
      expect(response.headers.get('x-request-id')).toMatch(/./);
      return [response.status, body.error.code];
    };
    const json = { 'content-type': 'application/json' };
    expect(await raw('/api/nowhere')).toEqual([404, 'NOT_FOUND']);
    expect(await raw('/api')).toEqual([404, 'NOT_FOUND']);
    expect(await raw('/api/publish', { method: 'PUT' })).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(await raw('/api/publish', { method: 'POST', headers: json, body: '{' })).toEqual([400, 'INVALID_JSON']);
    expect(await raw('/api/publish', { method: 'POST', headers: json, body: '' })).toEqual([400, 'VALIDATION_ERROR']);
    expect(await raw('/api/publish', { method: 'POST', body: new URLSearchParams({ a: 'b' }) })).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await raw('/api/%E0%A4%A')).toEqual([404, 'NOT_FOUND']);
    expect(await raw('/api/register', { method: 'POST', headers: json, body: `"${'x'.repeat(1_100_000)}"` })).toEqual([
      413,
      'KEY_TOO_LARGE',
    ]);
  });

  test('a fault of the service has it, and says nothing of what went wrong inside', async () => {
    const relay = await openRelayForTest();
    await sql`alter table channels rename to elsewhere`.execute(relay.app.service.db);
    for (const answer of [
      await relay.publish('c', 'x'),
      await relay.get('/channels'),
      await relay.get('/subscribe?channel=c'),
    ]) {
      const error = { code: 'INTERNAL_ERROR', message: expect.stringMatching(/our side/) };
      expect([answer.status, answer.body]).toEqual([500, { success: false, error }]);
    }
  });

  test('a request id of the client comes back', async () => {
    const { url } = await openRelayForTest();
    const { headers } = await call(url, 'GET', '/channels', { headers: { 'x-request-id': 'my-request.1' } });
    expect(headers.get('x-request-id')).toBe('my-request.1');
  });
});
