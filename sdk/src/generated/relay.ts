// Generated from contracts/openapi.json by `npm run generate`. Do not edit.

import { type ApiPromise, at, type RequestOptions, Resource } from '../core/resource.ts';
import type {
  Channel,
  ChannelCleanup,
  CreatedRelayKey,
  CronCleanupChannelsQuery,
  CronCleanupKeysQuery,
  KeyCleanup,
  KeysGetData,
  KeysListData,
  NewChannel,
  NewMessage,
  NewPublicKey,
  NewRelayKey,
  PublishListQuery,
  PublishedMessage,
  Queue,
  RegisteredKey,
  RequestedRevocation,
  Revocation,
  RevocationRequest,
} from './types.ts';

/** Public keys, each with an encrypted channel of its own. */
export class PublicKeys extends Resource {
  /**
   * Register a public key.
   *
   * Makes an encrypted channel for it, which lives as long as the key. PEM, with or without line breaks, at most 4096 bytes. The same key can be registered again when it has expired or been revoked.
   *
   * **Who:** anyone; where RELAY_REQUIRE_KEY is set, a relay key that may `write`. **Rate:** RELAY_REGISTER_MAX by key or IP address.
   *
   * `POST /api/register`
   *
   * @returns Created: the public key with its new channel
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 409 DUPLICATE_KEY
   * @throws {ApiError} 413 KEY_TOO_LARGE, METADATA_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const registeredKey = await relay.publicKeys.register({
   *   publicKey: '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA...\n-----END PUBLIC KEY-----',
   *   algorithm: 'RSA-4096',
   *   expiresIn: 604800,
   *   metadata: { deviceName: 'My Device', appVersion: '1.0.0' },
   * });
   */
  register(body: NewPublicKey, options?: RequestOptions): ApiPromise<RegisteredKey> {
    return this.call({ method: 'POST', path: '/api/register', body }, options);
  }
}

/** Where messages are published and subscribed to. */
export class Channels extends Resource {
  /**
   * Create a channel.
   *
   * A `private` one belongs to the owner of the key with which it is made, and is open to that owner alone. A `temporary` one lives until 30 minutes after its last use.
   *
   * **Who:** anyone; where RELAY_REQUIRE_KEY is set, a relay key that may `write`. **Rate:** RELAY_CHANNELS_MAX by key or IP address.
   *
   * `POST /api/channels`
   *
   * @returns Created: a channel of the relay
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON, INVALID_CHANNEL_FORMAT
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 409 CHANNEL_EXISTS
   * @throws {ApiError} 413 METADATA_TOO_LARGE, PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const channel = await relay.channels.create({
   *   id: 'my-channel',
   *   name: 'My channel',
   *   type: 'public',
   *   expiresIn: 86400,
   * });
   */
  create(body: NewChannel, options?: RequestOptions): ApiPromise<Channel> {
    return this.call({ method: 'POST', path: '/api/channels', body }, options);
  }
}

/** Published to a channel, delivered live, and kept for those who come later. */
export class Messages extends Resource {
  /**
   * Publish a message.
   *
   * Subscribers get it at once. It is kept 12 hours, in private and encrypted channels 24, unless `cache` is false; a channel keeps its newest 1,000 messages and 64 MiB. With `encrypted` it is sealed for the public key of the channel before it is stored; a message that is sealed already passes as it is.
   *
   * **Who:** anyone; where RELAY_REQUIRE_KEY is set, a relay key that may `write`. **Rate:** RELAY_PUBLISH_MAX by key or IP address. **Body:** at most 10 MiB.
   *
   * `POST /api/publish`
   *
   * @returns Created: the message as it was taken
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON, INVALID_CHANNEL_FORMAT
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 CHANNEL_NOT_FOUND
   * @throws {ApiError} 410 KEY_EXPIRED
   * @throws {ApiError} 413 MESSAGE_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const publishedMessage = await relay.publish({
   *   channel: 'my-channel',
   *   message: 'Hello, World!',
   *   priority: 'normal',
   *   sender: 'Server',
   * });
   */
  publish(body: NewMessage, options?: RequestOptions): ApiPromise<PublishedMessage> {
    return this.call({ method: 'POST', path: '/api/publish', body }, options);
  }

  /**
   * Look at the messages that a channel keeps.
   *
   * By priority, then the newest first. Looking takes nothing away; `queueLength` counts all that is kept.
   *
   * **Who:** anyone; where RELAY_REQUIRE_KEY is set, a relay key that may `read`. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/publish`
   *
   * @returns Messages that a channel keeps
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_CHANNEL_FORMAT
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 CHANNEL_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { channel, messages, queueLength } = await relay.queue({ channel: 'my-channel' });
   */
  queue(query: PublishListQuery, options?: RequestOptions): ApiPromise<Queue> {
    return this.call({ method: 'GET', path: '/api/publish', query }, options);
  }
}

/** Public keys and the keys of the relay, and how they are revoked. */
export class Keys extends Resource {
  /**
   * Create a relay key.
   *
   * With `X-Admin-Key` for anyone, named by `userId`; with the access token of a user for that user. The key is in this answer and never again.
   *
   * **Who:** the operator with X-Admin-Key or the access token of a user. **Rate:** RELAY_REGISTER_MAX by key or IP address.
   *
   * `POST /api/keys`
   *
   * @returns Created: the new relay key with its secret, which is shown only now
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const createdRelayKey = await relay.keys.create({
   *   userId: 'user-123',
   *   name: 'My App API Key',
   *   permissions: ['read', 'write'],
   * });
   */
  create(body: NewRelayKey, options?: RequestOptions): ApiPromise<CreatedRelayKey> {
    return this.call({ method: 'POST', path: '/api/keys', body }, options);
  }

  /**
   * List your relay keys.
   *
   * Those of the same owner that have not been revoked, the newest first; with X-Admin-Key all.
   *
   * **Who:** a relay key that may `read` or the access token of a user or the operator with X-Admin-Key. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/keys`
   *
   * @returns A list, each: a relay key, without its secret
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const keysListData = await relay.keys.list();
   */
  list(options?: RequestOptions): ApiPromise<KeysListData> {
    return this.call({ method: 'GET', path: '/api/keys' }, options);
  }

  /**
   * Read a public key, or a relay key of yours.
   *
   * By the id of its channel or by its own.
   *
   * **Who:** anyone; where RELAY_REQUIRE_KEY is set, a relay key that may `read` or the access token of a user or the operator with X-Admin-Key. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/keys/{id}`
   *
   * @returns A public key with its channel, or a relay key, without its secret
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 NOT_FOUND
   * @throws {ApiError} 410 KEY_EXPIRED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const keysGetData = await relay.keys.get(id);
   */
  get(id: string, options?: RequestOptions): ApiPromise<KeysGetData> {
    return this.call({ method: 'GET', path: `/api/keys/${at(id)}` }, options);
  }

  /**
   * Request the revocation of a key.
   *
   * The first of two phases. The confirmation code is in this answer and never again; a new request takes the place of one that is pending.
   *
   * **Who:** a relay key that may `revoke` or the access token of a user or the operator with X-Admin-Key. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `POST /api/keys/{id}/revoke`
   *
   * @returns Created: the revocation with its confirmation code, which is shown only now
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const requestedRevocation = await relay.keys.revoke(id, {
   *   reason: 'The laptop was lost',
   *   confirmationHours: 24,
   * });
   */
  revoke(id: string, body: RevocationRequest, options?: RequestOptions): ApiPromise<RequestedRevocation> {
    return this.call({ method: 'POST', path: `/api/keys/${at(id)}/revoke`, body }, options);
  }

  /**
   * Read the revocation of a key.
   *
   * The last one that was requested.
   *
   * **Who:** a relay key that may `revoke` or the access token of a user or the operator with X-Admin-Key. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/keys/{id}/revoke`
   *
   * @returns The revocation of a key, in two phases
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const revocation = await relay.keys.revocation(id);
   */
  revocation(id: string, options?: RequestOptions): ApiPromise<Revocation> {
    return this.call({ method: 'GET', path: `/api/keys/${at(id)}/revoke` }, options);
  }

  /**
   * Cancel the revocation of a key.
   *
   * While it is pending, or locked by wrong codes.
   *
   * **Who:** a relay key that may `revoke` or the access token of a user or the operator with X-Admin-Key. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `POST /api/keys/{id}/revoke/cancel`
   *
   * @returns The revocation of a key, in two phases
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const revocation = await relay.keys.cancelRevocation(id);
   */
  cancelRevocation(id: string, options?: RequestOptions): ApiPromise<Revocation> {
    return this.call({ method: 'POST', path: `/api/keys/${at(id)}/revoke/cancel` }, options);
  }
}

/** For a scheduler of yours; the service does the same by itself each night. */
export class Cron extends Resource {
  /**
   * Clean up channels that have expired.
   *
   * Needs X-Cron-Secret. Persistent ones become inactive, temporary ones are deleted.
   *
   * **Who:** anyone. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/cron/cleanup-channels`
   *
   * @returns What a clean-up of channels did
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 UNAUTHORIZED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const channelCleanup = await relay.cron.cleanupChannels();
   */
  cleanupChannels(query: CronCleanupChannelsQuery = {}, options?: RequestOptions): ApiPromise<ChannelCleanup> {
    return this.call({ method: 'GET', path: '/api/cron/cleanup-channels', query }, options);
  }

  /**
   * Clean up keys, messages and the audit log.
   *
   * Needs X-Cron-Secret. Deletes public keys that have expired or have no channel, messages that have expired, and audit rows older than 90 days.
   *
   * **Who:** anyone. **Rate:** RELAY_READ_MAX by key or IP address.
   *
   * `GET /api/cron/cleanup-keys`
   *
   * @returns What a clean-up of keys did
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 UNAUTHORIZED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task, results, timestamp } = await relay.cron.cleanupKeys();
   */
  cleanupKeys(query: CronCleanupKeysQuery = {}, options?: RequestOptions): ApiPromise<KeyCleanup> {
    return this.call({ method: 'GET', path: '/api/cron/cleanup-keys', query }, options);
  }
}
