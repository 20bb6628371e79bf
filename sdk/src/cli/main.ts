/** ccjk-cloud, the command line of CCJK Cloud, as a process. */
import { program } from './program.ts';

// A reader that has seen enough, such as head, is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await program(process.argv.slice(2));
