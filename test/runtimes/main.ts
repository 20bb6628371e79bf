/**
 * `npm run check:runtimes`: the packed SDK in every runtime that can be had here, each with real calls to a service, and
 * the daemon's entry where processes can be started. Prints a matrix; ends with 1 when one fails. What cannot be had is
 * said, and is no failure.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { newDirectory, ROOT, startServer } from '../acceptance/process.ts';
import { CHROMIUM, openBrowser } from '../setup/browser.ts';

const RUN_WITHIN_MS = 60_000;
const here = `${process.platform}-${process.arch}`;

/** Packages that bring a runtime as a binary, and where in them it is. */
const RUNTIMES = [
  { name: 'Node 20', install: `node20@npm:node-${here}@20.8.0`, binary: 'node20/bin/node' },
  { name: 'Node 22', install: `node22@npm:node-${here}@22.23.3`, binary: 'node22/bin/node' },
  { name: 'Bun', install: 'bun@1.4.5', binary: `@oven/bun-${here}/bin/bun` },
  { name: 'Deno', install: 'deno@2.9.6', binary: `@deno/${here}-glibc/deno`, before: ['run', '--allow-all'] },
];

const project = newDirectory('runtimes');
const at = (...parts: string[]): string => path.join(project, ...parts);
const env = { ...process.env, PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter) };
const run = (cwd: string, command: string, args: string[]) =>
  promisify(execFile)(command, args, { cwd, env, timeout: RUN_WITHIN_MS * 3, maxBuffer: 2 ** 24 });

const outcomes: { runtime: string; outcome: string; hasFailed: boolean }[] = [];
const report = (runtime: string, outcome: string, hasFailed = false): void => {
  outcomes.push({ runtime, outcome, hasFailed });
  console.log(`${hasFailed ? 'FAIL' : 'ok  '} ${runtime.padEnd(20)} ${outcome}`);
};

/** Runs `work`, which says what it did. */
async function attempt(runtime: string, work: () => Promise<string>): Promise<void> {
  try {
    report(runtime, await work());
  } catch (error) {
    report(runtime, `failed: ${error instanceof Error ? error.message : error}`, true);
  }
}

await run(path.join(ROOT, 'sdk'), 'npm', ['run', 'build']);
const packed = await run(path.join(ROOT, 'sdk'), 'npm', [
  'pack',
  '--ignore-scripts',
  '--json',
  '--pack-destination',
  project,
]);
const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
writeFileSync(at('package.json'), '{"private":true,"type":"module"}');
await run(project, 'npm', ['install', '--offline', '--no-audit', '--no-fund', at(filename)]);
cpSync(path.join(import.meta.dirname, 'calls.mjs'), at('calls.mjs'));
writeFileSync(
  at('main.mjs'),
  `import * as cloud from '@ccjk/cloud';
import { runDaemon } from '@ccjk/cloud/daemon';
import { callService } from './calls.mjs';
if (typeof runDaemon !== 'function') throw new Error('There is no daemon');
console.log(await callService(cloud, process.argv[2], process.argv[3]));
process.exit(0);
`,
);

const pages = createServer((request, response) => {
  const file = request.url === '/' ? undefined : at(request.url?.slice(1) ?? '');
  response.setHeader('content-type', file ? 'text/javascript' : 'text/html');
  response.end(file && existsSync(file) ? readFileSync(file) : '<!doctype html><title>SDK</title>');
});
await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

const dataDir = newDirectory('runtimes-data');
const server = await startServer(dataDir, { CORS_ORIGINS: origin });
const argumentsOf = (file: string): string[] => [file, server.url, `r-${randomUUID()}`];
try {
  await attempt(`Node ${process.versions.node}`, async () => {
    return (await run(project, process.execPath, argumentsOf('main.mjs'))).stdout.trim();
  });
  for (const { name, install, binary, before = [] } of RUNTIMES) {
    const file = at('runtimes/node_modules', binary);
    await run(project, 'npm', ['install', '--prefix', at('runtimes'), '--ignore-scripts', '--no-save', install]).catch(
      () => {},
    );
    // npm takes what a call before installed for superfluous, so each runtime is used at once.
    if (!existsSync(file)) report(name, 'not to be had here');
    else
      await attempt(name, async () =>
        (await run(project, file, [...before, ...argumentsOf('main.mjs')])).stdout.trim(),
      );
  }
  if (CHROMIUM) await inBrowser();
  else report('Browser and worker', 'not to be had here');
} finally {
  server.process.kill('SIGTERM');
  await server.process.finished;
  pages.close();
  for (const folder of [project, dataDir]) rmSync(folder, { recursive: true, force: true });
}
process.exitCode = outcomes.some(({ hasFailed }) => hasFailed) ? 1 : 0;

/** A page of another origin imports the package as it is, and so does a worker of it. */
async function inBrowser(): Promise<void> {
  const imports = `Promise.all([import('${origin}/node_modules/@ccjk/cloud/dist/index.js'), import('${origin}/calls.mjs')])`;
  /** `name` is an expression. */
  const calling = (name: string) =>
    `${imports}.then(([cloud, { callService }]) => callService(cloud, '${server.url}', ${name}))`;
  writeFileSync(
    at('worker.js'),
    `onmessage = ({ data }) => ${calling('data')}.then(postMessage, (error) => postMessage('failed: ' + error));`,
  );
  const page = await openBrowser();
  try {
    await page.open(origin);
    await page.until(`location.origin === '${origin}' && document.title === 'SDK'`);
    await attempt('Browser (Chromium)', () => page.evaluate<string>(calling(`'r-${randomUUID()}'`)));
    await attempt('Worker (Chromium)', async () => {
      const said = await page.evaluate<string>(`new Promise((resolve) => {
        const worker = new Worker('${origin}/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve('failed: ' + message);
        worker.postMessage('r-${randomUUID()}');
      })`);
      if (said.startsWith('failed')) throw new Error(said);
      return said;
    });
  } finally {
    await page.close();
  }
}
