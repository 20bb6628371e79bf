/** What a call gives: its data when it is awaited, the whole answer when it is asked for. */
import type { Answer } from './answers.ts';

/**
 * The promise of one call. It is under way from the start; awaiting it gives the `data` of the answer.
 *
 * @example
 * const task = await client.tasks.get(id);
 * const { data, response, requestId } = await client.tasks.get(id).withResponse();
 */
export class ApiPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag]: string = 'ApiPromise';
  readonly #answer: Promise<Answer<T>>;

  constructor(answer: Promise<Answer<T>>) {
    this.#answer = answer;
  }

  /**
   * The data together with the HTTP response, whose body has been read, and the id of the request in the service's log.
   *
   * @throws ApiError | ConnectionError | TimeoutError, or the reason of `options.signal`
   * @example
   * const { data, response } = await client.tasks.get(id).withResponse();
   * console.log(data.status, response.headers.get('ratelimit-remaining'));
   */
  withResponse(): Promise<Answer<T>> {
    return this.#answer;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  then<Done = T, Caught = never>(
    onDone?: ((data: T) => Done | PromiseLike<Done>) | null,
    onFailed?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Done | Caught> {
    return this.#answer.then(({ data }) => data).then(onDone, onFailed);
  }

  catch<Caught = never>(onFailed?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null): Promise<T | Caught> {
    return this.then(undefined, onFailed);
  }

  finally(onSettled?: (() => void) | null): Promise<T> {
    return this.then().finally(onSettled);
  }
}
