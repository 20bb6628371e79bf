/** The end of the application: what is under way may end, and nothing else holds it up. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { sql } from 'kysely';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { CcjkCloud } from '../../sdk/src/index.ts';
import { buildApp } from '../../server/app.ts';
import { MIGRATIONS } from '../../server/db/orm.ts';
import { openApp, openAppForTest, type TestApp, type TestUser } from '../setup/app.ts';

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

test('a process that stops hands out no task, and another one does', async () => {
  const stopping = await openAppForTest({ databaseUrl: parts.databaseUrl });
  const device = await parts.makeDevice(user);
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  stopping.hold();
  const there = stopping.clientOf(device.key);
  expect((await there.daemon.claim({ claim_id: randomUUID() })).tasks).toEqual([]);
  const { tasks } = await device.client.daemon.claim({ claim_id: randomUUID() });
  expect(tasks).toMatchObject([{ id: task_id }]);
});

test('a process that stops gives a claim again what it was given', async () => {
  const device = await parts.makeDevice(user);
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' });
  const claim = { claim_id: randomUUID() };
  await device.client.daemon.claim(claim);
  const stopping = await openAppForTest({ databaseUrl: parts.databaseUrl });
  stopping.hold();
  expect((await stopping.clientOf(device.key).daemon.claim(claim)).tasks).toMatchObject([{ id: task_id }]);
});

test('readiness fails as soon as the process is told to stop, and says so', async () => {
  let isStopping = false;
  const app = await buildApp(parts, () => isStopping);
  onTestFinished(() => app.close());
  expect((await app.inject('/readyz')).json()).toMatchObject({ status: 'ready', version: expect.any(String) });
  isStopping = true;
  const answer = await app.inject('/readyz');
  expect([answer.statusCode, answer.json()]).toMatchObject([503, { status: 'not ready', reason: 'stopping' }]);
  expect((await app.inject('/livez')).statusCode).toBe(200);
});

test('a process whose database lacks a migration of its release is not ready, one whose database has more is', async () => {
  const own = await openAppForTest();
  const { db } = own.service;
  await sql`insert into migrations (name) values ('MigrationOfTheNextRelease')`.execute(db);
  expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
  await sql`delete from migrations where name = ${MIGRATIONS.at(-1)?.name}`.execute(db);
  const answer = await fetch(`${own.url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ reason: 'the database lacks migrations' });
  expect((await fetch(`${own.url}/api/ready`)).status).toBe(503);
});
