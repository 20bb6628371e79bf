/**
 * A daemon of your own. Shell commands run as ever; a task of the type `custom` is run by a function of yours.
 *
 *   CCJK_URL=http://127.0.0.1:3000 CCJK_DEVICE_KEY=dk_… node sdk/examples/daemon.ts
 */
import { runDaemon } from '../src/daemon/index.ts'; // in your program: '@ccjk/cloud/daemon'

const { CCJK_URL = 'http://127.0.0.1:3000', CCJK_DEVICE_KEY = '' } = process.env;

const daemon = runDaemon({
  baseUrl: CCJK_URL,
  deviceKey: CCJK_DEVICE_KEY,
  handlers: { custom: (task) => ({ stdout: `Hello, ${task.command}!\n` }) },
  onEvent: (event) => console.log(JSON.stringify(event)),
});
process.once('SIGTERM', () => daemon.stop());
await daemon.done;
