/** The package as it would be published: built, packed and installed somewhere else. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../sdk/src/index.ts';

const sdk = fileURLToPath(new URL('../../sdk', import.meta.url));
const env = { ...process.env, PATH: dirname(process.execPath) + delimiter + process.env.PATH };
const run = async (cwd: string, command: string, ...args: string[]) =>
  promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 24 });

type Manifest = { version: string; bin: Record<string, string>; exports: Record<string, unknown> };
let manifest: Manifest;
let build: string;
let packed: { filename: string; files: { path: string }[] };
let project: string;

beforeAll(async () => {
  manifest = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as Manifest;
  project = await mkdtemp(join(tmpdir(), 'ccjk-cloud-package-'));
  build = (await run(sdk, 'npm', 'run', 'build')).stdout;
  const pack = await run(sdk, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', project);
  [packed] = JSON.parse(pack.stdout) as [typeof packed];
  await writeFile(join(project, 'package.json'), '{"private":true}');
  await run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', join(project, packed.filename));
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

const pathsIn = (value: unknown): string[] =>
  typeof value === 'string' ? [value.replace('./', '')] : Object.values(value as object).flatMap(pathsIn);

test('the build keeps to its budget and says so', () => {
  const sizes = [...build.matchAll(/^(.+): (\d+) of (\d+) bytes/gm)].map(([, name, bytes, max]) => [name, bytes, max]);
  expect(sizes.map(([name, , max]) => [name, max])).toEqual([
    ['client', '6144'],
    ['whole package', '40960'],
  ]);
  for (const [, bytes, max] of sizes) expect(Number(bytes)).toBeLessThanOrEqual(Number(max));
});

test('the package holds what it names, and neither sources nor tests', () => {
  const paths = packed.files.map(({ path }) => path);
  const named = [...pathsIn(manifest.exports), ...pathsIn(manifest.bin), 'dist/cli.js'];
  expect(paths).toEqual(expect.arrayContaining([...named, 'README.md', 'CHANGELOG.md', 'LICENSE']));
  for (const path of paths)
    expect(path).toMatch(
      /^(bin\/ccjk-cloud\.js|dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/,
    );
});

test('it exports the client, the daemon and the relay, and has no dependencies', async () => {
  expect(Object.keys(manifest.exports)).toEqual(['.', './daemon', './relay', './package.json']);
  expect(Object.keys(manifest.bin)).toEqual(['ccjk-cloud']);
  expect(Object.keys(manifest).filter((key) => /dependencies/i.test(key))).toEqual([]);
});

test('the changelog of the package has an entry for its version', async () => {
  const changelog = await readFile(join(project, 'node_modules/@ccjk/cloud/CHANGELOG.md'), 'utf8');
  expect(changelog).toContain(`## [${manifest.version}]`);
});

test('the version of the client is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});

test('the client needs nothing of Node', async () => {
  const code = await readFile(join(project, 'node_modules/@ccjk/cloud/dist/index.js'), 'utf8');
  const parts = [...code.matchAll(/from "(.+?)"/g)].map(([, path]) => path ?? '');
  const all = await Promise.all(
    parts.map((path) => readFile(join(project, 'node_modules/@ccjk/cloud/dist', path), 'utf8')),
  );
  for (const text of [code, ...all]) expect(text).not.toMatch(/["']node:|\bprocess\.|\bBuffer\b|\brequire\(/);
});

const look = 'console.log(typeof cloud.CcjkCloud, new cloud.CcjkCloud().tasks instanceof Object, cloud.ApiError.name)';

test('it can be imported', async () => {
  const code = `import * as cloud from '@ccjk/cloud'; ${look}`;
  const { stdout } = await run(project, 'node', '--input-type=module', '-e', code);
  expect(stdout).toBe('function true ApiError\n');
});

test('it can be required', async () => {
  const { stdout } = await run(project, 'node', '-e', `const cloud = require('@ccjk/cloud'); ${look}`);
  expect(stdout).toBe('function true ApiError\n');
});

test('the daemon can be imported and required', async () => {
  const code = "import * as daemon from '@ccjk/cloud/daemon'; console.log(Object.keys(daemon).length > 0)";
  expect((await run(project, 'node', '--input-type=module', '-e', code)).stdout).toBe('true\n');
  const required = "console.log(Object.keys(require('@ccjk/cloud/daemon')).length > 0)";
  expect((await run(project, 'node', '-e', required)).stdout).toBe('true\n');
});

test('the relay can be imported and required, and is loaded by the client when it is called', async () => {
  const seal =
    "relay.generateKeys().then(async ({ publicKey, privateKey }) => console.log(await relay.open(privateKey, await relay.sealTo(publicKey, 'sealed'))))";
  const code = `import * as relay from '@ccjk/cloud/relay'; ${seal}`;
  expect((await run(project, 'node', '--input-type=module', '-e', code)).stdout).toBe('sealed\n');
  expect((await run(project, 'node', '-e', `const relay = require('@ccjk/cloud/relay'); ${seal}`)).stdout).toBe(
    'sealed\n',
  );
  const call = `const fetch = async (url) => Response.json({ success: true, data: new URL(url).pathname });
    new cloud.CcjkCloud({ fetch }).relay.publish({ channel: 'c', message: 'm' }).then(console.log);`;
  const imported = `import * as cloud from '@ccjk/cloud'; ${call}`;
  expect((await run(project, 'node', '--input-type=module', '-e', imported)).stdout).toBe('/api/publish\n');
  expect((await run(project, 'node', '-e', `const cloud = require('@ccjk/cloud'); ${call}`)).stdout).toBe(
    '/api/publish\n',
  );
});

test('errors of the client and of the relay are the same', async () => {
  const code =
    "import * as cloud from '@ccjk/cloud'; import * as relay from '@ccjk/cloud/relay'; console.log(cloud.ApiError === relay.ApiError)";
  expect((await run(project, 'node', '--input-type=module', '-e', code)).stdout).toBe('true\n');
});

test('the published command line finds its own parts', async () => {
  const launcher = join(project, 'node_modules/@ccjk/cloud/bin/ccjk-cloud.js');
  const ran = run(project, 'node', launcher, 'publish', 'c', 'm', '--url', 'http://127.0.0.1:1');
  await expect(ran).rejects.toMatchObject({
    code: 4,
    stderr: expect.stringContaining('No answer from http://127.0.0.1:1'),
  });
});

/** The examples of the README, each as a function of its own, after what they take for given. */
const readmeAsProgram = (readme: string): string => {
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const imports = examples.flatMap((code) => code.match(/^import .*;$/gm) ?? []);
  const bodies = examples.map((code) => code.replace(/^import .*;$/gm, ''));
  return `
    import { ApiError, type NewTask } from '@ccjk/cloud';
    import { openAsBlob } from 'node:fs';
    import { writeFile } from 'node:fs/promises';
    ${imports.join('\n')}
    declare const baseUrl: string, deviceKey: string, task_id: string, id: string, logId: string;
    declare const email: string, password: string, saved: { token: string; refresh_token: string } & string;
    declare const client: CcjkCloud, relay: CcjkRelay, device: { id: string }, task: NewTask, signal: AbortSignal;
    declare function alert(text: string): void;
    declare function render(): void;
    ${bodies.map((body, index) => `export async function example${index}() {\n${body}\n}`).join('\n')}`;
};

test('a stranger who copies the README gets a program that compiles, in both kinds of modules', async () => {
  const program = readmeAsProgram(await readFile(join(sdk, 'README.md'), 'utf8'));
  for (const name of ['readme.mts', 'readme.cts']) await writeFile(join(project, name), program);
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ module: 'NodeNext', target: 'ES2024', types: ['node'], typeRoots: [join(sdk, '../node_modules/@types')] },
  };
  const files = ['readme.mts', 'readme.cts'];
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { stdout } = await run(project, join(sdk, '../node_modules/.bin/tsc'), '-p', '.').catch((error) => error);
  expect(stdout).toBe('');
}, 60_000);

/** Starts the launcher at `path` as if on another Node. */
const launchOn = (version: string, path: string) => {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    await import(${JSON.stringify(path)});`;
  return run(project, 'node', '--input-type=module', '-e', code);
};

test.each(['18.20.4', '16.0.0'])('the published command line says on Node %s what to do', async (version) => {
  const launcher = join(project, 'node_modules/@ccjk/cloud/bin/ccjk-cloud.js');
  await expect(launchOn(version, launcher)).rejects.toMatchObject({
    code: 1,
    stderr: `Node ${version} is too old for ccjk-cloud: install Node 20 or newer from https://nodejs.org and try again.\n`,
  });
});

test('in the clone the command line says on a Node without TypeScript to use npx, and runs on a newer one', async () => {
  const clone = join(project, 'clone');
  await mkdir(join(clone, 'src/cli'), { recursive: true });
  await cp(join(sdk, 'bin'), join(clone, 'bin'), { recursive: true });
  await writeFile(join(clone, 'package.json'), '{"type":"module"}');
  await writeFile(join(clone, 'src/cli/main.ts'), 'console.log("from the source" as string);');
  const launcher = join(clone, 'bin/ccjk-cloud.js');
  await expect(launchOn('22.17.9', launcher)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Node 22\.17\.9 is too old .*"npx ccjk-cloud".*\n$/),
  });
  expect((await launchOn('22.18.0', launcher)).stdout).toBe('from the source\n');
});
