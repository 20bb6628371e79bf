/** A way to some server that can be cut, as networks and machines cut it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Nobody listens; whoever answers hangs up; or nothing is ever heard again. */
export const AWAY = ['refuses', 'hangs up', 'is silent'] as const;
export type Away = (typeof AWAY)[number];

export type TcpProxy = {
  host: string;
  port: number;
  cut(how: Away): Promise<void>;
  /** For connections from now on: those that silence has swallowed stay lost. */
  restore(): Promise<void>;
  close(): Promise<void>;
};

export async function openTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  /** What was open when silence began is heard of no more, not even that it ended: so a network loses a connection. */
  const swallowed = new Set<[Socket, Socket]>();
  let away: Away | undefined;

  const server = createServer((near) => {
    if (away === 'hangs up') return void near.destroy();
    const far = connect(target);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    if (away === 'is silent') swallowed.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        if (swallowed.has(pair)) return;
        for (const each of pair) each.destroy();
        pairs.delete(pair);
      });
    }
    near.on('data', (data) => swallowed.has(pair) || far.write(data));
    far.on('data', (data) => swallowed.has(pair) || near.write(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { address: host, port } = server.address() as AddressInfo;

  const hangUp = () => {
    swallowed.clear();
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  return {
    host,
    port,
    async cut(how) {
      away = how;
      if (how === 'is silent') {
        for (const pair of pairs) swallowed.add(pair);
        return;
      }
      hangUp();
      if (how === 'refuses') await new Promise((resolve) => server.close(resolve));
    },
    async restore() {
      if (away === 'refuses') await once(server.listen(port, host), 'listening');
      away = undefined;
    },
    async close() {
      hangUp();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** To the server of a URL; `url` is that URL, through the proxy. */
export async function openProxyTo(url: string): Promise<TcpProxy & { url: string }> {
  const through = new URL(url);
  const proxy = await openTcpProxy({ host: through.hostname, port: Number(through.port) });
  through.hostname = proxy.host;
  through.port = String(proxy.port);
  return { ...proxy, url: through.href };
}
