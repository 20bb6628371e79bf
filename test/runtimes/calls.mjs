/** What every runtime does with the packed client: real calls, a page of a list, a refusal by its code, an upload, a WebSocket. */
export async function callService({ CcjkCloud, ApiError }, baseUrl, name) {
  const anonymous = new CcjkCloud({ baseUrl });
  const { token } = await anonymous.auth.register({ email: `${name}@example.com`, password: `password of ${name}` });
  const client = new CcjkCloud({ baseUrl, token });
  const { device_id, device_key } = await client.devices.createKey({ device_name: name });
  const { task_id } = await client.tasks.create({ device_id, command: 'true' });

  const ids = [];
  for await (const task of client.tasks.list({ limit: 1 })) ids.push(task.id);
  if (ids.join() !== task_id) throw new Error(`The list has ${ids}`);

  const code = await client.tasks.get(crypto.randomUUID()).catch((error) => error instanceof ApiError && error.code);
  if (code !== 'TASK_NOT_FOUND') throw new Error(`Refused with ${code}`);

  let part = 0;
  const { size } = await new CcjkCloud({ baseUrl, token: device_key }).daemon.uploadLog(
    { log_file: new Blob(['x'.repeat(300_000)]), metadata: { type: 'daemon', date: '2026-01-20' } },
    { onUploadProgress: ({ sentBytes, totalBytes }) => (part = sentBytes / totalBytes) },
  );
  if (size !== 300_000 || part !== 1) throw new Error(`The upload came to ${part}, with ${size} bytes`);

  if (typeof WebSocket === 'undefined') return 'calls, pages, errors, upload';
  const socket = client.connect();
  const told = new Promise((resolve, reject) => {
    socket.on('task.completed', ({ data }) => resolve(data.status));
    socket.on('end', reject);
  });
  socket.on('subscribed', () => client.tasks.cancel(task_id));
  socket.subscribe(`task:${task_id}`);
  const status = await told;
  socket.close();
  if (status !== 'cancelled') throw new Error(`The task was ${status}`);
  return 'calls, pages, errors, upload, WebSocket';
}
