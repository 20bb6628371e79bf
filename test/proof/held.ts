/** Sockets and streams that are held open: what came over them, and when and why they ended. */
import WebSocket from 'ws';

export type End = { code: number; at: number };

export type HeldSocket = {
  /** As they came. */
  frames: string[];
  send(frame: unknown): void;
  /** The first frame, here or to come, that passes. */
  next(passes: (frame: { type: string; channel?: string; code?: string }) => boolean): Promise<{ code?: string }>;
  ended: Promise<End>;
  leave(): void;
};

const connect = (url: string, bearer: string | undefined): WebSocket =>
  new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, {
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  });

/** Tries again when the service has no time. */
async function opened(url: string, bearer: string): Promise<WebSocket> {
  for (;;) {
    const ws = connect(url, bearer);
    const status = await new Promise<number>((resolve, reject) => {
      ws.once('open', () => resolve(101));
      ws.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      ws.once('error', reject);
    });
    ws.on('error', () => {});
    if (status === 101) return ws;
    ws.terminate();
    if (status !== 503) throw new Error(`A socket was refused with ${status}`);
  }
}

/** @throws when the handshake is refused */
export async function holdSocket(url: string, bearer: string): Promise<HeldSocket> {
  const ws = await opened(url, bearer);
  const frames: string[] = [];
  const lookers = new Set<() => void>();
  ws.on('message', (data) => {
    frames.push(data.toString());
    for (const look of [...lookers]) look();
  });
  const ended = new Promise<End>((resolve) => {
    ws.once('close', (code) => resolve({ code, at: performance.now() }));
  });
  return {
    frames,
    send: (frame) => ws.send(JSON.stringify(frame)),
    next: (passes) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = frames.map((frame) => JSON.parse(frame)).find(passes);
          if (!found) return;
          lookers.delete(look);
          resolve(found);
        };
        lookers.add(look);
        void ended.then(({ code }) => reject(new Error(`The socket ended with ${code} before that frame came`)));
        look();
      }),
    ended,
    leave: () => ws.terminate(),
  };
}

/** The status and the code with which a handshake is refused; nothing when it is not. */
export function refusalOfSocket(url: string, bearer?: string): Promise<{ status: number; code?: string } | undefined> {
  const ws = connect(url, bearer);
  return new Promise((resolve, reject) => {
    ws.once('open', () => {
      ws.terminate();
      resolve(undefined);
    });
    ws.once('error', reject);
    ws.once('unexpected-response', async (_, response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, code: JSON.parse(body).error?.code });
    });
  });
}

export type HeldStream = { ended: Promise<End>; leave(): void };

/** Subscribes to a channel of the relay, and has heard that it is connected. @throws when it is refused */
export async function holdStream(url: string, channel: string, key: string): Promise<HeldStream> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/api/subscribe?channel=${channel}`, {
    headers: { 'x-api-key': key },
    signal: leaving.signal,
  });
  if (!response.ok || !response.body) throw new Error(`subscribe: ${response.status} ${await response.text()}`);
  const reader = response.body.getReader();
  await reader.read();
  const ended = (async (): Promise<End> => {
    try {
      while (!(await reader.read()).done);
    } catch {
      // Cut off is ended, too.
    }
    return { code: 0, at: performance.now() };
  })();
  return { ended, leave: () => leaving.abort() };
}
