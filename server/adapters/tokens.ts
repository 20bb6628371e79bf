/**
 * The secrets that the service hands out: signed access tokens, refresh tokens, the keys of users, devices and the relay,
 * mailed tokens and tickets.
 * With JWT_SECRET_PREVIOUS set, what the secret before has signed is still accepted, and nothing new is signed with it.
 */
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { type CryptoKey, errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { AccessClaims, Tokens } from '../context.ts';
import { Failed } from '../failed.ts';

const ALGORITHM = 'HS256';
const ISSUER = 'ccjk-cloud';
const AUDIENCE = 'ccjk-cloud';
/** In the header and in the claims: no other token that the secret may ever sign passes for an access token. */
const TYPE = 'access';

/** 256 bit. */
const SECRET_BYTES = 32;
/** 128 bit: five guesses are allowed. */
const CODE_BYTES = 16;

/** Names what the derived key is for, so that it signs nothing else. Changing it ends the repeats of that minute. */
const SUCCESSOR_LABEL = 'ccjk-cloud refresh token successor';

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
  const successorKey = deriveKey(JWT_SECRET);
  const previousSuccessorKeys = previous.map(deriveKey);

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
    successorsOf: (refreshToken) => [
      successor(successorKey, refreshToken),
      ...previousSuccessorKeys.map((key) => successor(key, refreshToken)),
    ],
    newApiKey: () => newSecret('ck_live_'),
    newDeviceKey: () => newSecret('dk_'),
    newRelayKey: () => newSecret('sk_live_'),
    // In hex: typed on a command line, one that begins with a hyphen would be taken for an option.
    newConfirmationCode: () => randomBytes(CODE_BYTES).toString('hex'),
    newMailToken: () => newSecret('mt_'),
    newSocketTicket: () => newSecret('wt_'),
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

const deriveKey = (secret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', SUCCESSOR_LABEL, SECRET_BYTES));

const successor = (key: Buffer, refreshToken: string): string =>
  `rt_${createHmac('sha256', key).update(refreshToken).digest('base64url')}`;
