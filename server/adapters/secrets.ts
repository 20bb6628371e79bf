/** Secrets that nobody set: made once and kept beside the embedded database, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type Secrets = { JWT_SECRET: string };

/** 384 bits, more than HS256 can use. */
const SECRET_BYTES = 48;

/** The secrets of `DATA_DIR/secrets.json`, made if they are not there. Written whole or not at all. */
export function keepSecrets(dataDir: string): Secrets {
  const file = path.join(dataDir, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const secrets: Secrets = { JWT_SECRET: randomBytes(SECRET_BYTES).toString('base64url') };
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  return secrets;
}
