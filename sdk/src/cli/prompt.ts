/** Questions on the terminal. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './arguments.ts';

/** Asks; what is typed is not shown when it is secret. @throws UsageError when nobody can be asked */
export async function ask(question: string, option: string, kind: 'shown' | 'secret' = 'shown'): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(`${option} is missing, and there is no terminal to ask at`);
  let isShown = true;
  const output = new Writable({
    write: (chunk, _, done) => {
      if (isShown) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const typed = lines.question(question);
    isShown = kind === 'shown';
    const closed = new Promise<never>((_, reject) => {
      lines.once('SIGINT', () => reject(new UsageError('Given up')));
      lines.once('close', () => reject(new UsageError(`${option} is missing`)));
    });
    closed.catch(() => {});
    return await Promise.race([typed, closed]);
  } finally {
    lines.close();
    if (kind === 'secret') process.stderr.write('\n');
  }
}
