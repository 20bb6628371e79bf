/** The relay of a client: loaded when it is called, so that who only runs commands does not pay for it. */
import type { CcjkRelay } from '../relay/relay-client.ts';
import { PagePromise } from './paging.ts';

/** What `client.relay` can do, which is what a `CcjkRelay` can do. */
export type Relay = Pick<CcjkRelay, keyof CcjkRelay>;

/** `load` is called with each call: what it loads comes once, and the rest is cheap. */
export const lazyRelay = (load: () => Promise<CcjkRelay>): Relay => {
  /** Gives the promise of a list; to whoever awaits it, any other call is the same. */
  const call =
    (of: (relay: CcjkRelay) => object, name: PropertyKey) =>
    (...values: unknown[]) =>
      new PagePromise(load().then((relay) => (of(relay) as Callable)[name]!(...values).withResponse()));
  const noun = (of: (relay: CcjkRelay) => object) =>
    // Nobody can await a noun: it is no promise.
    new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : call(of, name)) });
  return {
    publish: call((relay) => relay, 'publish'),
    queue: call((relay) => relay, 'queue'),
    channels: noun(({ channels }) => channels),
    publicKeys: noun(({ publicKeys }) => publicKeys),
    keys: noun(({ keys }) => keys),
    cron: noun(({ cron }) => cron),
    subscribe: async function* (...values: Parameters<Relay['subscribe']>) {
      yield* (await load()).subscribe(...values);
    },
  } satisfies Record<keyof Relay, unknown> as object as Relay;
};

type Callable = Record<PropertyKey, (...values: unknown[]) => PagePromise<unknown>>;
