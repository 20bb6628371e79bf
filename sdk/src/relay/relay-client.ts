/** The relay: what programs and pages tell each other over channels. */
import type { Answer } from '../core/answers.ts';
import type { ClientOptions } from '../core/options.ts';
import { type Page, PagePromise } from '../core/paging.ts';
import { type ApiPromise, at, type CallSpec, type RequestOptions } from '../core/resource.ts';
import { Transport } from '../core/transport.ts';
import { Channels, Cron, Keys, Messages, PublicKeys } from '../generated/relay.ts';
import type { Channel, PublicKey, PublicKeyInfo, RelayPagination, RevokedKey } from '../generated/types.ts';
import { openSubscription, type RelayEvent, type SubscribeOptions } from './subscription.ts';

/**
 * The client of the relay. It is cheap to make, holds no connection of its own but those of subscriptions, and needs no
 * closing. `client.relay` of a `CcjkCloud` is the same, loaded with its first call.
 *
 * Without `relayKey` it reaches what is open to anyone; `keys` is called with the access token of a user where there is one.
 *
 * @example
 * const relay = new CcjkRelay({ baseUrl: 'https://cloud.example.com', relayKey: 'sk_live_…' });
 * await relay.publish({ channel: 'news', message: 'hello' });
 * for await (const event of relay.subscribe('news')) if (event.type === 'message') console.log(event.message);
 */
export class CcjkRelay extends Messages {
  readonly channels: ListableChannels;
  readonly publicKeys: ReadablePublicKeys;
  readonly keys: RevocableKeys;
  readonly cron: Cron;
  readonly #transport: Transport;

  /**
   * @param session for the calls of a user; its credential is used for `keys` alone
   * @throws CcjkError when `baseUrl` is no http(s) address
   */
  constructor(options: ClientOptions = {}, session: Transport = new Transport(options)) {
    const transport = new Transport({ ...options, token: options.relayKey, refreshToken: undefined });
    super(transport);
    this.#transport = transport;
    this.channels = new ListableChannels(transport);
    this.publicKeys = new ReadablePublicKeys(transport);
    this.cron = new Cron(transport);
    this.keys = new RevocableKeys({
      send: async (spec, own) => {
        const token = await session.session.token(own?.signal);
        const isUser = token !== undefined && !NO_USER.test(token);
        return (isUser ? session : transport).send(spec, own);
      },
    });
  }

  /**
   * Subscribes to a channel. Its messages come each once and in order, whatever is cut and however often: it connects
   * again, with waits that double from half a second up to what the service asks for (15 s), and goes on after the last
   * event that came. What the channel keeps no longer is told as a `gap`.
   *
   * It ends when you leave the loop, by `options.signal`, or when the service refuses.
   *
   * `GET /api/subscribe`
   *
   * @throws {ApiError} 404 CHANNEL_NOT_FOUND, 400 INVALID_CHANNEL_FORMAT, 401 AUTH_REQUIRED, AUTH_FAILED, 403
   *   INSUFFICIENT_SCOPE; or the reason of `options.signal`
   * @example
   * for await (const event of relay.subscribe('news', { lastEventId: saved, signal })) {
   *   if (event.type === 'message') console.log(event.message, event.eventId);
   *   if (event.type === 'gap') console.warn('Some messages are gone');
   * }
   */
  subscribe(channel: string, options?: SubscribeOptions): AsyncGenerator<RelayEvent, void, undefined> {
    return openSubscription(this.#transport, channel, options);
  }
}

/** Keys of the other family, which open nothing here. */
const NO_USER = /^(ck|dk)_/;

/** Channels, which can be read one by one or listed. */
export class ListableChannels extends Channels {
  /**
   * Reads one channel.
   *
   * `GET /api/channels?id=`
   *
   * @throws {ApiError} 404 NOT_FOUND also for a private one of somebody else, 400 INVALID_CHANNEL_FORMAT
   * @example
   * const { type, expiresAt } = await relay.channels.get('news'); // expiresAt: ISO 8601 or null
   */
  get(id: string, options?: RequestOptions): ApiPromise<Channel> {
    return this.call({ method: 'GET', path: '/api/channels', query: { id } }, options);
  }

  /**
   * Lists channels that are active, the newest first; private ones to their owner. `limit` is 1 to 100 (50). `nextCursor` is
   * the offset of the next page.
   *
   * `GET /api/channels`
   *
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @example
   * for await (const { id } of relay.channels.list({ type: 'public' })) console.log(id);
   */
  list(query: ChannelsQuery = {}, options?: RequestOptions): PagePromise<Channel> {
    const load = async (offset = query.offset): Promise<Answer<Page<Channel>>> => {
      const spec: CallSpec = { method: 'GET', path: '/api/channels', query: { ...query, offset }, whole: true };
      const answer = await this.call<ChannelsEnvelope>(spec, options).withResponse();
      const { data: items, pagination } = answer.data;
      const { hasMore, ...rest } = pagination;
      const next = hasMore ? rest.offset + items.length : null;
      const data: Page<Channel> = {
        items,
        pagination: { ...rest, has_more: hasMore },
        nextCursor: next === null ? null : String(next),
        nextPage: async () => (next === null ? null : new PagePromise(load(next))),
      };
      return { ...answer, data };
    };
    return new PagePromise(load());
  }
}

export type ChannelsQuery = { type?: Channel['type']; limit?: number; offset?: number };

type ChannelsEnvelope = { data: Channel[]; pagination: RelayPagination };

/** Public keys, each with an encrypted channel of its own. */
export class ReadablePublicKeys extends PublicKeys {
  /**
   * Reads a public key, by the id of its channel or by its own: what `sealTo` needs.
   *
   * `GET /api/keys/{id}`
   *
   * @throws {ApiError} 404 NOT_FOUND, 410 KEY_EXPIRED
   * @example
   * const { publicKey } = await relay.publicKeys.get('enc_3b6bf5d599c844e3');
   * const message = await sealTo(publicKey, 'only you read this');
   */
  get(id: string, options?: RequestOptions): ApiPromise<PublicKey> {
    return this.call({ method: 'GET', path: `/api/keys/${at(id)}` }, options);
  }

  /**
   * Finds what is known of a public key, also when it has expired.
   *
   * `GET /api/register`
   *
   * @throws {ApiError} 404 NOT_FOUND, 400 INVALID_CHANNEL_FORMAT
   * @example
   * const { isExpired, algorithm } = await relay.publicKeys.find({ channelId: 'enc_3b6bf5d599c844e3' });
   */
  find(by: { channelId: string } | { keyId: string }, options?: RequestOptions): ApiPromise<PublicKeyInfo> {
    return this.call({ method: 'GET', path: '/api/register', query: by }, options);
  }

  /**
   * Lists the public keys that were registered with your relay key, the newest first, at most 100.
   *
   * `GET /api/register`
   *
   * @throws {ApiError} 400 VALIDATION_ERROR without a relay key
   * @example
   * const mine = await relay.publicKeys.list();
   */
  list(options?: RequestOptions): ApiPromise<PublicKeyInfo[]> {
    return this.call({ method: 'GET', path: '/api/register' }, options);
  }
}

/** Keys of the relay (`sk_live_…`), and how keys of both kinds are revoked. */
export class RevocableKeys extends Keys {
  /**
   * Revokes a key at once: a relay key by its id, a public key by its own or by that of its channel.
   *
   * `DELETE /api/keys/{id}`
   *
   * @throws {ApiError} 404 NOT_FOUND, 401 AUTH_REQUIRED, 403 INSUFFICIENT_SCOPE
   * @example
   * const { deletedId } = await relay.keys.remove(info.id);
   */
  remove(id: string, options?: RequestOptions): ApiPromise<RevokedKey> {
    return this.call({ method: 'DELETE', path: `/api/keys/${at(id)}` }, options);
  }

  /**
   * The second phase of a revocation, with the code that `revoke` gave. Five wrong ones lock it.
   *
   * `DELETE /api/keys/{id}`
   *
   * @throws {ApiError} 400 CONFIRMATION_WRONG, 429 CONFIRMATION_LOCKED, 404 NOT_FOUND when it is no longer pending
   * @example
   * const { revocationId, confirmationCode } = await relay.keys.revoke(id, { reason: 'The laptop was lost' });
   * await relay.keys.confirm(revocationId, confirmationCode);
   */
  confirm(revocationId: string, confirmationCode: string, options?: RequestOptions): ApiPromise<RevokedKey> {
    const path = `/api/keys/${at(revocationId)}`;
    return this.call({ method: 'DELETE', path, body: { confirmationCode } }, options);
  }
}
