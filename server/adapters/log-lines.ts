/**
 * Lines of the log on standard output — those of 10 ms in one write, which under load costs more than its lines. What a
 * kill -9 takes is the lines of 10 ms.
 */
import { type DestinationStream, pino } from 'pino';

const EVERY_MS = 10;
/** What comes beyond this meanwhile is written at once. */
const BUFFER_BYTES = 8 * 1024;

export function openLogLines(): DestinationStream {
  const output = pino.destination({ fd: process.stdout.fd, sync: true, minLength: BUFFER_BYTES });
  let isDue = false;
  const writeOut = () => {
    isDue = false;
    output.flush();
  };
  process.on('exit', writeOut);
  return {
    write(line) {
      output.write(line);
      if (isDue) return;
      isDue = true;
      setTimeout(writeOut, EVERY_MS);
    },
  };
}
