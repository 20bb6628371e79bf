/** One harness in a process of its own: `node one.ts VERDICT_FILE NAME LENGTH SEED`, started by prove.ts. */

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { databaseUrl, withClient } from '../setup/cluster.ts';
import { GUARDS } from './guards.ts';
import { type Harness, judge, type Length } from './harness.ts';
import { POSTGRES, TEMPLATE } from './prove.ts';
import { WITHOUT } from './switched-off.ts';

/** Any fixed number: PostgreSQL makes one clone of a template at a time, and fails the others. */
const CLONE_LOCK = 5_120_417;

const [file, name, length, seed] = process.argv.slice(2) as [string, string, Length, string];
const adminUrl = process.env[POSTGRES] as string;
const template = process.env[TEMPLATE] as string;

const without = process.env[WITHOUT];
// Without its guard it ends in the middle of its work, and what that still waits for then fails.
if (without) process.on('unhandledRejection', () => {});

const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => reject(new Error(`It got ${signal}`)));
});

const { harness } = (await import(`./${name}.ts`)) as { harness: Harness };
const verdict = await judge(harness, {
  name,
  length,
  seed: Number(seed),
  without,
  breaks: without && GUARDS[without]?.breaks,
  database,
  interrupted,
  say: (line) => console.error(`      ${name}: ${line}`),
});
writeFileSync(file, JSON.stringify(verdict));
// What a harness has broken on purpose may hold the process open.
process.exit(0);

async function database() {
  const database = `proof_${randomBytes(8).toString('hex')}`;
  await withClient(adminUrl, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [CLONE_LOCK]);
    await admin.query(`create database ${database} template ${template} strategy file_copy`);
  });
  const drop = () =>
    withClient(adminUrl, async (admin) => void (await admin.query(`drop database if exists ${database} with (force)`)));
  return { url: databaseUrl(adminUrl, database), drop };
}
