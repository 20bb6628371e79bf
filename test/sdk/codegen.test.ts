import { expect, test } from 'vitest';
import { accessOf } from '../../contracts/declared.ts';
import { namedRoutes } from '../../contracts/openapi.ts';
import { CcjkCloud } from '../../sdk/src/index.ts';

type Method = (...values: unknown[]) => Promise<unknown>;

const EMPTY_LIST = { pagination: { total: 0, limit: 20, offset: 0, has_more: false }, next_cursor: null };

/** A client whose requests go nowhere; each list answers as an empty page. */
const recordingClient = () => {
  const sent: { method: string; path: string; headers: Headers; body: unknown }[] = [];
  const client = new CcjkCloud({
    baseUrl: 'http://service.test',
    fetch: async (url, { method, headers, body }) => {
      const { pathname, search } = new URL(url);
      sent.push({ method: method!, path: pathname + search, headers: new Headers(headers), body });
      const data = { ...EMPTY_LIST, tasks: [], devices: [] };
      return Response.json({ success: true, data, error: null, meta: { request_id: 'r', timestamp: '' } });
    },
  });
  return { client, sent };
};

const routes = [...namedRoutes()].filter(({ route }) => route.path.startsWith('/v1/'));

test.each(routes)('$operationId is a method that sends what its route takes', async ({ noun, operationId, route }) => {
  const { client, sent } = recordingClient();
  const resource = client[noun as 'tasks'] as unknown as Record<string, Method>;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => `${name}/1`);
  const demanded = operationId === 'daemon.register' ? ['machine-1'] : [];
  const takesBody = 'body' in route && typeof route.body === 'object';

  await resource[operationId.split('.')[1]!]!(...names, ...demanded, ...(takesBody ? [{ a: 1 }] : []));

  expect(sent).toHaveLength(1);
  const [{ method, path, headers, body }] = sent as [(typeof sent)[0]];
  expect(method).toBe(route.method);
  expect(path).toBe(route.path.replace(/:(\w+)/g, '$1%2F1'));
  expect(headers.has('Idempotency-Key')).toBe(accessOf(route).idempotent);
  expect(headers.get('X-Device-ID')).toBe(demanded[0] ?? null);
  const isForm = 'contentType' in route && route.contentType === 'multipart/form-data';
  expect(isForm ? Object.fromEntries(body as FormData) : body).toEqual(
    takesBody ? (isForm ? { a: '1' } : '{"a":1}') : undefined,
  );
});

test.each(['', '.', '..'])('an id %j, which would lead to another route, is refused before it is sent', (id) => {
  const { client, sent } = recordingClient();
  expect(() => client.devices.remove(id)).toThrow(TypeError);
  expect(sent).toEqual([]);
});

test('a list is a page of its items', async () => {
  const { client, sent } = recordingClient();
  const tasks = [];
  for await (const task of client.tasks.list({ status: 'queued' })) tasks.push(task.id);
  expect(tasks).toEqual([]);
  expect(sent[0]!.path).toBe('/v1/tasks?status=queued');
});
