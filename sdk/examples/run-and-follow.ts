/**
 * Runs a command on your newest device, shows what it writes as it writes it, and ends with its exit code.
 *
 *   CCJK_URL=http://127.0.0.1:3000 CCJK_TOKEN=ck_live_… node sdk/examples/run-and-follow.ts 'npm test'
 */
import { CcjkCloud } from '../src/index.ts'; // in your program: '@ccjk/cloud'

const client = new CcjkCloud({ baseUrl: process.env.CCJK_URL, token: process.env.CCJK_TOKEN });

const [device] = (await client.devices.list({ limit: 1 })).items;
if (!device) throw new Error('You have no device yet: run `npx ccjk-cloud daemon` on one');

const { task_id } = await client.tasks.create({ device_id: device.id, command: process.argv[2] ?? 'date' });
for await (const event of client.tasks.follow(task_id)) {
  if (event.type === 'output') process[event.stream].write(event.chunk);
  if (event.type === 'end') process.exitCode = event.task.exit_code ?? 1;
}
