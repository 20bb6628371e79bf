/**
 * The secrets that the service hands out: signed access tokens, refresh tokens, the keys of users, devices and the relay,
 * mailed tokens and tickets.
 * With JWT_SECRET_PREVIOUS set, what the secret before has signed is still accepted, and nothing new is signed with it.
 */
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { type CryptoKey, errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { Failed } from '../failed.ts';
import type { AccessClaims, Tokens } from '../ports.ts';

const ALGORITHM = 'HS256';
const ISSUER = 'ccjk-cloud';
const AUDIENCE = 'ccjk-cloud';
/** In the header and in the claims: no other token that the secret may ever sign passes for an access token. */
const TYPE = 'access';

/** 256 bit. */
const SECRET_BYTES = 32;
/** 128 bit: five guesses are allowed. */
const CODE_BYTES = 16;

/** Names what the derived key is for, so that it serves nothing else. Changing it ends the repeats of that minute. */
const SUCCESSOR_LABEL = 'ccjk-cloud refresh token successor';
/** The same for what knows requests again. Changing it ends the repeats of that day. */
const REQUEST_LABEL = 'ccjk-cloud request body';

const Claims = z.object({ sub: z.guid(), sid: z.guid(), jti: z.string(), typ: z.literal(TYPE), exp: z.number() });

type Secrets = Pick<Config, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS'>;

/** Tokens whose signature was checked already, about 600 bytes each. Whether their sessions live is asked each time. */
const MAX_VERIFIED = 10_000;

export function createTokens({ JWT_SECRET, JWT_SECRET_PREVIOUS }: Secrets): Tokens {
  const previous = JWT_SECRET_PREVIOUS === undefined ? [] : [JWT_SECRET_PREVIOUS];
  // Imported once: jose would import raw bytes anew at each request.
  const signingKey = importKey(JWT_SECRET);
  const verifyingKeys = [signingKey, ...previous.map(importKey)];
  const verified = new Map<string, AccessClaims & { expiresAt: Date }>();
  const successorsOf = keyed(SUCCESSOR_LABEL, JWT_SECRET, previous);
  const requestHashes = keyed(REQUEST_LABEL, JWT_SECRET, previous);

  return {
    async signAccessToken({ userId, sessionId }, { from, to }) {
      return new SignJWT({ sid: sessionId, typ: TYPE })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(crypto.randomUUID())
        .setIssuedAt(from)
        .setExpirationTime(to)
        .sign(await signingKey);
    },
    async verifyAccessToken(token, at) {
      const known = verified.get(token);
      if (known) {
        if (known.expiresAt <= at) throw new Failed('TOKEN_EXPIRED');
        return known;
      }
      for (const key of verifyingKeys) {
        try {
          const { sub, sid, exp } = await readClaims(token, await key, at);
          const claims = { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1000) };
          // The oldest first: a Map keeps the order in which its keys came.
          const [oldest] = verified.keys();
          if (verified.size >= MAX_VERIFIED && oldest !== undefined) verified.delete(oldest);
          verified.set(token, claims);
          return claims;
        } catch (error) {
          // No cause: jose's errors carry the token's content, and causes are logged.
          if (error instanceof errors.JWTExpired) throw new Failed('TOKEN_EXPIRED');
          if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw new Failed('AUTH_FAILED');
        }
      }
      throw new Failed('AUTH_FAILED');
    },
    newRefreshToken: () => newSecret('rt_'),
    successorsOf: (refreshToken) => {
      const [first, ...others] = successorsOf(refreshToken, 'base64url');
      return [`rt_${first}`, ...others.map((other) => `rt_${other}`)];
    },
    newApiKey: () => newSecret('ck_live_'),
    newDeviceKey: () => newSecret('dk_'),
    newRelayKey: () => newSecret('sk_live_'),
    // In hex: typed on a command line, one that begins with a hyphen would be taken for an option.
    newConfirmationCode: () => randomBytes(CODE_BYTES).toString('hex'),
    newMailToken: () => newSecret('mt_'),
    newSocketTicket: () => newSecret('wt_'),
    requestHashes: (body) => requestHashes(body, 'hex'),
    hash: (secret) => createHash('sha256').update(secret).digest('hex'),
  };
}

const readClaims = async (token: string, key: CryptoKey, at: Date) => {
  const { payload } = await jwtVerify(token, key, {
    algorithms: [ALGORITHM],
    typ: TYPE,
    issuer: ISSUER,
    audience: AUDIENCE,
    requiredClaims: ['exp', 'iat'],
    currentDate: at,
  });
  return Claims.parse(payload);
};

const newSecret = (prefix: string): string => prefix + randomBytes(SECRET_BYTES).toString('base64url');

const importKey = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', Buffer.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

/** HMAC-SHA-256 by the keys that `label` derives: first from the secret in force, then from those before. */
function keyed(label: string, secret: string, previous: string[]) {
  const keyOf = (from: string) => Buffer.from(hkdfSync('sha256', from, '', label, SECRET_BYTES));
  const [key, previousKeys] = [keyOf(secret), previous.map(keyOf)];
  return (text: string, encoding: 'hex' | 'base64url'): [string, ...string[]] => {
    const by = (one: Buffer) => createHmac('sha256', one).update(text).digest(encoding);
    return [by(key), ...previousKeys.map(by)];
  };
}
