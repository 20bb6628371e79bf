/** Runs harnesses, each in a process of its own, for `npm run proof` (main.ts) and for their tests (proven.ts). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GUARDS } from './guards.ts';
import type { Length, Verdict } from './harness.ts';
import { WITHOUT } from './switched-off.ts';

/** Environment variables of one.ts: the server and the database on it of which each harness gets clones. */
export const POSTGRES = 'PROOF_POSTGRES';
export const TEMPLATE = 'PROOF_TEMPLATE';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SWITCHED_OFF = new URL('./switched-off.ts', import.meta.url).href;

export type Proof = {
  name: string;
  length: Length;
  seed: number;
  /** A guard to switch off, of guards.ts. */
  without?: string | undefined;
  postgres: { adminUrl: string; template: string };
  /** Where its progress goes; by default nowhere. */
  say?: (text: string) => void;
};

/** Throws, with what it said, when the harness broke before its verdict. */
export async function prove({ name, length, seed, without, postgres, say = () => {} }: Proof): Promise<Verdict> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ccjk-proof-'));
  const file = path.join(directory, 'verdict.json');
  let said = '';
  try {
    const child = spawn(process.execPath, ['test/proof/one.ts', file, name, length, String(seed)], {
      cwd: ROOT,
      env: {
        NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules/.cache/compiled'),
        ...process.env,
        [POSTGRES]: postgres.adminUrl,
        [TEMPLATE]: postgres.template,
        // Everything that it starts runs without the guard, too.
        ...(without ? { [WITHOUT]: without, NODE_OPTIONS: `--import=${SWITCHED_OFF}` } : {}),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      say(text);
    });
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`The harness ${name} broke (${signal ?? code}), seed ${seed}:\n${said}`);
    return JSON.parse(readFileSync(file, 'utf8')) as Verdict;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Plans differ in how often they come to where a guard stands. */
const TRIES = 3;

/**
 * Whether the harness finds, with this plan or one of the next, that what the guard keeps is broken without it. That it
 * fails in another way, because it came to too little or the machine is slow, is no sign of that.
 */
export async function notices(proof: Proof & { without: string }): Promise<boolean> {
  const guard = GUARDS[proof.without];
  if (!guard) throw new Error(`There is no guard ${proof.without}`);
  for (let tried = 0; tried < TRIES; tried += 1) {
    const { failures } = await prove({ ...proof, length: 'short', seed: proof.seed + tried });
    if (failures.some((failure) => failure.includes(guard.breaks))) return true;
  }
  return false;
}
