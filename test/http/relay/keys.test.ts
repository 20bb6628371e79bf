import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../../setup/app.ts';
import { type Answer, openRelay, openRelayForTest, type Relay } from '../../setup/relay.ts';

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.app.close());

const codeOf = ({ status, body }: Answer) => [status, body.error?.code];

const newPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

const register = async (
  sent: { key?: string } = {},
  through = relay,
): Promise<{ channelId: string; publicKeyId: string }> =>
  (await through.post('/register', { ...sent, body: { publicKey: newPem() } })).body.data;

describe('relay keys', () => {
  test('the operator makes one as documented; it is shown once and stored as its hash', async () => {
    const own = await openRelayForTest({ at: '2026-01-03T00:00:00Z' });
    const { status, body } = await own.post('/keys', {
      headers: { 'x-admin-key': ADMIN_KEY },
      body: {
        userId: 'user-123',
        name: 'My App API Key',
        permissions: ['read', 'write'],
        expiresAt: '2026-12-31T23:59:59.000Z',
      },
    });
    expect(status).toBe(201);
    const info = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      keyPrefix: 'sk_live',
      userId: 'user-123',
      name: 'My App API Key',
      permissions: ['read', 'write'],
      isActive: true,
      createdAt: '2026-01-03T00:00:00.000Z',
      expiresAt: '2026-12-31T23:59:59.000Z',
      lastUsedAt: null,
    };
    expect(body).toEqual({
      success: true,
      message: expect.stringContaining('cannot be retrieved again'),
      data: { key: expect.stringMatching(/^sk_live_[\w-]{43}$/), info, ...info },
    });
    const listed = await own.get('/keys', { key: body.data.key });
    expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([body.data.id]);
    expect((await own.get(`/keys/${body.data.id}`, { key: body.data.key })).body.data).toMatchObject({
      name: info.name,
    });
    const { db } = own.app.service;
    const rows = [
      await db.selectFrom('api_keys').selectAll().execute(),
      await db.selectFrom('audit_logs').selectAll().execute(),
    ];
    expect(JSON.stringify(rows)).toContain('relay_key.created');
    expect(JSON.stringify(rows)).not.toContain(body.data.key.slice(13));
  });

  test('a user makes keys for themselves alone', async () => {
    const { token, id } = await relay.app.makeUser();
    const made = await relay.post('/keys', { token, body: { name: 'mine' } });
    expect(made.body.data).toMatchObject({ userId: id, permissions: ['read', 'write'] });
    const refused = await relay.post('/keys', { token, body: { userId: 'somebody-else' } });
    expect(codeOf(refused)).toEqual([403, 'INSUFFICIENT_SCOPE']);
    expect((await relay.get('/keys', { token })).body.data).toHaveLength(1);
  });

  test('nobody else makes keys', async () => {
    const { key } = await relay.makeKey({ permissions: ['admin'] });
    for (const [sent, code] of [
      [{}, 'AUTH_REQUIRED'],
      [{ key }, 'AUTH_REQUIRED'],
      [{ headers: { 'x-admin-key': 'wrong' } }, 'AUTH_FAILED'],
      [{ token: 'no token' }, 'AUTH_FAILED'],
    ] as const)
      expect(codeOf(await relay.post('/keys', { ...sent, body: { userId: 'u' } }))).toEqual([401, code]);
  });

  test.each([
    ['no owner', {}],
    ['an unknown permission', { userId: 'u', permissions: ['fly'] }],
    ['no permission', { userId: 'u', permissions: [] }],
    ['an expiry in the past', { userId: 'u', expiresAt: '2020-01-01T00:00:00Z' }],
    ['a name of 101 characters', { userId: 'u', name: 'n'.repeat(101) }],
  ])('%s is refused', async (_, body) => {
    const answer = await relay.post('/keys', { headers: { 'x-admin-key': ADMIN_KEY }, body });
    expect(codeOf(answer)).toEqual([400, 'VALIDATION_ERROR']);
  });
});

describe('what a key opens', () => {
  test('one that is sent must be valid, in each of its places', async () => {
    const wrong = 'sk_live_wrong';
    expect(codeOf(await relay.publish('open', 'x', {}, { key: wrong }))).toEqual([401, 'AUTH_FAILED']);
    expect(codeOf(await relay.publish('open', 'x', {}, { token: wrong }))).toEqual([401, 'AUTH_FAILED']);
    expect(codeOf(await relay.get(`/subscribe?channel=open&Authorization=Bearer+${wrong}`))).toEqual([
      401,
      'AUTH_FAILED',
    ]);
    const { key } = await relay.makeKey();
    expect((await relay.publish('open', 'x', {}, { key })).status).toBe(201);
    expect((await relay.publish('open', 'x', {}, { token: key })).status).toBe(201);
  });

  test('it needs the permission', async () => {
    const { key: reader } = await relay.makeKey({ permissions: ['read'] });
    const { key: writer } = await relay.makeKey({ permissions: ['write'] });
    const { key: admin } = await relay.makeKey({ permissions: ['admin'] });
    expect(codeOf(await relay.publish('c', 'x', {}, { key: reader }))).toEqual([403, 'INSUFFICIENT_SCOPE']);
    expect((await relay.publish('c', 'x', {}, { key: writer })).status).toBe(201);
    expect(codeOf(await relay.get('/publish?channel=c', { key: writer }))).toEqual([403, 'INSUFFICIENT_SCOPE']);
    expect(codeOf(await relay.get('/subscribe?channel=c', { key: writer }))).toEqual([403, 'INSUFFICIENT_SCOPE']);
    expect((await relay.get('/publish?channel=c', { key: reader })).status).toBe(200);
    expect((await relay.get('/publish?channel=c', { key: admin })).status).toBe(200);
  });

  test('the keys of the two families do not open each other', async () => {
    const { token, client } = await relay.app.makeUser();
    const { key: ofUser } = await client.apiKeys.create({ name: 'ck', scopes: ['user:read'] });
    expect(codeOf(await relay.publish('c', 'x', {}, { token: ofUser }))).toEqual([401, 'AUTH_FAILED']);
    expect(codeOf(await relay.publish('c', 'x', {}, { token }))).toEqual([403, 'WRONG_CREDENTIAL']);
    const { key } = await relay.makeKey();
    const me = await fetch(`${relay.url}/v1/auth/me`, { headers: { authorization: `Bearer ${key}` } });
    expect(me.status).toBe(401);
  });

  test('a key of a closed account, and one that has expired, opens nothing', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const { token, id } = await own.app.makeUser();
    const { key } = (await own.post('/keys', { token, body: {} })).body.data;
    const { key: expiring } = await own.makeKey({ expiresAt: '2026-01-20T10:00:10Z' });
    expect((await own.publish('c', 'x', {}, { key })).status).toBe(201);
    expect((await own.publish('c', 'x', {}, { key: expiring })).status).toBe(201);
    own.app.clock.advance(10);
    await own.app.service.db.updateTable('users').set({ is_active: false }).where('id', '=', id).execute();
    for (const each of [key, expiring])
      expect(codeOf(await own.publish('c', 'x', {}, { key: each }))).toEqual([401, 'AUTH_FAILED']);
  });

  test('with RELAY_REQUIRE_KEY nothing is open but the probes', async () => {
    const own = await openRelayForTest({ env: { RELAY_REQUIRE_KEY: 'true' } });
    for (const answer of [
      await own.publish('c', 'x'),
      await own.post('/channels', { body: {} }),
      await own.post('/register', { body: { publicKey: newPem() } }),
      await own.get('/channels'),
      await own.get('/publish?channel=c'),
      await own.get('/subscribe?channel=c'),
    ])
      expect(codeOf(answer)).toEqual([401, 'AUTH_REQUIRED']);
    expect((await own.get('/health')).status).toBe(200);
    expect((await own.get('/ready')).status).toBe(200);
    const { key } = await own.makeKey();
    expect((await own.publish('c', 'x', {}, { key })).status).toBe(201);
  });
});

describe('revoking at once', () => {
  test('a public key goes with the key of its owner, as documented', async () => {
    const { key } = await relay.makeKey({ userId: 'owner', permissions: ['write', 'revoke'] });
    const { channelId, publicKeyId } = await register({ key });
    const { status, body } = await relay.remove(`/keys/${channelId}`, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      message: 'Public key revoked successfully',
      data: { deletedId: publicKeyId, channelId },
    });
    expect(codeOf(await relay.get(`/keys/${channelId}`))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await relay.remove(`/keys/${channelId}`, { key }))).toEqual([404, 'NOT_FOUND']);
    const audited = await relay.app.service.db.selectFrom('audit_logs').select(['action', 'target']).execute();
    expect(audited).toContainEqual({ action: 'public_key.revoked', target: `public_key:${publicKeyId}` });
  });

  test('of those who revoke a key at the same moment one does, and it is in the audit log once', async () => {
    const { key: operator, id: operatorId } = await relay.makeKey({ permissions: ['revoke'] });
    const { channelId } = await register();
    const { id } = await relay.makeKey({ userId: 'twice' });
    for (const each of [channelId, id]) {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => relay.remove(`/keys/${each}`, { key: operator })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
    }
    const audited = await relay.app.service.db
      .selectFrom('audit_logs')
      .select('target')
      .where('actor', 'like', `%${operatorId}`)
      .execute();
    expect(audited).toHaveLength(2);
  });

  test('it takes a credential, the permission and the reach', async () => {
    const { token } = await relay.app.makeUser();
    const { key: ofUser } = (await relay.post('/keys', { token, body: { permissions: ['admin', 'revoke'] } })).body
      .data;
    const { key: writer } = await relay.makeKey({ permissions: ['read', 'write'] });
    const { key: operators } = await relay.makeKey({ permissions: ['revoke'] });
    const { channelId } = await register();
    expect(codeOf(await relay.remove(`/keys/${channelId}`))).toEqual([401, 'AUTH_REQUIRED']);
    expect(codeOf(await relay.remove(`/keys/${channelId}`, { key: writer }))).toEqual([403, 'INSUFFICIENT_SCOPE']);
    expect(codeOf(await relay.remove(`/keys/${channelId}`, { key: ofUser }))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await relay.remove(`/keys/${channelId}`, { token }))).toEqual([404, 'NOT_FOUND']);
    expect((await relay.remove(`/keys/${channelId}`, { key: operators })).status).toBe(200);
  });

  test('a relay key is revoked by its owner or the operator, and opens nothing then', async () => {
    const { token } = await relay.app.makeUser();
    const { token: stranger } = await relay.app.makeUser();
    const { key, id } = (await relay.post('/keys', { token, body: {} })).body.data;
    expect(codeOf(await relay.remove(`/keys/${id}`, { token: stranger }))).toEqual([404, 'NOT_FOUND']);
    const headers = { 'content-type': 'application/json' };
    const { body } = await relay.remove(`/keys/${id}`, { token, headers });
    expect(body.data).toEqual({ deletedId: id, channelId: null });
    expect(codeOf(await relay.publish('c', 'x', {}, { key }))).toEqual([401, 'AUTH_FAILED']);
    expect((await relay.get('/keys', { token })).body.data).toEqual([]);
  });
});

describe('revoking in two phases', () => {
  const request = async (own: Relay, more: object = {}) => {
    const { key } = await own.makeKey({ userId: 'owner', permissions: ['write', 'revoke'] });
    const { channelId, publicKeyId } = await register({ key }, own);
    const body = { reason: 'The laptop was lost', ...more };
    const { status, body: answer } = await own.post(`/keys/${channelId}/revoke`, { key, body });
    return { key, channelId, publicKeyId, answered: status, ...answer.data };
  };

  test('it is requested, read and confirmed with its code, in the body or the query', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    for (const inQuery of [false, true]) {
      const { answered, key, channelId, publicKeyId, revocationId, confirmationCode, ...rest } = await request(own);
      expect(answered).toBe(201);
      expect(rest).toEqual({
        keyId: publicKeyId,
        status: 'pending',
        reason: 'The laptop was lost',
        createdAt: '2026-01-20T10:00:00.000Z',
        expiresAt: '2026-01-21T10:00:00.000Z',
      });
      const shown = await own.get(`/keys/${channelId}/revoke`, { key });
      expect(shown.body.data).toEqual({ revocationId, ...rest });
      expect((await own.get(`/keys/${channelId}`)).status).toBe(200);
      const confirmed = inQuery
        ? await own.remove(`/keys/${revocationId}?confirmationCode=${confirmationCode}`, { key })
        : await own.remove(`/keys/${revocationId}`, { key, body: { confirmationCode } });
      expect(confirmed.body.data).toEqual({ deletedId: publicKeyId, channelId });
      expect(codeOf(await own.get(`/keys/${channelId}`))).toEqual([404, 'NOT_FOUND']);
      const again = await own.remove(`/keys/${revocationId}`, { key, body: { confirmationCode } });
      expect(codeOf(again)).toEqual([404, 'NOT_FOUND']);
    }
  });

  test('five wrong codes lock it, for the right one too', async () => {
    const { key, channelId, revocationId, confirmationCode } = await request(relay);
    const confirm = (code: string) => relay.remove(`/keys/${revocationId}`, { key, body: { confirmationCode: code } });
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(codeOf(await confirm('wrong'))).toEqual([400, 'CONFIRMATION_WRONG']);
    expect(codeOf(await confirm(confirmationCode))).toEqual([429, 'CONFIRMATION_LOCKED']);
    expect((await relay.get(`/keys/${channelId}/revoke`, { key })).body.data.status).toBe('locked');
    expect((await relay.get(`/keys/${channelId}`)).status).toBe(200);
  });

  test('it can be cancelled, and a new request takes the place of the one before', async () => {
    const { key, channelId, revocationId, confirmationCode } = await request(relay);
    const cancelled = await relay.post(`/keys/${channelId}/revoke/cancel`, { key });
    expect(cancelled.body.data).toMatchObject({ revocationId, status: 'cancelled' });
    const confirm = (id: string, code: string) =>
      relay.remove(`/keys/${id}`, { key, body: { confirmationCode: code } });
    expect(codeOf(await confirm(revocationId, confirmationCode))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await relay.post(`/keys/${channelId}/revoke/cancel`, { key }))).toEqual([404, 'NOT_FOUND']);
    const body = { reason: 'It really was lost' };
    const ask = async () => (await relay.post(`/keys/${channelId}/revoke`, { key, body })).body.data;
    const [first, second] = [await ask(), await ask()];
    expect(codeOf(await confirm(first.revocationId, first.confirmationCode))).toEqual([404, 'NOT_FOUND']);
    expect((await confirm(second.revocationId, second.confirmationCode)).status).toBe(200);
  });

  test('of requests at the same moment one is pending; of confirmation and cancellation one succeeds', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { key, channelId, publicKeyId } = await request(relay);
      const body = { reason: 'The laptop was lost' };
      const asked = await Promise.all(
        Array.from({ length: 6 }, () => relay.post(`/keys/${channelId}/revoke`, { key, body })),
      );
      expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 201));
      const pending = await relay.app.service.db
        .selectFrom('key_revocations')
        .select('id')
        .where('key_id', '=', publicKeyId)
        .where('status', '=', 'pending')
        .execute();
      expect(pending).toHaveLength(1);
      const ofPending = asked.find(({ body }) => body.data.revocationId === pending[0]?.id) as Answer;
      const { revocationId, confirmationCode } = ofPending.body.data;
      const [confirmed, cancelled, again] = await Promise.all([
        relay.remove(`/keys/${revocationId}`, { key, body: { confirmationCode } }),
        relay.post(`/keys/${channelId}/revoke/cancel`, { key }),
        relay.remove(`/keys/${revocationId}`, { key, body: { confirmationCode } }),
      ]);
      expect([confirmed, cancelled, again].map(({ status }) => status).sort()).toEqual([200, 404, 404]);
      expect((await relay.get(`/keys/${channelId}`)).status).toBe(cancelled.status === 200 ? 200 : 404);
    }
  });

  test('of wrong codes at the same moment no more than five are looked at', async () => {
    const { key, revocationId, confirmationCode } = await request(relay);
    const confirm = (code: string) => relay.remove(`/keys/${revocationId}`, { key, body: { confirmationCode: code } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => confirm('wrong')));
    expect(answers.map(({ status }) => status).sort()).toEqual([400, 400, 400, 400, 400, 429, 429, 429]);
    expect(codeOf(await confirm(confirmationCode))).toEqual([429, 'CONFIRMATION_LOCKED']);
  });

  test('after its hours it cannot be confirmed', async () => {
    const own = await openRelayForTest({ at: '2026-01-20T10:00:00Z' });
    const { key, channelId, revocationId, confirmationCode } = await request(own, { confirmationHours: 1 });
    own.app.clock.advance(3600);
    expect((await own.get(`/keys/${channelId}/revoke`, { key })).body.data.status).toBe('expired');
    const confirmed = await own.remove(`/keys/${revocationId}`, { key, body: { confirmationCode } });
    expect(codeOf(confirmed)).toEqual([404, 'NOT_FOUND']);
  });

  test.each([
    ['a reason of 9 characters', { reason: 'too short' }],
    ['a reason of 1001 characters', { reason: 'r'.repeat(1001) }],
    ['no hours', { reason: 'long enough', confirmationHours: 0 }],
    ['over a year', { reason: 'long enough', confirmationHours: 8761 }],
  ])('%s is refused', async (_, body) => {
    const { key } = await relay.makeKey({ permissions: ['revoke'] });
    const { channelId } = await register();
    expect(codeOf(await relay.post(`/keys/${channelId}/revoke`, { key, body }))).toEqual([400, 'VALIDATION_ERROR']);
  });

  test('who does not reach the key neither requests nor confirms', async () => {
    const { channelId, revocationId, confirmationCode } = await request(relay);
    const { token } = await relay.app.makeUser();
    const { key } = (await relay.post('/keys', { token, body: { permissions: ['revoke'] } })).body.data;
    const body = { reason: 'Not mine at all' };
    expect(codeOf(await relay.post(`/keys/${channelId}/revoke`, { key, body }))).toEqual([404, 'NOT_FOUND']);
    const confirm = (sent: object) => relay.remove(`/keys/${revocationId}`, { ...sent, body: { confirmationCode } });
    expect(codeOf(await confirm({ key }))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await confirm({}))).toEqual([401, 'AUTH_REQUIRED']);
  });
});
