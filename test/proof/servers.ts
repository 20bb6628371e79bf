/** Processes of the service on one database, each at its own address, where a harness kills them and they come back. */
import type { Trial } from './harness.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

export type Servers = {
  /** Where one of them is, dead or alive. */
  any(): string;
  /** Where one of those is that live; waits while there is none. */
  living(): Promise<string>;
  /** `kill -9` of these, all at once, and each comes back; resolves when all are ready again. */
  kill(numbers: readonly number[]): Promise<void>;
};

export async function startServers(
  trial: Trial,
  count: number,
  options: Omit<ServerOptions, 'port'>,
): Promise<Servers> {
  const servers: Server[] = await Promise.all(Array.from({ length: count }, () => startServer(trial, options)));
  /** Those that are away, until they are ready again. */
  const comingBack = new Map<number, Promise<void>>();

  const oneOf = (those: readonly Server[]): string => (those[Math.floor(trial.random() * those.length)] as Server).url;

  const replace = async (number: number): Promise<void> => {
    const { port, kill } = servers[number] as Server;
    await kill();
    servers[number] = await startServer(trial, { ...options, port });
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
