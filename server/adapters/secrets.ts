/** Secrets that nobody set: made once and kept beside the embedded database, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const NAMES = ['JWT_SECRET', 'SECRETS_KEY', 'EMAIL_WEBHOOK_SECRET', 'ADMIN_MASTER_KEY', 'CRON_SECRET'] as const;

export type Secrets = Record<(typeof NAMES)[number], string>;

/** 384 bits, more than HS256 can use. */
const SECRET_BYTES = 48;

/** The secrets of `DATA_DIR/secrets.json`; those that it lacks are made. Written whole or not at all. */
export function keepSecrets(dataDir: string): Secrets {
  const file = path.join(dataDir, 'secrets.json');
  const kept: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const lacking = NAMES.filter((name) => kept[name] === undefined);
  const made = lacking.map((name) => [name, randomBytes(SECRET_BYTES).toString('base64url')]);
  const secrets = { ...kept, ...Object.fromEntries(made) } as Secrets;
  if (lacking.length === 0) return secrets;
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  return secrets;
}
