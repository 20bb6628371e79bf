/** Processes of the service on one database. Whom a harness kills another one follows, at an address of its own. */
import type { Trial } from './harness.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

export type Servers = {
  /** Where one of them is, or was. */
  any(): string;
  /** Where one of those is that live; waits while there is none. */
  living(): Promise<string>;
  /** `kill -9` of these, all at once; resolves when those who follow them are ready. */
  kill(numbers: readonly number[]): Promise<void>;
};

export async function startServers(trial: Trial, count: number, options: ServerOptions): Promise<Servers> {
  const servers: Server[] = await Promise.all(Array.from({ length: count }, () => startServer(trial, options)));
  /** For those that are away: until the next one is ready. */
  const comingBack = new Map<number, Promise<void>>();

  const oneOf = (those: readonly Server[]): string => (those[Math.floor(trial.random() * those.length)] as Server).url;

  const replace = async (number: number): Promise<void> => {
    await (servers[number] as Server).kill();
    servers[number] = await startServer(trial, options);
    comingBack.delete(number);
  };

  return {
    any: () => oneOf(servers),
    async living() {
      while (comingBack.size === count) await Promise.race(comingBack.values());
      return oneOf(servers.filter((_, number) => !comingBack.has(number)));
    },
    async kill(numbers) {
      for (const number of numbers) comingBack.set(number, replace(number));
      trial.count('kills', numbers.length);
      await Promise.all(comingBack.values());
    },
  };
}
