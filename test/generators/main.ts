/**
 * `npm run check:generators`: what strangers do with the document. Spectral finds nothing to warn of; three generators
 * make clients, which pass their type-check; one of these calls a service that runs.
 *
 * The tools of the strangers have a folder, and a lock, of their own, installed when this first runs: the project's own
 * `npm ci` does not bring their 200 MB.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { newDirectory, startServer } from '../acceptance/process.ts';

const workshop = path.join(import.meta.dirname, 'workshop');
const DOCUMENT = '../../../contracts/openapi.json';
const bin = path.join(workshop, 'node_modules/.bin');
// The generators need a newer Node than the machine may have: the one that runs this.
const env = { ...process.env, PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter) };

/** @throws Error when it fails */
function run(step: string, command: string, ...args: string[]): void {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: workshop, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${step} failed:\n${stdout}${stderr}`);
  const said = step === 'three calls' ? `\n${stdout.trim()}` : '';
  console.log(`ok ${step} (${((performance.now() - started) / 1000).toFixed(1)} s)${said}`);
}

if (!existsSync(path.join(bin, 'spectral'))) run('install', 'npm', 'ci', '--ignore-scripts', '--workspaces=false');
rmSync(path.join(workshop, 'generated'), { recursive: true, force: true });
run('spectral:oas, no warning', 'spectral', 'lint', DOCUMENT, '--fail-severity=hint');
run('openapi-typescript', 'openapi-typescript', DOCUMENT, '-o', 'generated/openapi-typescript.ts');
run('@hey-api/openapi-ts', 'openapi-ts', '-i', DOCUMENT, '-o', 'generated/hey-api');
run(
  'swagger-typescript-api',
  ...(['swagger-typescript-api', 'generate', '-p', DOCUMENT, '-o', 'generated/swagger-typescript-api'] as const),
);
run('type-check of all three', 'tsc', '-p', '.');

const dataDir = newDirectory('generators');
const server = await startServer(dataDir);
try {
  run('three calls', process.execPath, 'generated/compiled/calls.js', server.url, randomUUID());
} finally {
  server.process.kill('SIGTERM');
  await server.process.finished;
  rmSync(dataDir, { recursive: true, force: true });
}
