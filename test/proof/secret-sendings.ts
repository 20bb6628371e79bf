/** Secrets where they belong and where they do not: in each field, header and query that carries one, in every wrong way. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { AppRoute } from '@ts-rest/core';
import { accessOf } from '../../contracts/declared.ts';
import { exampleOf, operationOf, ROUTES, textPlacesOf } from './contract-places.ts';
import type { Held } from './secret-life.ts';
import { answerOf, bearer, type Scene, send } from './secret-scene.ts';

const CARRIES_SECRET = /password|token|secret|signature|(^|[._])code$|confirmationCode|authorization|cookie/i;

/** What a field is given: as it should be, and in ways that are refused, which some refusal might repeat. */
const SHAPES: ((canary: string) => unknown)[] = [
  (canary) => canary,
  (canary) => ({ [canary]: canary }),
  (canary) => [canary],
  (canary) => `${canary}\0`,
  (canary) => canary.repeat(50),
  (canary) => `${canary}\ud800`,
];

export const secretPlacesOf = (route: AppRoute): string[] => textPlacesOf(route, (place) => CARRIES_SECRET.test(place));

export async function sendFields(scene: Scene, held: Held): Promise<void> {
  const { vault } = scene;
  for (const route of ROUTES) {
    const places = secretPlacesOf(route);
    const url = route.path.replaceAll(/:\w+/g, () => randomUUID());
    const opener = openerOf(route, held);
    for (const place of places) {
      const [part, name] = [place.slice(0, place.indexOf('.')), place.slice(place.indexOf('.') + 1)];
      const plant = () => vault.plant(`${operationOf(route)} ${place}`);
      if (part === 'body') {
        for (const shape of SHAPES) {
          const email = `${randomUUID()}@example.com`;
          await send(scene, route.method, url, opener, { ...exampleOf(route), email, [name]: shape(plant()) });
        }
        await send(scene, route.method, url, opener, `{"${name}":"${plant()}`);
        await send(scene, route.method, url, opener, `{"${name}":${plant()}}`);
        await send(scene, route.method, url, { ...opener, 'content-type': 'text/plain' }, plant());
      }
      if (part === 'query') await send(scene, route.method, `${url}?${name}=${plant()}`, opener);
      if (part === 'headers') await send(scene, route.method, url, { ...opener, [name]: plant() }, bodyOf(route));
    }
  }
}

const bodyOf = (route: AppRoute): unknown => (route.method === 'GET' ? undefined : (exampleOf(route) ?? {}));

const openerOf = (route: AppRoute, { token, deviceKey, relayKey }: Held): Record<string, string> => {
  const { auth } = accessOf(route);
  if (auth.length === 0) return {};
  if (auth.includes('relayKey')) return bearer(relayKey);
  return bearer(auth.includes('user') ? token : deviceKey);
};

/** What a credential can look like: each prefix, and a token that somebody else has signed. */
const CREDENTIALS: ((canary: string) => string)[] = [
  (canary) => canary,
  (canary) => `ck_live_${canary}`,
  (canary) => `sk_live_${canary}`,
  (canary) => `dk_${canary}`,
  (canary) => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"sub":"${canary}"}`).toString('base64url')}.${canary}`,
];

const HEADERS: readonly ((credential: string) => Record<string, string>)[] = [
  (credential) => ({ authorization: `Bearer ${credential}` }),
  (credential) => ({ authorization: `Basic ${Buffer.from(`user:${credential}`).toString('base64')}` }),
  (credential) => ({ authorization: credential }),
  (credential) => ({ 'x-api-key': credential }),
  (credential) => ({ 'x-admin-key': credential }),
  (credential) => ({ 'x-device-token': credential }),
  (credential) => ({ 'x-cron-secret': credential }),
  (credential) => ({ 'x-email-signature': credential }),
  (credential) => ({ cookie: `session=${credential}` }),
  (credential) => ({ 'proxy-authorization': `Bearer ${credential}` }),
];

/** One of each family, what has keys of its own, and what is not there. */
const PLACES = [
  'GET /v1/tasks',
  'GET /api/keys',
  'GET /api/subscribe?channel=x',
  'GET /api/control/devices/pending',
  'GET /api/cron/cleanup-keys',
  'GET /metrics',
  'GET /v1/ws',
  'GET /nowhere',
  'PUT /v1/tasks',
];

const QUERIES = ['token', 'ticket', 'Authorization', 'access_token', 'key', 'confirmationCode'];

export async function sendCredentials(scene: Scene): Promise<void> {
  const { vault } = scene;
  for (const [at, place] of PLACES.entries()) {
    const [method, url] = place.split(' ') as [string, string];
    const mark = url.includes('?') ? '&' : '?';
    // Each in its turn where there is little time.
    const inTurn = at % CREDENTIALS.length;
    const shapes = scene.trial.length === 'long' ? CREDENTIALS : CREDENTIALS.slice(inTurn, inTurn + 1);
    for (const shape of shapes) {
      for (const header of HEADERS) {
        await sendAnyhow(scene, method, url, header(vault.plant(`a header of ${place}`, shape)));
      }
      for (const name of QUERIES) {
        const secret = vault.plant(`?${name} of ${place}`, shape);
        await sendAnyhow(
          scene,
          method,
          `${url}${mark}${name}=${name === 'Authorization' ? 'Bearer+' : ''}${secret}`,
          {},
        );
      }
    }
  }
}

/** A stream that opens is no error: it is left. */
async function sendAnyhow(scene: Scene, method: string, url: string, headers: Record<string, string>): Promise<void> {
  const leaving = new AbortController();
  const response = await fetch(scene.server.url + url, { method, headers, signal: leaving.signal });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) return leaving.abort();
  scene.answers.push(await answerOf(`${method} ${url.split('?', 1)[0]}`, response));
}

/** What is no HTTP, or too much of it: node hands the bytes to whoever answers. */
export async function sendBroken(scene: Scene): Promise<void> {
  const { server, vault, answers } = scene;
  const plant = () => vault.plant('a request that is none');
  const requests = [
    `GET /v1/auth/me?token=${plant()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${plant()}\r\nno header\r\n\r\n`,
    `GET /v1/auth/me HTTP/9.9\r\nAuthorization: Bearer ${plant()}\r\n\r\n`,
    `GET /v1/%zz?token=${plant()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    `GET /v1/auth/me HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer ${plant()}\r\n\r\n`,
    `GET /v1/ws?token=${plant()} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    `GET /v1/auth/me HTTP/1.1\r\nHost: x\r\nCookie: ${plant()}${'x'.repeat(20_000)}\r\n\r\n`,
    `POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz${plant()}\r\n`,
    `POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: ${plant()}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    `${plant()}\r\n\r\n`,
  ];
  for (const request of requests) {
    const socket = net.connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      // Whoever keeps the connection open has answered all the same.
      if (text.includes('\r\n\r\n{') && text.trimEnd().endsWith('}')) socket.destroy();
    });
    socket.write(request);
    await once(socket, 'close');
    answers.push({ what: 'a request that is none', status: Number(text.split(' ')[1]), head: '', text });
  }
}
