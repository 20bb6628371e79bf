/**
 * The credential of a client, and its renewal.
 *
 * However many calls find the access token expired, one refresh runs and all wait for it. The refresh token changes with
 * each use, so `onTokens` has stored the new pair before any call goes on with it. A refused refresh token is forgotten;
 * one whose answer did not come is kept, because the service gives the same successor again.
 */
import type { Refreshed } from '../generated/types.ts';
import { ApiError } from './errors.ts';
import { waitFor } from './retries.ts';

/** A pair of tokens, as login, registration and refresh answer with: an access JWT and what renews it. */
export type Tokens = Refreshed;

/** A credential, or what gives one for each attempt of each call. */
export type TokenSource = string | (() => string | Promise<string>);

/** Milliseconds before its end at which an access token is renewed: what a slow request may take to arrive. */
const RENEW_EARLY_MS = 10_000;

export class Session {
  #token: TokenSource | undefined;
  #refreshToken: string | undefined;
  /** By our own clock, once we know the token's lifetime: a wrong clock here then costs no more than one refresh. */
  #renewAtMs: number | undefined;
  #renewing: Promise<void> | undefined;
  readonly #exchange: (refreshToken: string) => Promise<Tokens>;
  readonly #onTokens: ((tokens: Tokens) => void | Promise<void>) | undefined;

  constructor(
    token: TokenSource | undefined,
    refreshToken: string | undefined,
    exchange: (refreshToken: string) => Promise<Tokens>,
    onTokens: ((tokens: Tokens) => void | Promise<void>) | undefined,
  ) {
    this.#token = token;
    this.#refreshToken = refreshToken;
    this.#exchange = exchange;
    this.#onTokens = onTokens;
  }

  /** Goes on with these tokens. */
  use(tokens: Partial<Tokens> & Pick<Tokens, 'token'>): void {
    const lifeMs = tokens.expires_in === undefined ? undefined : tokens.expires_in * 1000;
    this.#token = tokens.token;
    this.#refreshToken = tokens.refresh_token;
    this.#renewAtMs = lifeMs && Date.now() + lifeMs - Math.min(RENEW_EARLY_MS, lifeMs / 2);
  }

  /** The token to send, renewed when it is about to end; undefined when there is none. */
  async token(signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#renewing) await waitFor(this.#renewing, signal);
    // Not awaited when it is at hand: what follows must judge the same tokens that it reads.
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    if (this.#refreshToken === undefined || (token !== undefined && !this.#endsSoon(token))) return token;
    await this.renew(token, signal);
    return typeof this.#token === 'function' ? this.#token() : this.#token;
  }

  /** Whether a refusal of the token as expired can be cured. */
  get isRenewable(): boolean {
    return this.#refreshToken !== undefined;
  }

  /** Renews the token, unless `stale` was replaced while its refusal was on the way. */
  async renew(stale: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#renewing && typeof this.#token === 'string' && this.#token !== stale) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await waitFor(this.#renewing, signal);
  }

  async #renew(): Promise<void> {
    const presented = this.#refreshToken;
    if (presented === undefined) return;
    try {
      const tokens = await this.#exchange(presented);
      if (this.#refreshToken !== presented) return; // signed in anew meanwhile
      this.use(tokens);
      await this.#onTokens?.(tokens);
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      if (refused && this.#refreshToken === presented) this.#refreshToken = undefined;
      throw error;
    }
  }

  #endsSoon(token: string): boolean {
    const renewAtMs = this.#renewAtMs ?? expiryMs(token) - RENEW_EARLY_MS;
    return Date.now() >= renewAtMs;
  }
}

/** Epoch milliseconds at which a JWT ends; Infinity for keys, which are no JWTs. */
const expiryMs = (token: string): number => {
  try {
    const payload = token.split('.')[1] ?? '';
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};
