/** What a client can be told when it is made. */
import type { TokenSource, Tokens } from './session.ts';
import type { WebSocketConstructor } from './socket.ts';

/** `fetch`, or what stands in for it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An attempt that is about to be sent. */
export type OutgoingRequest = {
  method: string;
  url: string;
  /** May be added to; the credential is not yet among them. */
  headers: Headers;
  /** 0 for the first. */
  attempt: number;
};

/** The answer to an attempt, success or not. */
export type IncomingResponse = {
  method: string;
  url: string;
  status: number;
  headers: Headers;
  requestId: string | null;
  attempt: number;
  /** Milliseconds from sending to the last byte. */
  durationMs: number;
};

/** `console` is one. */
export type Logger = {
  debug(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
};

/** Options of the client. */
export type ClientOptions = {
  /** Where the service is, a path prefix included. By default `http://127.0.0.1:3000`. */
  baseUrl?: string | undefined;
  /** Access JWT, API key (`ck_live_…`) or device key (`dk_…`), or a function that gives one for each attempt. */
  token?: TokenSource | undefined;
  /**
   * Key of the relay (`sk_live_…`), for `relay`; it opens nothing else. Without one the relay is open as far as its
   * channels are, and `relay.keys` is called with the access JWT.
   */
  relayKey?: TokenSource | undefined;
  /** Renews the access JWT when it ends. */
  refreshToken?: string | undefined;
  /**
   * Stores renewed tokens; calls go on when it is done. When it fails, the calls that wait fail with its error, and later
   * ones use the new tokens. It must not call the service through this client.
   */
  onTokens?: ((tokens: Tokens) => void | Promise<void>) | undefined;
  /** Milliseconds for one attempt, answer included; by default 60000; 0 or Infinity: no limit. */
  timeoutMs?: number | undefined;
  /** How often a call is tried again; by default 2. */
  maxRetries?: number | undefined;
  /** Milliseconds before the first retry, doubled for each further one up to 8000; by default 500. */
  backoffMs?: number | undefined;
  fetch?: Fetch | undefined;
  /** By default that of the runtime, which Node has from version 22 on; else that of the package `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
  /** Sent with each request. */
  headers?: Record<string, string | undefined> | undefined;
  userAgent?: string | undefined;
  onRequest?: ((request: OutgoingRequest) => void | Promise<void>) | undefined;
  onResponse?: ((response: IncomingResponse) => void | Promise<void>) | undefined;
  logger?: Logger | undefined;
};
