/** Names in the DNS, asked of the servers that this machine uses. */
import { promises as dns } from 'node:dns';

/** For one try at one server. */
const TRY_MS = 3_000;
const TRIES = 2;

/**
 * The records of one type at a name: TXT as lists of pieces, A and AAAA as texts. Rejects with the codes of node:dns;
 * `ENOTFOUND` and `ENODATA` mean that there are none, everything else that nobody knows.
 */
export type Dns = (name: string, type: string) => Promise<string[] | string[][]>;

export function openDns(): Dns {
  const resolver = new dns.Resolver({ timeout: TRY_MS, tries: TRIES });
  return (name, type) => resolver.resolve(name, type) as Promise<string[] | string[][]>;
}

/** The same, but from `ms` on nothing is known any more. */
export function withDeadline(ask: Dns, ms: number): Dns {
  const signal = AbortSignal.timeout(ms);
  return (name, type) =>
    new Promise((resolve, reject) => {
      const tooLate = () => reject(Object.assign(new Error('The DNS takes too long'), { code: 'ETIMEOUT' }));
      if (signal.aborted) return tooLate();
      signal.addEventListener('abort', tooLate, { once: true });
      ask(name, type)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', tooLate));
    });
}
