import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApp, type TestApp } from '../setup/app.ts';
let app: TestApp;
beforeAll(async () => { app = await openApp({ at: '2026-01-20T10:00:00Z' }); });
afterAll(() => app.close());
test('smoke', async () => {
  const u = await app.makeUser(); const d = await app.makeDevice(u);
  const t = await u.client.tasks.create({ device_id: d.id, command: 'x' });
  const got = await d.client.daemon.claim();
  console.log(t, got);
  expect(got.count).toBe(1);
});
