/** What the two halves of hostile-mail.ts share: the real service in this process, whose network and DNS are ours. */
import net, { type AddressInfo } from 'node:net';
import { openClock } from '../setup/clock.ts';
import { type InProcess, LONG_SESSIONS, openInProcess } from '../setup/in-process.ts';
import { ownLoopback } from '../setup/loopback.ts';
import { type Received, startSmtp } from '../setup/smtp-server.ts';
import type { Trial } from './harness.ts';
import { type Network, openNetwork } from './network.ts';
import { openZone, type Zone } from './zone.ts';

/** Any two addresses of the open internet. */
export const SMTP_OUTSIDE = '142.250.27.108';
export const IMAP_OUTSIDE = '2a00:1450:4010:c0f::6d';
/** The one of the ports for mail that may be listened on without being root. */
export const SENTINEL_PORT = 2525;

export type HostileWorld = {
  trial: Trial;
  service: InProcess;
  zone: Zone;
  network: Network;
  /** On this machine, where nobody is to come. */
  sentinel: { address: string; visits(): number };
  /** By the server of the service, and by the one outside. */
  received: { ours: Received[]; outside: Received[] };
};

export async function openHostileWorld(trial: Trial): Promise<HostileWorld> {
  const [ours, outside, imap, sentinel] = await Promise.all([
    startSmtp(),
    startSmtp({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }),
    openDoor({ host: '127.0.0.1', port: 0 }),
    openDoor({ host: ownLoopback(), port: SENTINEL_PORT }),
  ]);
  for (const { close } of [ours, outside, imap, sentinel]) trial.afterwards(close);
  const zone = openZone();
  const databaseUrl = await trial.database();
  const service = await openInProcess({
    databaseUrl,
    clock: openClock(undefined),
    lookup: zone.lookup,
    env: { ...ours.env, ...LONG_SESSIONS },
  });
  trial.afterwards(service.close);
  const network = openNetwork(trial, {
    outside: new Map([
      [SMTP_OUTSIDE, outside.port],
      [IMAP_OUTSIDE, imap.port],
    ]),
    ours: [ours.port, Number(new URL(databaseUrl).port), Number(new URL(service.url).port)],
  });
  const received = { ours: ours.received, outside: outside.received };
  return { trial, service, zone, network, sentinel, received };
}

/** Where somebody may come to, is counted, and sent away. */
async function openDoor(place: { host: string; port: number }) {
  let visits = 0;
  const server = net.createServer((socket) => {
    visits += 1;
    socket.on('error', () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return { address, port, visits: () => visits, close: () => void server.close() };
}
