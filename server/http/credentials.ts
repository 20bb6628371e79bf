/**
 * Credentials — who calls. Under `/v1` the `Authorization` header says it, under `/api` also `X-API-Key` and `X-Admin-Key`,
 * where a stream is opened the query, and under `/api/control` `X-Device-Token`. The prefix decides which kind it is; each
 * kind costs one statement. Nothing of them reaches an error or the log.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Access } from '../../contracts/wire.ts';
import type { Actor, Service } from '../context.ts';
import { findApiKeyActor } from '../domain/api-keys.ts';
import { findDeviceActor } from '../domain/device-keys.ts';
import { findRelayKeyActor } from '../domain/relay-keys.ts';
import { findSessionActor } from '../domain/sessions.ts';
import { Failed } from '../failed.ts';

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

type Finding = Pick<Service, 'db' | 'tokens' | 'now' | 'log'>;

/** @throws Failed AUTH_FAILED | TOKEN_EXPIRED; no header at all is anonymous */
export const resolveCredential = (service: Finding, authorization: string | undefined): Promise<Actor> =>
  resolve(service, authorization, findOfCloud);

/** `X-Device-Token` goes before a bearer. @throws Failed AUTH_FAILED | TOKEN_EXPIRED; without any credential it is anonymous */
export async function resolveControlCredential(
  service: Finding,
  { headers }: Pick<FastifyRequest, 'headers'>,
): Promise<Actor> {
  const deviceKey = headers['x-device-token'];
  if (deviceKey === undefined) return resolveCredential(service, headers.authorization);
  const actor = await findDeviceActor(service, String(deviceKey));
  if (!actor) throw new Failed('AUTH_FAILED', { message: 'X-Device-Token is not the key of a device; make one anew' });
  return actor;
}

/** @throws Failed AUTH_FAILED | TOKEN_EXPIRED; without any credential it is anonymous */
export async function resolveRelayCredential(
  service: Finding & Pick<Service, 'config'>,
  { headers, query }: Pick<FastifyRequest, 'headers' | 'query'>,
  { inQuery }: Pick<Access, 'inQuery'>,
): Promise<Actor> {
  const adminKey = headers['x-admin-key'];
  if (adminKey !== undefined) return resolveAdmin(service, String(adminKey));
  const apiKey = headers['x-api-key'];
  if (apiKey !== undefined) {
    const actor = await findRelayKeyActor(service, String(apiKey));
    if (!actor) throw new Failed('AUTH_FAILED');
    return actor;
  }
  const queried = inQuery ? (query as Record<string, unknown>).Authorization : undefined;
  return resolve(service, headers.authorization ?? (queried === undefined ? undefined : String(queried)), findOfRelay);
}

function resolveAdmin({ config, tokens }: Pick<Service, 'config' | 'tokens'>, given: string): Actor {
  const expected = config.ADMIN_MASTER_KEY;
  if (expected === undefined) throw new Failed('AUTH_FAILED');
  const [one, other] = [given, expected].map((key) => Buffer.from(tokens.hash(key))) as [Buffer, Buffer];
  if (!timingSafeEqual(one, other)) throw new Failed('AUTH_FAILED');
  return { kind: 'admin' };
}

type Find = (service: Finding, credential: string) => Promise<Actor | undefined>;

async function resolve(service: Finding, authorization: string | undefined, find: Find): Promise<Actor> {
  if (authorization === undefined) return { kind: 'anonymous' };
  const [, credential] = BEARER.exec(authorization) ?? [];
  if (credential === undefined) {
    throw new Failed('AUTH_FAILED', { message: 'The Authorization header must read: Bearer <token>' });
  }
  const actor = await find(service, credential);
  if (!actor) throw new Failed('AUTH_FAILED');
  return actor;
}

const findOfCloud: Find = async (service, credential) => {
  if (credential.startsWith('ck_live_')) return findApiKeyActor(service, credential);
  // A key of the relay opens nothing here.
  if (credential.startsWith('sk_live_')) return undefined;
  return findOfEither(service, credential);
};

const findOfRelay: Find = async (service, credential) => {
  if (credential.startsWith('sk_live_')) return findRelayKeyActor(service, credential);
  // Nor a key of a user there.
  if (credential.startsWith('ck_live_')) return undefined;
  return findOfEither(service, credential);
};

const findOfEither: Find = async (service, credential) => {
  if (credential.startsWith('dk_')) return findDeviceActor(service, credential);
  return findSessionActor(service, await service.tokens.verifyAccessToken(credential, service.now()));
};
