/** The arrows between the rooms. Read with server/README.md, which says why each may go where it goes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Room → what it may import besides itself. A path ending in `/` is a folder; one file may see less than its room. */
const ARROWS: Record<string, readonly string[]> = {
  'contracts/': [],
  'server/failed.ts': ['contracts/failures.ts'],
  'server/config.ts': [],
  'server/version.ts': [],
  'server/context.ts': [
    'server/ports.ts',
    'contracts/wire.ts',
    'server/config.ts',
    'server/db/',
    'server/domain/plans.ts',
  ],
  'server/ports.ts': ['server/db/'],
  'server/db/': ['migrations/'],
  'server/domain/': [
    'contracts/failures.ts',
    'contracts/wire.ts',
    'server/context.ts',
    'server/ports.ts',
    'server/failed.ts',
    'server/config.ts',
    'server/db/',
  ],
  'server/adapters/': [
    'server/context.ts',
    'server/ports.ts',
    'server/failed.ts',
    'server/config.ts',
    'server/domain/',
    'server/db/',
    'server/jobs/registry.ts',
  ],
  'server/realtime/': [
    'contracts/',
    'server/context.ts',
    'server/ports.ts',
    'server/failed.ts',
    'server/config.ts',
    'server/domain/',
    'server/db/',
  ],
  'server/jobs/': [
    'server/context.ts',
    'server/ports.ts',
    'server/failed.ts',
    'server/config.ts',
    'server/domain/',
    'server/db/',
  ],
  'server/metrics/': ['server/context.ts', 'server/ports.ts', 'server/db/'],
  'server/tracing/': ['server/context.ts', 'server/ports.ts'],
  'server/http/': [
    'contracts/',
    'server/metrics/',
    'server/context.ts',
    'server/ports.ts',
    'server/failed.ts',
    'server/config.ts',
    'server/domain/',
    'server/db/',
    'server/realtime/',
  ],
  'server/app.ts': ['contracts/', 'server/'],
  'server/deps.ts': ['contracts/', 'server/'],
  'server/configuration-table.ts': ['server/config.ts'],
  'server/run.ts': ['server/'],
  'server/main.ts': ['server/run.ts'],
  'server/admin.ts': ['server/admin/'],
  'server/admin/': ['server/'],
  'sdk/src/core/': ['sdk/src/generated/'],
  // A client has a relay, which it loads when it is called.
  'sdk/src/core/client.ts': ['sdk/src/core/', 'sdk/src/generated/', 'sdk/src/relay/relay-client.ts'],
  'sdk/src/core/lazy-relay.ts': ['sdk/src/core/', 'sdk/src/relay/relay-client.ts'],
  'sdk/src/generated/': ['sdk/src/core/'],
  'sdk/src/relay/': ['sdk/src/core/', 'sdk/src/generated/'],
  'sdk/src/daemon/': ['sdk/src/core/', 'sdk/src/generated/', 'sdk/src/index.ts'],
  'sdk/src/cli/': ['sdk/src/core/', 'sdk/src/generated/', 'sdk/src/daemon/', 'sdk/src/relay/', 'sdk/src/index.ts'],
  'sdk/src/index.ts': ['sdk/src/'],
  'sdk/codegen/': [],
  'sdk/build/': [],
  'sdk/examples/': ['sdk/src/relay/index.ts', 'sdk/src/daemon/index.ts', 'sdk/src/index.ts'],
  'migrations/': [],
  'test/acceptance/': ['sdk/src/'],
  // Reads contracts/openapi.json and nothing else of this repository.
  'test/conformance/': [],
};

/** The one file of each kind that knows a library which could be replaced. */
const KEEPERS: Record<string, string> = {
  '@ts-rest/fastify': 'server/http/',
  'pg-boss': 'server/',
  'prom-client': 'server/metrics/',
  'openapi3-ts': 'contracts/ server/http/reference.ts server/http/llms-txt.ts',
};

const sources = ['contracts', 'server', 'sdk', 'migrations', 'test/acceptance', 'test/conformance'].flatMap((room) =>
  filesOf(room),
);

function filesOf(room: string): string[] {
  const found = readdirSync(path.join(ROOT, room), { recursive: true, withFileTypes: true, encoding: 'utf8' });
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file) && !/\.(test|config)\.ts$/.test(file));
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g;

const importsOf = (file: string): string[] =>
  [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(IMPORT)].map(
    ([, from, lazy, bare]) => from ?? lazy ?? bare ?? '',
  );

const within = (file: string, place: string): boolean =>
  place.endsWith('/') ? file.startsWith(place) : file === place;

/** The most exact rule that names the file. */
const ruleOf = (file: string): string | undefined =>
  Object.keys(ARROWS)
    .filter((place) => within(file, place))
    .sort((a, b) => b.length - a.length)[0];

test('every source file stands in a room of the plan', () => {
  expect(sources.filter((file) => !ruleOf(file))).toEqual([]);
  expect(sources.length).toBeGreaterThan(80);
});

test('imports follow the arrows', () => {
  const wrong = sources.flatMap((file) => {
    const rule = ruleOf(file) as string;
    return (
      importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => path.join(path.dirname(file), target))
        .filter((target) => ![rule, ...(ARROWS[rule] as string[])].some((place) => within(target, place)))
        // What a template of generated code imports is no file here; what is misspelt, the compiler names.
        .filter((target) => target.endsWith('.ts') && existsSync(path.join(ROOT, target)))
        .map((target) => `${file} → ${target}`)
    );
  });
  expect(wrong).toEqual([]);
});

test('the contract knows no library but zod, ts-rest and the builder of the document', () => {
  const allowed = /^(zod|@ts-rest\/core|openapi3-ts\/oas31|node:.*|\..*)$/;
  const strangers = sources
    .filter((file) => file.startsWith('contracts/'))
    .flatMap((file) => importsOf(file).map((target) => [file, target] as const))
    .filter(([, target]) => !allowed.test(target));
  expect(strangers).toEqual([]);
});

test('the domain knows neither Fastify nor an adapter nor a client library', () => {
  const allowed = /^(kysely|node:(crypto|net|buffer|events|stream|zlib)|\..*)$/;
  const strangers = sources
    .filter((file) => file.startsWith('server/domain/'))
    .flatMap((file) => importsOf(file).map((target) => `${file} → ${target}`))
    .filter((arrow) => !allowed.test(arrow.split(' → ')[1] as string));
  expect(strangers).toEqual([]);
});

test('the published package imports nothing but Node and itself', () => {
  const strangers = sources
    .filter((file) => file.startsWith('sdk/src/'))
    .flatMap((file) => importsOf(file).map((target) => [file, target] as const))
    .filter(([, target]) => !/^(node:|\.)/.test(target));
  expect(strangers).toEqual([]);
});

test('the environment is read in one file of the service', () => {
  const readers = sources
    .filter((file) => file.startsWith('server/'))
    .filter((file) => /process\.env/.test(readFileSync(path.join(ROOT, file), 'utf8')));
  expect(readers).toEqual(['server/admin.ts', 'server/run.ts']);
});

test.each(Object.entries(KEEPERS))('%s is known only in its place', (library, places) => {
  const knowing = sources.filter((file) =>
    importsOf(file).some((target) => target === library || target.startsWith(`${library}/`)),
  );
  const outside = knowing.filter((file) => !places.split(' ').some((place) => within(file, place)));
  expect(outside).toEqual([]);
});

test('what measures and what traces is loaded where it is asked for, and nowhere else', () => {
  const rooms = /^\s*import (?!type )[^;]*?from ['"][./]*\/(metrics\/metrics|tracing\/tracing)\.ts['"]/m;
  const loading = sources
    .filter((file) => file.startsWith('server/'))
    .filter((file) => rooms.test(readFileSync(path.join(ROOT, file), 'utf8')));
  expect(loading).toEqual([]);
});

test('no room is a drawer for what has no name', () => {
  const drawers = sources.filter((file) =>
    /(^|\/)(utils?|common|helpers?|types|services|misc|shared)(\/|\.ts$)/.test(file),
  );
  expect(drawers.filter((file) => !file.startsWith('sdk/src/generated/'))).toEqual([]);
});
