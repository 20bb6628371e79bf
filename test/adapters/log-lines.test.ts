import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = new URL('../..', import.meta.url);

test('every line is written in its order, also those that are due when the process exits', async () => {
  const program = `
    import { pino } from 'pino';
    import { openLogLines } from './server/adapters/log-lines.ts';
    const log = pino({ base: null, timestamp: false }, openLogLines());
    for (let n = 0; n < 1000; n++) log.info({ n });
    setImmediate(() => setImmediate(() => { log.fatal('the last'); process.exit(0); }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: root });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ n, msg }) => n ?? msg)).toEqual([...Array(1000).keys(), 'the last']);
});
