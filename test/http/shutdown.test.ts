/** The end of the application: what is under way may end, and nothing else holds it up. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { buildApp } from '../../server/app.ts';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';

let parts: TestApp;
let user: TestUser;
beforeAll(async () => {
  parts = await openApp();
  user = await parts.makeUser();
  return parts.close;
});

/** Another application on the same parts, which the test stops. */
async function open() {
  let isStopping = false;
  const app = await buildApp(parts, () => isStopping);
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.server.closeAllConnections());
  const { port } = app.server.address() as AddressInfo;
  const client = new CcjkCloud({ baseUrl: `http://127.0.0.1:${port}`, token: user.token, maxRetries: 0 });
  const stop = () => {
    isStopping = true;
    return app.close();
  };
  return { app, port, client, stop };
}

test.each([
  ['nothing was sent', ''],
  ['half a request was sent', 'GET /livez HTTP/1.1\r\nHost: '],
])('a connection on which %s does not hold it up', async (_, sent) => {
  const { app, port, stop } = await open();
  const accepted = once(app.server, 'connection');
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(sent);
  const [serverSide] = await accepted;
  if (sent) await expect.poll(() => serverSide.bytesRead).toBe(sent.length);
  await stop();
  await closed;
});

test('a request that is under way is answered', async () => {
  const { app, client, stop } = await open();
  const device = await parts.makeDevice(user);
  const { task_id } = await client.tasks.create({ device_id: device.id, command: 'true' });
  const arrived = once(app.server, 'request');
  const waiting = client.tasks.get(task_id, { wait: 1 });
  await arrived;
  await stop();
  expect(await waiting).toMatchObject({ id: task_id, status: 'queued' });
});
