/**
 * One call from its description to its data: credential, attempts, deadline, envelope.
 *
 * `onRequest` runs before the credential is set and logs carry method, path, status and times alone: neither sees a
 * secret.
 */
import { type Answer, dataOf } from './answers.ts';
import { ApiError, CcjkError, ConnectionError, TimeoutError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { CallSpec, RequestOptions } from './resource.ts';
import { BACKOFF_MS, connectionCode, retryDelayMs, sleep } from './retries.ts';
import { isPublic, isRepeatable } from './routes.ts';
import { Session, type Tokens } from './session.ts';
import { VERSION } from './version.ts';

const TIMEOUT_MS = 60_000;
const MAX_RETRIES = 2;

/** Three attempts of 15 s stay within the 60 s in which a refresh whose answer was lost can be asked for again. */
const REFRESH_TIMEOUT_MS = 15_000;
const MAX_REFRESH_RETRIES = 2;

/** Milliseconds; a longer timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Transport {
  readonly session: Session;
  readonly #options: ClientOptions;
  /** Without a slash at its end. */
  readonly baseUrl: string;

  /** @throws CcjkError when `baseUrl` is no http(s) address */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.baseUrl = baseUrlOf(options.baseUrl ?? 'http://127.0.0.1:3000');
    this.session = new Session(
      options.token,
      options.refreshToken,
      (refreshToken) => this.#refresh(refreshToken),
      options.onTokens,
    );
  }

  /** @throws ApiError | ConnectionError | TimeoutError, or the reason of `options.signal` */
  async send<T>(spec: CallSpec, options: RequestOptions = {}): Promise<Answer<T>> {
    const { signal, maxRetries = this.#options.maxRetries ?? MAX_RETRIES } = options;
    const repeatable = isRepeatable(spec);
    const request = {
      spec,
      label: `${spec.method} ${spec.path.split('?')[0]}`,
      options,
      body: spec.form ? formOf(spec.form) : spec.body === undefined ? undefined : JSON.stringify(spec.body),
      idempotencyKey: options.idempotencyKey ?? (spec.idempotent ? crypto.randomUUID() : undefined),
    };
    let isRenewed = false;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const token = isPublic(spec.path) ? undefined : await this.session.token(signal);
      try {
        return await this.#attempt<T>(request, token, attempt);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (!isRenewed && isExpiry(error) && token !== undefined && this.session.isRenewable) {
          isRenewed = true;
          attempt--;
          await this.session.renew(token, signal);
          continue;
        }
        const delayMs = retryDelayMs(error, attempt, repeatable, this.#options.backoffMs ?? BACKOFF_MS);
        if (delayMs === undefined || attempt >= maxRetries) throw error;
        const { message } = error as Error;
        this.#options.logger?.warn(`${request.label} is tried again`, {
          attempt,
          delayMs: Math.round(delayMs),
          error: message,
        });
        await sleep(delayMs, signal);
      }
    }
  }

  async #attempt<T>(request: PreparedRequest, token: string | undefined, attempt: number): Promise<Answer<T>> {
    const { spec, label, options, body } = request;
    const { onRequest, onResponse, logger, fetch = globalThis.fetch } = this.#options;
    const url = this.baseUrl + spec.path + queryOf(spec.query);
    const headers = this.#headers(request);
    await onRequest?.({ method: spec.method, url, headers, attempt });
    if (token !== undefined && !headers.has('authorization')) put(headers, 'authorization', `Bearer ${token}`);

    const { onUploadProgress } = options;
    const upload =
      onUploadProgress && body instanceof FormData
        ? (await import('./upload.ts')).uploadOf(body, onUploadProgress)
        : undefined;
    if (upload) headers.set('content-type', upload.contentType);

    const sentAtMs = performance.now();
    const deadline = deadlineOf(options.signal, options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS);
    let response: Response;
    let text: string;
    let isUnread = false;
    try {
      // Followed, a redirect would turn a POST into a GET.
      const init = { method: spec.method, headers, signal: deadline.signal, redirect: 'manual' } as const;
      response = await fetch(url, body === undefined ? init : { ...init, body, ...upload?.init });
      upload?.end();
      isUnread = spec.raw === true && response.ok;
      text = isUnread ? '' : await response.text();
    } catch (cause) {
      throw deadline.isOver() ? timedOut(label, deadline.timeoutMs) : unreachable(this.baseUrl, cause);
    } finally {
      // What the caller reads takes as long as the caller likes; the caller's signal still ends it.
      deadline.end(isUnread);
    }

    const durationMs = Math.round(performance.now() - sentAtMs);
    const { status } = response;
    const requestId = response.headers.get('x-request-id');
    logger?.debug(`${label} ${status}`, { attempt, durationMs, requestId });
    await onResponse?.({
      method: spec.method,
      url,
      status,
      headers: response.headers,
      requestId,
      attempt,
      durationMs,
    });
    return { data: isUnread ? (response as T) : dataOf<T>(response, text, requestId, spec.whole), response, requestId };
  }

  #headers({ spec, options, body, idempotencyKey }: PreparedRequest): Headers {
    const headers = new Headers({ accept: 'application/json' });
    put(headers, 'user-agent', this.#options.userAgent ?? `ccjk-cloud-sdk/${VERSION}`);
    // Only with a body: a DELETE that announces JSON and brings none is a 400.
    if (typeof body === 'string') headers.set('content-type', 'application/json');
    if (idempotencyKey !== undefined) put(headers, 'idempotency-key', idempotencyKey);
    for (const more of [this.#options.headers, spec.headers, options.headers])
      for (const [name, value] of Object.entries(more ?? {})) if (value !== undefined) put(headers, name, value);
    return headers;
  }

  async #refresh(refreshToken: string): Promise<Tokens> {
    const spec = { method: 'POST', path: '/v1/auth/refresh', body: { refresh_token: refreshToken } } as const;
    const timeoutMs = Math.min(this.#options.timeoutMs || Number.POSITIVE_INFINITY, REFRESH_TIMEOUT_MS);
    const maxRetries = Math.min(this.#options.maxRetries ?? MAX_RETRIES, MAX_REFRESH_RETRIES);
    return (await this.send<Tokens>(spec, { timeoutMs, maxRetries })).data;
  }
}

type PreparedRequest = {
  spec: CallSpec;
  /** What it is called in logs and errors: without the query, which may hold what is secret. */
  label: string;
  options: RequestOptions;
  body: string | FormData | undefined;
  idempotencyKey: string | undefined;
};

/** The address without a slash at its end; what was given may hold a password and is not repeated. */
const baseUrlOf = (given: string): string => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new CcjkError('baseUrl must be a plain http or https address, such as https://cloud.example.com');
  return url.href.replace(/\/+$/, '');
};

/** The runtime's own error for a bad value quotes it, and it may be a secret. */
const put = (headers: Headers, name: string, value: string): void => {
  try {
    headers.set(name, value);
  } catch {
    throw new CcjkError(`The header ${name} has characters that no header can carry; check where its value comes from`);
  }
};

const queryOf = (query: object | undefined): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) params.append(name, one instanceof Date ? one.toISOString() : String(one));
  const text = params.toString();
  return text && `?${text}`;
};

const formOf = (fields: object): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) form.append(name, value instanceof Blob ? value : JSON.stringify(value));
  return form;
};

/** The signal of one attempt: the caller's, or the end of its time. By hand, as AbortSignal.any holds on to long-lived signals. */
const deadlineOf = (signal: AbortSignal | undefined, timeoutMs: number) => {
  const attempt = new AbortController();
  const abort = () => attempt.abort(signal?.reason);
  let isOver = false;
  const expire = () => {
    isOver = true;
    attempt.abort();
  };
  const timer = timeoutMs > 0 && timeoutMs <= LONGEST_TIMER_MS ? setTimeout(expire, timeoutMs) : undefined;
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  return {
    signal: attempt.signal,
    timeoutMs,
    isOver: () => isOver,
    end: (isUnread: boolean) => {
      clearTimeout(timer);
      if (!isUnread) signal?.removeEventListener('abort', abort);
    },
  };
};

const isExpiry = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 401 && error.code === 'TOKEN_EXPIRED';

const timedOut = (label: string, timeoutMs: number): TimeoutError =>
  new TimeoutError(`${label} got no complete answer within ${timeoutMs} ms; try again or raise timeoutMs`, timeoutMs);

const unreachable = (baseUrl: string, cause: unknown): ConnectionError => {
  const code = connectionCode(cause);
  return new ConnectionError(
    `No answer from ${baseUrl}${code ? ` (${code})` : ''}; check that the service runs there and that the network reaches it`,
    { cause },
  );
};
