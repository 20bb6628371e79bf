/** The part of autocannon that we use; it comes without types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events';

  export type Request = {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: string;
    /** Makes the request anew each time; `context` is shared by one pass over the list of requests. */
    setupRequest?: (request: Request, context: Record<string, unknown>) => Request;
    onResponse?: (status: number, body: string, context: Record<string, unknown>) => void;
  };

  export type Options = {
    url: string;
    connections: number;
    /** Seconds. Or `amount`, in requests, after which every answer has arrived. */
    duration?: number;
    amount?: number;
    /** Milliseconds between two looks at whether it is time to end. */
    sampleInt?: number;
    setupClient?: (client: { setRequests(requests: Request[]): void }) => void;
  };

  export type Outcome = { errors: number; timeouts: number; non2xx: number };

  /** `response` is emitted for each answer. */
  export default function autocannon(options: Options): EventEmitter & PromiseLike<Outcome>;
}
