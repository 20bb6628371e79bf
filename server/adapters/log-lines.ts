/**
 * Lines of the log on standard output — those of one turn of the event loop in one write. Under load they share it; when
 * little happens a line is out at once all the same. What a kill -9 takes is the lines of one turn.
 */
import { type DestinationStream, pino } from 'pino';

/** What a turn writes beyond this is written before it ends. */
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
      setImmediate(writeOut);
    },
  };
}
