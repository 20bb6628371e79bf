/**
 * Secrets that nobody set: made once and kept beside the embedded database, readable by its owner alone.
 *
 * Rotation replaces the two that only this service knows, and keeps each one before beside it, so that what was signed
 * or sealed with it is still read. The others are known to gateways, schedulers and operators, who change them by hand.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../config.ts';

const NAMES = ['JWT_SECRET', 'SECRETS_KEY', 'EMAIL_WEBHOOK_SECRET', 'ADMIN_MASTER_KEY', 'CRON_SECRET'] as const;

export type Secrets = Record<(typeof NAMES)[number], string> &
  Partial<Record<'JWT_SECRET_PREVIOUS' | 'SECRETS_KEY_PREVIOUS', string>>;

/** 384 bits, more than HS256 can use. */
const SECRET_BYTES = 48;

const newSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

/** The settings with the secrets of `DATA_DIR/secrets.json`, which is made where it lacks some. What was set, holds. */
export function withKeptSecrets(settings: Settings): Settings & { JWT_SECRET: string } {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { ...settings, ...keepSecrets(settings.DATA_DIR), ...given };
}

/** The secrets of `DATA_DIR/secrets.json`; those that it lacks are made. */
export function keepSecrets(dataDir: string): Secrets {
  const kept = read(dataDir);
  const lacking = NAMES.filter((name) => kept[name] === undefined);
  const secrets = { ...kept, ...Object.fromEntries(lacking.map((name) => [name, newSecret()])) } as Secrets;
  if (lacking.length > 0) write(dataDir, secrets);
  return secrets;
}

/** New secrets for signing and sealing. Returns all that hold from now on. */
export function rotateSecrets(dataDir: string): Secrets {
  const { JWT_SECRET, SECRETS_KEY, ...others } = keepSecrets(dataDir);
  const secrets = {
    ...others,
    JWT_SECRET: newSecret(),
    JWT_SECRET_PREVIOUS: JWT_SECRET,
    SECRETS_KEY: newSecret(),
    SECRETS_KEY_PREVIOUS: SECRETS_KEY,
  };
  write(dataDir, secrets);
  return secrets;
}

const fileIn = (dataDir: string): string => path.join(dataDir, 'secrets.json');

const read = (dataDir: string): Partial<Secrets> =>
  existsSync(fileIn(dataDir)) ? JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) : {};

/** Whole or not at all. */
function write(dataDir: string, secrets: Secrets): void {
  mkdirSync(dataDir, { recursive: true });
  const file = fileIn(dataDir);
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flush: true });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
