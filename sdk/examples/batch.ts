/**
 * Runs commands one after the other on your newest device. When one fails, those after it are cancelled.
 *
 *   CCJK_URL=http://127.0.0.1:3000 CCJK_TOKEN=ck_live_… node sdk/examples/batch.ts 'npm ci' 'npm test' 'npm publish'
 */
import { CcjkCloud } from '../src/index.ts'; // in your program: '@ccjk/cloud'

const client = new CcjkCloud({ baseUrl: process.env.CCJK_URL, token: process.env.CCJK_TOKEN });

const [device] = (await client.devices.list({ limit: 1 })).items;
if (!device) throw new Error('You have no device yet: run `npx ccjk-cloud daemon` on one');

const commands = process.argv.slice(2).map((command) => ({ device_id: device.id, command }));
const { tasks } = await client.tasks.createBatch({ mode: 'sequential', tasks: commands });

for (const { task_id } of tasks) {
  let task = await client.tasks.get(task_id, { wait: 30 });
  while (!task.completed_at) task = await client.tasks.get(task_id, { wait: 30 });
  console.log(`${task.status}: ${task.command}`);
  if (task.status !== 'completed') process.exitCode = 1;
}
