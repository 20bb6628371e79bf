/** A program that was written against the last released document goes on working, or the CHANGELOG says why not. */
import { readFileSync } from 'node:fs';
import type { OpenAPIObject } from 'openapi3-ts/oas31';
import { expect, test } from 'vitest';
import { breakingChanges } from '../../contracts/breaking-changes.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const today = JSON.parse(read('contracts/openapi.json')) as OpenAPIObject;
const [, unreleased = ''] = /^## \[Unreleased\]\n(.*?)(?=^## \[|$(?![\s\S]))/ms.exec(read('CHANGELOG.md')) ?? [];

test('nothing that was released is broken without a line under Unreleased in CHANGELOG.md', () => {
  const released = JSON.parse(read('contracts/openapi.released.json')) as OpenAPIObject;
  const unnamed = breakingChanges(released, today).filter((change) => !unreleased.includes(`\`${change}\``));
  expect(unnamed, 'name each in backticks, or take it back').toEqual([]);
});

/** As much of the document as the tests change. */
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required: string[]; properties: Record<string, { enum?: string[] }> }> };
};
type Operation = { parameters: unknown[]; security: unknown[]; responses: Record<string, unknown> };

/** The document of today, changed by `change`. */
const changed = (change: (document: Document) => void): OpenAPIObject => {
  const copy = structuredClone(today) as unknown as Document;
  change(copy);
  return copy as unknown as OpenAPIObject;
};

test.each<[string, (document: Document) => void, string]>([
  [
    'an operation that is gone',
    ({ paths }) => delete paths['/v1/stats/summary'],
    'GET /v1/stats/summary (stats.summary) is gone',
  ],
  [
    'another name of an operation, from which clients make methods',
    ({ paths }) => Object.assign(paths['/v1/stats/summary']!.get!, { operationId: 'stats.total' }),
    'stats.summary is now named stats.total',
  ],
  [
    'a parameter that is gone',
    ({ paths }) => paths['/v1/stats/summary']!.get!.parameters.shift(),
    'stats.summary takes: query period is gone',
  ],
  [
    'a parameter that is wanted now',
    ({ paths }) =>
      paths['/v1/stats/summary']!.get!.parameters.push({ name: 'zone', in: 'query', required: true, schema: {} }),
    'stats.summary takes: query zone is required',
  ],
  [
    'a field of a request that is gone',
    ({ components }) => delete components.schemas.NewTask!.properties.grace_seconds,
    'tasks.create takes: grace_seconds is gone',
  ],
  [
    'a field of a request that is wanted now, inside of another',
    ({ components }) => components.schemas.NewTask!.required.push('timeout'),
    'tasks.createBatch takes: tasks[].timeout is required',
  ],
  [
    'a value that a request may no longer have',
    ({ components }) => components.schemas.NewTask!.properties.type!.enum!.pop(),
    'tasks.create takes: type no longer takes "custom"',
  ],
  [
    'a narrower bound of a request',
    ({ components }) => Object.assign(components.schemas.NewTask!.properties.priority!, { maximum: 9 }),
    'tasks.create takes: priority has a maximum of 9 where it had 10',
  ],
  [
    'a success that is gone',
    ({ paths }) => delete paths['/v1/daemon/register']!.post!.responses['200'],
    'daemon.register answers 200: is gone',
  ],
  [
    'a field of an answer that is gone',
    ({ components }) => delete components.schemas.Task!.properties.stdout,
    'tasks.get answers 200: data.stdout is gone',
  ],
  [
    'a field of an answer that may be missing now',
    ({ components }) => components.schemas.Task!.required.splice(0, 1),
    'tasks.get answers 200: data.id may be missing',
  ],
  [
    'a field of an answer that may be null now',
    ({ components }) =>
      Object.assign(components.schemas.TaskSummary!.properties.command!, { type: ['string', 'null'] }),
    'tasks.list answers 200: data.tasks[].command is string or null where it was string',
  ],
  [
    'a credential that no longer opens it',
    ({ paths }) => paths['/v1/tasks']!.get!.security.pop(),
    'tasks.list is no longer open to apiKey',
  ],
  [
    'another scope',
    ({ paths }) => Object.assign(paths['/v1/tasks']!.get!, { 'x-required-scope': 'task:admin' }),
    'tasks.list asks for task:admin where it asked for task:read',
  ],
  [
    'a credential where none was asked for',
    ({ paths }) => Object.assign(paths['/v1/auth/login']!.post!, { security: [{ apiKey: [] }] }),
    'auth.login asks for a credential',
  ],
])('%s is a break', (_, change, sentence) => {
  expect(breakingChanges(today, changed(change))).toContain(sentence);
});

test('what only adds breaks nothing, and neither does the document of today', () => {
  const richer = changed(({ paths, components }) => {
    paths['/v1/new'] = { get: paths['/v1/tasks']!.get! };
    paths['/v1/tasks']!.get!.parameters.push({ name: 'order', in: 'query', required: false, schema: {} });
    components.schemas.NewTask!.properties.note = {};
    components.schemas.Task!.properties.note = {};
    components.schemas.Task!.required.push('note');
    components.schemas.Task!.properties.status!.enum!.push('paused');
    Object.assign(components.schemas.NewTask!.properties.priority!, { maximum: 11 });
  });
  expect(breakingChanges(today, richer)).toEqual([]);
});
