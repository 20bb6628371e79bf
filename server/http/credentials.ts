/**
 * Credentials — who calls, by the `Authorization` header. The prefix decides which kind it is; each kind costs one
 * statement. Nothing of the header reaches an error or the log.
 */
import type { Actor, Service } from '../context.ts';
import { findApiKeyActor } from '../domain/api-keys.ts';
import { findDeviceActor } from '../domain/device-keys.ts';
import { findSessionActor } from '../domain/sessions.ts';
import { Failed } from '../failed.ts';

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** @throws Failed AUTH_FAILED | TOKEN_EXPIRED; no header at all is anonymous */
export async function resolveCredential(
  service: Pick<Service, 'db' | 'tokens' | 'now' | 'log'>,
  authorization: string | undefined,
): Promise<Actor> {
  if (authorization === undefined) return { kind: 'anonymous' };
  const [, credential] = BEARER.exec(authorization) ?? [];
  if (credential === undefined) {
    throw new Failed('AUTH_FAILED', { message: 'The Authorization header must read: Bearer <token>' });
  }
  const actor = await find(service, credential);
  if (!actor) throw new Failed('AUTH_FAILED');
  return actor;
}

async function find(service: Parameters<typeof resolveCredential>[0], credential: string): Promise<Actor | undefined> {
  if (credential.startsWith('ck_live_')) return findApiKeyActor(service, credential);
  if (credential.startsWith('dk_')) return findDeviceActor(service, credential);
  // A key of the relay opens nothing here.
  if (credential.startsWith('sk_live_')) return undefined;
  return findSessionActor(service, await service.tokens.verifyAccessToken(credential, service.now()));
}
