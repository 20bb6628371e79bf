/**
 * What the generated resources build on: a call, and a page of a list.
 */
import type { Answer } from './answers.ts';
import { ApiPromise } from './api-promise.ts';
import { type Page, type PageData, PagePromise, pageOf } from './paging.ts';
import type { Transport } from './transport.ts';

export type { ApiPromise } from './api-promise.ts';

/** One request, as a resource describes it. */
export type CallSpec = {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** From the root of the service, its parameters already encoded. */
  path: string;
  /** Undefined and null are left out, lists are repeated, dates become ISO 8601. */
  query?: object | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as a form instead: blobs as files, anything else as JSON. */
  form?: object | undefined;
  /** The answer is no JSON: its data is the response, whose body is still to be read. */
  raw?: boolean | undefined;
  /** The data is the whole envelope: a list of the relay has its pagination beside its data. */
  whole?: boolean | undefined;
  headers?: Record<string, string | undefined> | undefined;
  /** The service takes an `Idempotency-Key` here, so the call can be repeated. */
  idempotent?: boolean | undefined;
};

/** What a caller may say about one call; it beats the options of the client. */
export type RequestOptions = {
  /** Ends the call and its waits at once; it then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt, answer included; 0 or Infinity: no limit. */
  timeoutMs?: number | undefined;
  /** How often the call is tried again. */
  maxRetries?: number | undefined;
  /** 1 to 255 visible characters; the same key and body within 24 hours get the first answer. Made by itself where the service takes one. */
  idempotencyKey?: string | undefined;
  /** Sent besides those of the client; undefined leaves a header out. */
  headers?: Record<string, string | undefined> | undefined;
  /**
   * Told how far the form of an upload has gone, anew with each attempt. It must not throw. In a page or its workers `fetch`
   * does not tell, so there it is called once, at the end.
   */
  onUploadProgress?: ((progress: UploadProgress) => void) | undefined;
};

/** How far an upload has gone, in bytes: what was handed to the connection, and all of the form. */
export type UploadProgress = { sentBytes: number; totalBytes: number };

/** One segment of a path. Nothing, or dots, would lead to another route. */
export const at = (id: string): string => {
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`Not an id: "${id}"`);
  return encodeURIComponent(id);
};

/** A noun of the service; its methods are generated. */
export class Resource {
  readonly #transport: Pick<Transport, 'send'>;

  constructor(transport: Pick<Transport, 'send'>) {
    this.#transport = transport;
  }

  /** One request; gives the `data` of its answer. */
  protected call<T>(spec: CallSpec, options?: RequestOptions): ApiPromise<T> {
    return new ApiPromise(this.#transport.send<T>(spec, options));
  }

  /** A list whose items lie under `name` in the `data` of the answer. */
  protected page<Item>(spec: CallSpec, name: string, options?: RequestOptions): PagePromise<Item> {
    const load = async (cursor?: string): Promise<Answer<Page<Item>>> => {
      // A cursor says where to go on by itself; the offset of the first page would be left out once more.
      const query = cursor === undefined ? spec.query : { ...spec.query, offset: undefined, cursor };
      const answer = await this.#transport.send<PageData>({ ...spec, query }, options);
      return { ...answer, data: pageOf(answer.data, name, (next) => new PagePromise(load(next))) };
    };
    return new PagePromise(load());
  }
}
