/**
 * The Dockerfile without Docker: carries its steps out in empty folders, as another user where this one is root, and runs
 * what came of it against a PostgreSQL, with nothing of the repository in reach and nothing to write to but /data and /tmp.
 *
 *   node test/extended/image.ts       a minute, and the npm registry
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres } from '../../server/adapters/postgres-embedded.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** `nobody` of Debian. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const asSomebody = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const directory = mkdtempSync(path.join(tmpdir(), 'ccjk-image-'));
chmodSync(directory, 0o711);

type Stage = {
  name: string;
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  entry: string[];
  health: string[];
};

const stages: Stage[] = [];

const step = (instruction: string, rest: string): void => {
  if (instruction === 'FROM') {
    const [, name = `stage${stages.length}`] = / AS (\w+)/.exec(rest) ?? [];
    const root = path.join(directory, name);
    mkdirSync(root);
    give(root);
    stages.push({ name, root, workdir: '/', env: {}, user: 'root', entry: [], health: [] });
    return;
  }
  const stage = stages.at(-1) as Stage;
  const inStage = (file: string) => path.join(stage.root, path.resolve(stage.workdir, file));
  if (instruction === 'WORKDIR') {
    stage.workdir = rest;
    mkdirSync(inStage('.'), { recursive: true });
    give(inStage('.'));
  } else if (instruction === 'COPY') {
    const [, from] = /--from=(\w+)/.exec(rest) ?? [];
    const words = rest.split(' ').filter((word) => !word.startsWith('--'));
    const target = words.pop() as string;
    const origin = from ? (stages.find(({ name }) => name === from) as Stage).root : ROOT;
    for (const word of words) {
      const to = target.endsWith('/') ? path.join(target, path.basename(word)) : target;
      cpSync(path.join(origin, word), inStage(to), { recursive: true, verbatimSymlinks: true });
    }
    give(inStage('.'));
  } else if (instruction === 'ENV') {
    for (const pair of rest.split(' ')) stage.env[pair.split('=')[0] as string] = pair.split('=')[1] as string;
  } else if (instruction === 'RUN') {
    // The one command that names a place outside of the stage.
    const command = rest.replaceAll(' /data', ` ${inStage('/data')}`).replace(/ && chown \S+ \S+$/, '');
    execFileSync('sh', ['-c', command], {
      cwd: inStage('.'),
      env: { ...bare(stage), ...toRegistry },
      stdio: 'inherit',
      ...asSomebody,
    });
  } else if (instruction === 'USER') stage.user = rest;
  else if (instruction === 'ENTRYPOINT') stage.entry = JSON.parse(rest);
  else if (instruction === 'HEALTHCHECK') stage.health = JSON.parse(/CMD (\[.*\])/.exec(rest)?.[1] ?? '[]');
};

const give = (place: string): void => {
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, place]);
};

/** Node and npm, and nothing of ours. */
const bare = ({ root, env }: Stage): Record<string, string> => ({
  ...env,
  PATH: `${path.dirname(process.execPath)}:${process.env.PATH?.split(':')
    .filter((each) => !each.includes('node_modules'))
    .join(':')}`,
  HOME: root,
  TMPDIR: path.join(root, 'tmp'),
  DATA_DIR: path.join(root, 'data'),
});

/** As `read_only: true` with `tmpfs: [/tmp]` and the volume /data. */
function makeReadOnly({ root }: Stage): void {
  const writable = ['tmp', 'data'].map((name) => path.join(root, name));
  mkdirSync(path.join(root, 'tmp'));
  execFileSync('chmod', ['-R', 'a-w', root]);
  execFileSync('chmod', ['-R', 'u+w', ...writable]);
  for (const place of writable) give(place);
  const trial = `require('fs').writeFileSync(${JSON.stringify(path.join(root, 'trial'))}, '')`;
  if (spawnSync(process.execPath, ['-e', trial], asSomebody).status === 0)
    throw new Error('The root can be written to');
}

/** How this machine reaches the registry. */
const toRegistry = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy|npm_config_registry)$/i.test(name),
  ),
);

const lineOf = async (child: ChildProcess, pattern: string): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.includes(pattern)) return line;
  }
  throw new Error(`It ended before it said ${pattern}`);
};

const postgres = await startEmbeddedPostgres({ dataDir: path.join(directory, 'database') });
try {
  const written = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '');
  for (const line of written.split('\n')) {
    const [, instruction, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (instruction && rest) step(instruction, rest);
  }
  const image = stages.at(-1) as Stage;
  const cwd = path.join(image.root, image.workdir);
  if (existsSync(path.join(cwd, 'node_modules/vitest'))) throw new Error('The image has what is only for development');

  makeReadOnly(image);
  const env = {
    ...bare(image),
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: postgres.url,
    JWT_SECRET: 'j'.repeat(48),
    MAIL_DOMAIN: 'tasks.example.org',
    MAIL_PORT: '0',
  };
  for (const role of ['api', 'worker', 'mail']) {
    const [, ...words] = image.entry as [string, ...string[]];
    const child = spawn(process.execPath, [...words, '--role', role], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      ...asSomebody,
    });
    const ended = once(child, 'exit');
    const said = role === 'mail' ? '"msg":"mail is taken' : '"msg":"ready';
    const { url, port } = JSON.parse(await lineOf(child, said)) as { url?: string; port?: number };
    // Nobody listens on port 1.
    const found = { PORT: url ? new URL(url).port : '1', MAIL_PORT: String(port ?? 1) };
    const [, ...check] = image.health as [string, ...string[]];
    execFileSync(process.execPath, check, { cwd, env: { ...env, ...found }, ...asSomebody });
    child.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error(`${role} ended with ${code}`);
    console.log(`${role}: started, healthy, stopped`);
  }
} finally {
  await postgres.stop();
  rmSync(postgres.area, { recursive: true, force: true });
  execFileSync('chmod', ['-R', 'u+w', directory]);
  rmSync(directory, { recursive: true, force: true });
}
