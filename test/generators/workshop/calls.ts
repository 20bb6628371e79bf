/** Three calls with the client that a stranger's generator made, typed by it from end to end. */
import { client } from './generated/hey-api/client.gen.js';
import { authRegister, devicesCreateKey, tasksCreate } from './generated/hey-api/sdk.gen.js';

declare const process: { argv: string[] };
const [, , baseUrl = '', name = ''] = process.argv;
client.setConfig({ baseUrl, throwOnError: true });

const body = { email: `${name}@example.com`, password: 'correct horse battery staple' };
const registered = await authRegister({ body, throwOnError: true });
const auth = registered.data.data.token;

const made = await devicesCreateKey({ auth, body: { device_name: 'Stranger' }, throwOnError: true });
const { device_id } = made.data.data;

const queued = await tasksCreate({ auth, body: { device_id, command: 'true' }, throwOnError: true });
console.log(`${registered.response.status} ${made.response.status} ${queued.response.status}`);
console.log(`A client of a generator queued ${queued.data.data.task_id}: ${queued.data.data.status}`);

const refused = await tasksCreate({ auth, body: { device_id, command: '' }, throwOnError: false });
if (refused.response?.status !== 400) throw new Error('A wrong call was expected to be refused');
