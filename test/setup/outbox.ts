/** The mail of a service that has no SMTP server, as it lies in its outbox. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';
import { type Eml, readEml } from './eml.ts';

export type Outbox = {
  /** All letters to `address`. */
  lettersTo(address: string): Eml[];
  /** The first letter to `address` whose subject fits; waits for it. */
  letterTo(address: string, subject: RegExp): Promise<Eml>;
};

export function outboxOf({ config }: { config: { DATA_DIR: string } }): Outbox {
  const directory = path.join(config.DATA_DIR, 'outbox');
  const read = (): Eml[] => {
    try {
      const files = readdirSync(directory).filter((file) => file.endsWith('.eml'));
      return files.map((file) => readEml(readFileSync(path.join(directory, file), 'latin1')));
    } catch {
      return [];
    }
  };
  const lettersTo = (address: string) => read().filter(({ header }) => header('to') === address);
  return {
    lettersTo,
    letterTo: (address, subject) =>
      vi.waitUntil(() => lettersTo(address).find(({ header }) => subject.test(header('subject') ?? '')), {
        timeout: 15_000,
      }),
  };
}
