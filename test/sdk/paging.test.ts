import { expect, test } from 'vitest';
import { openService } from './service.ts';

const ids = Array.from({ length: 7 }, (_, index) => ({ id: `task-${index}` }));

/** Seven tasks; the cursor is the index at which a page begins. */
const openList = () =>
  openService(({ query }) => {
    const limit = Number(query.limit ?? 20);
    const begin = Number(query.cursor ?? query.offset ?? 0);
    const has_more = begin + limit < ids.length;
    const pagination = { total: ids.length, limit, offset: begin, has_more };
    const tasks = ids.slice(begin, begin + limit);
    return { data: { tasks, pagination, next_cursor: has_more ? String(begin + limit) : null } };
  });

test('awaiting a list gives its first page', async () => {
  const { client, received } = await openList();
  const page = await client().tasks.list({ limit: 3, status: 'running' });
  expect(page.items).toEqual(ids.slice(0, 3));
  expect(page).toMatchObject({ nextCursor: '3', pagination: { total: 7, has_more: true } });
  expect(received.map(({ query }) => query)).toEqual([{ limit: '3', status: 'running' }]);
});

test('nextPage goes on with the cursor, keeps the filters, drops the offset, and ends with null', async () => {
  const { client, received } = await openList();
  const first = await client().tasks.list({ limit: 3, offset: 2, status: 'running' });
  const second = await first.nextPage();
  expect(second?.items).toEqual(ids.slice(5));
  expect(second?.nextCursor).toBeNull();
  expect(await second?.nextPage()).toBeNull();
  expect(received[1]?.query).toEqual({ limit: '3', status: 'running', cursor: '5' });
});

test('for await walks all pages and fetches each once', async () => {
  const { client, received } = await openList();
  const seen: string[] = [];
  for await (const task of client().tasks.list({ limit: 3 })) seen.push(task.id);
  expect(seen).toEqual(ids.map(({ id }) => id));
  expect(received).toHaveLength(3);
});

test('leaving the loop fetches no further page', async () => {
  const { client, received } = await openList();
  for await (const task of client().tasks.list({ limit: 3 })) if (task.id === 'task-3') break;
  expect(received).toHaveLength(2);
});

test('withResponse gives the page with its response', async () => {
  const { client } = await openList();
  const { data, requestId } = await client().tasks.list({ limit: 3 }).withResponse();
  expect(data.items).toHaveLength(3);
  expect(requestId).toBe('request-1');
});

test('a failure on a later page ends the walk with its error', async () => {
  const { client } = await openService((_, number) =>
    number === 1
      ? { data: { tasks: ids, pagination: {}, next_cursor: 'x' } }
      : { status: 400, fails: 'VALIDATION_ERROR' },
  );
  const walk = async () => {
    for await (const _ of client().tasks.list());
  };
  await expect(walk()).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
});

test('the signal of the call ends the walk', async () => {
  const { client } = await openList();
  const abort = new AbortController();
  const walk = async () => {
    for await (const _ of client().tasks.list({ limit: 3 }, { signal: abort.signal })) abort.abort('enough');
  };
  await expect(walk()).rejects.toBe('enough');
});
