/** One request and its answer. A budget that is used up is waited for, so that a walk over a service in use ends well. */
import { randomUUID } from 'node:crypto';

/** Longer than any window of requests; a budget of a day is not waited for. */
const LONGEST_WAIT_SECONDS = 120;
const ANSWER_WITHIN_MS = 60_000;

export type Sent = {
  method: string;
  /** With the query. */
  path: string;
  headers: Record<string, string>;
  body?: string | FormData | Buffer<ArrayBuffer>;
};

export type Answer = {
  status: number;
  headers: Headers;
  /** Of a stream: its first event. */
  text: string;
  /** The X-Request-Id that was sent. */
  requestId: string;
};

export async function exchange(baseUrl: string, { method, path, headers, body }: Sent): Promise<Answer> {
  for (;;) {
    const requestId = randomUUID();
    const gone = new AbortController();
    const response = await fetch(baseUrl + path, {
      method,
      headers: { ...headers, 'x-request-id': requestId },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([gone.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    const text = isStream ? await firstEvent(response) : await response.text();
    gone.abort();
    const waitSeconds = Number(response.headers.get('retry-after') ?? Number.POSITIVE_INFINITY);
    if (response.status !== 429 || waitSeconds > LONGEST_WAIT_SECONDS)
      return { status: response.status, headers: response.headers, text, requestId };
    console.error(`The budget is used up: waiting ${waitSeconds} s, as Retry-After says`);
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
  }
}

/** The path with another query. */
export const changedQuery = (path: string, change: (query: URLSearchParams) => void): string => {
  const url = new URL(path, 'http://host');
  change(url.searchParams);
  return url.pathname + url.search;
};

async function firstEvent({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf('\n\n');
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}
