/** The WebSocket of the SDK, on one whose ends the test decides. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { CcjkCloud, type WebSocketLike } from '../../sdk/src/index.ts';
import { openApp, type TestApp, type TestUser } from '../setup/app.ts';

let app: TestApp;
let user: TestUser;
beforeAll(async () => {
  app = await openApp();
  user = await app.makeUser();
  return app.close;
});

/** Opens at once, and hears what the test says. */
class ScriptedSocket extends EventTarget {
  static readonly opened: ScriptedSocket[] = [];
  readonly openedAt = performance.now();

  constructor() {
    super();
    ScriptedSocket.opened.push(this);
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }

  send(): void {}
  close(): void {
    this.dispatchEvent(new Event('close'));
  }
  say(frame: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(frame) }));
  }
}

test('after a restart it comes back when the service said, and not before', async () => {
  const { opened } = ScriptedSocket;
  const client = new CcjkCloud({
    baseUrl: app.url,
    token: user.token,
    WebSocket: ScriptedSocket as unknown as new (url: string) => WebSocketLike,
  });
  const socket = client.connect();
  onTestFinished(() => socket.close());
  await expect.poll(() => socket.isOpen).toBe(true);
  const endedAt = performance.now();
  opened[0]?.say({ type: 'restart', data: { reconnect_after_ms: 700 } });
  opened[0]?.close();
  await expect.poll(() => opened.length, { timeout: 5_000 }).toBe(2);
  // By itself it would have come back within a quarter of a second.
  expect((opened[1]?.openedAt ?? 0) - endedAt).toBeGreaterThanOrEqual(690);
});
