/** What an editor shows of each public method: held here, as no compiler asks for it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const sourceOf = (path: string): string => readFileSync(new URL(`../../sdk/src/${path}`, import.meta.url), 'utf8');

const METHOD = /(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(?:async \*?)?([a-z]\w*)(?:<.*>)?\((?:.* \{)?$/gm;
const FUNCTION = /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export (?:async )?function\*? (\w+)/gm;

/** Those of a promise are everybody's. */
const KNOWN = ['constructor', 'then', 'catch', 'finally'];

const documented = (paths: readonly string[], pattern: RegExp) =>
  paths.flatMap((path) =>
    [...sourceOf(path).matchAll(pattern)]
      .map(([, documentation = '', name = '']) => ({ path, name, documentation }))
      .filter(({ name }) => !KNOWN.includes(name)),
  );

const generated = documented(['generated/resources.ts', 'generated/relay.ts'], METHOD);
const calls = documented(['core/followable-tasks.ts', 'relay/relay-client.ts'], METHOD);
const others = [
  ...documented(['core/client.ts', 'core/socket.ts', 'core/api-promise.ts'], METHOD),
  ...documented(['relay/sealing.ts', 'daemon/index.ts'], FUNCTION),
];

test('the methods are found', () => {
  expect(generated.length).toBeGreaterThan(70);
  expect(calls.map(({ name }) => name)).toEqual(expect.arrayContaining(['follow', 'subscribe', 'confirm']));
  expect(others.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['connect', 'request', 'on', 'withResponse', 'sealTo', 'open', 'runDaemon']),
  );
});

test.each(generated)('$path: $name says its route, what it returns and throws, and shows an example', ({
  documentation,
}) => {
  expect(documentation).toMatch(/^ {3}\* `(GET|POST|PUT|PATCH|DELETE) \/\S+`$/m);
  expect(documentation).toMatch(/^ {3}\* @returns [A-Z]/m);
  expect(documentation).toMatch(/^ {3}\* @throws \{ApiError\} \d{3} [A-Z_]+/m);
  expect(documentation).toMatch(/^ {3}\* @example\n.*await/m);
});

test.each(calls)('$path: $name says its route and what it throws, and shows an example', ({ documentation }) => {
  expect(documentation).toMatch(/`(GET|POST|DELETE) \/\S+`/);
  expect(documentation).toMatch(/@throws/);
  expect(documentation).toMatch(/@example\n/);
});

test.each(others)('$path: $name is explained and shows an example', ({ documentation }) => {
  expect(documentation).toMatch(/[a-z]{3}.*\./);
  expect(documentation).toMatch(/@example\n/);
});
