import { expect, test } from 'vitest';
import { contract } from '../../contracts/index.ts';
import type { Access } from '../../contracts/wire.ts';
import { isPublic, isRepeatable } from '../../sdk/src/core/routes.ts';
import type { CallSpec } from '../../sdk/src/index.ts';

const routes = Object.values(contract.cloud)
  .flatMap((router) => Object.values(router))
  .map((route) => {
    const { auth, idempotent } = route.metadata as Access;
    const path = route.path.replaceAll(/:\w+/g, '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa');
    return { method: route.method as CallSpec['method'], template: route.path, path, auth, idempotent };
  });

test('the client sends no credential where the contract asks for none, and only there', () => {
  const open = routes.filter(({ auth }) => auth.length === 0).map(({ path }) => path);
  expect(routes.map(({ path }) => path).filter(isPublic)).toEqual(open);
});

test('of the POSTs without an idempotency key, these are known to be safely repeatable', () => {
  const repeatable = routes.filter((route) => route.method === 'POST' && !route.idempotent && isRepeatable(route));
  expect(repeatable.map(({ template }) => template).sort()).toEqual([
    '/v1/auth/refresh',
    '/v1/config/restore/:backup_id',
    '/v1/daemon/config/restored',
    '/v1/daemon/heartbeat',
    '/v1/daemon/offline',
    '/v1/daemon/tasks/:task_id/result',
    '/v1/daemon/tasks/:task_id/start',
    '/v1/messages/:message_id/read',
    '/v1/messages/read-all',
    '/v1/tasks/:task_id/cancel',
  ]);
});
