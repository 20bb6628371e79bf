/**
 * A third party without the SDK: nothing but fetch and what /openapi.json says. It queues a command, with a key so that a
 * repeat makes no second task, and waits for its end.
 *
 *   CCJK_URL=http://127.0.0.1:3000 CCJK_TOKEN=ck_live_… node sdk/examples/plain-fetch.mjs 'date'
 */
const { CCJK_URL = 'http://127.0.0.1:3000', CCJK_TOKEN } = process.env;

const call = async (method, path, body) => {
  const response = await fetch(CCJK_URL + path, {
    method,
    headers: {
      authorization: `Bearer ${CCJK_TOKEN}`,
      ...(body && { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { success, data, error, meta } = await response.json();
  if (!success) throw new Error(`${error.code}: ${error.message} (request ${meta.request_id})`);
  return data;
};

const { devices } = await call('GET', '/v1/devices?limit=1');
const { task_id } = await call('POST', '/v1/tasks', { device_id: devices[0].id, command: process.argv[2] ?? 'date' });

let task = await call('GET', `/v1/tasks/${task_id}?wait=30`);
while (!task.completed_at) task = await call('GET', `/v1/tasks/${task_id}?wait=30`);
process.stdout.write(task.stdout);
process.exitCode = task.exit_code ?? 1;
