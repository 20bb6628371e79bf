/** Passwords at rest: argon2id, at most two at once, so that a rush of logins leaves the machine to the others. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { Failed } from '../failed.ts';
import type { Passwords } from '../ports.ts';

/** The package declares a const enum, which does not survive type stripping. */
const ARGON2ID = 2 satisfies Algorithm.Argon2id;

/** OWASP's parameters; memory is KiB. 6 ms a hash, measured on one core of a server. */
const COST = { algorithm: ARGON2ID as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const MAX_AT_ONCE = 2;
/** About three seconds of work; who comes later is told to come again. */
const MAX_WAITING = 1000;

/** Of a random password that nobody has kept, at `COST`. */
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$f7jjUhxX+pTSf+C4nI2HHQ$p3pruif8K3DXn4Dkf4lIp8o0xG6FTDnqsS/b0v10ICY';

const waiting: (() => void)[] = [];
let working = 0;

/** Runs `work` when one of the places is free. The places are the process's, not a caller's. */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (working < MAX_AT_ONCE) working += 1;
  else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
  else throw new Failed('SERVICE_UNAVAILABLE', { retryAfterSeconds: 2 });
  try {
    return await work();
  } finally {
    // The place passes to the next in line, so that nobody who comes meanwhile can take it.
    const next = waiting.shift();
    if (next) next();
    else working -= 1;
  }
}

export const passwords: Passwords = {
  hash: (password) => inTurn(() => hash(password, COST)),
  async verify(stored, password) {
    const matches = await inTurn(() => verify(stored ?? NOBODYS_HASH, password));
    return matches && stored !== null;
  },
  pause: (ms) => pause(ms),
};
