/** What the harness `secrets` knows, and how it asks the service for anything. */
import { randomBytes } from 'node:crypto';
import type { Trial } from './harness.ts';
import type { Server } from './server.ts';
import type { Vault } from './vault.ts';

export type Answer = {
  what: string;
  status: number;
  /** Its headers. */
  head: string;
  text: string;
};

export const answerOf = async (what: string, response: Response): Promise<Answer> => ({
  what,
  status: response.status,
  head: [...response.headers].map((each) => each.join(': ')).join('\n'),
  text: await response.text(),
});

export type Scene = {
  trial: Trial;
  vault: Vault;
  server: Server;
  /** The mail server that a user named. */
  theirs: { host: string; port: number };
  /** What our mail server has taken. */
  letters: string[];
  /** All that must show none. */
  answers: Answer[];
};

/** A text or a form is sent as it is, anything else as JSON. */
type Sent = [method: string, url: string, headers?: Record<string, string>, body?: unknown];

export async function read({ server }: Scene, ...[method, url, headers = {}, body]: Sent): Promise<Answer> {
  const isForm = body instanceof FormData;
  const isWhole = isForm || typeof body === 'string';
  const response = await fetch(server.url + url, {
    method,
    headers: {
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      // From everywhere: whoever fails too often waits for an answer.
      'x-forwarded-for': randomAddress(),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isWhole ? body : JSON.stringify(body) }),
  });
  return answerOf(`${method} ${url.split('?', 1)[0]}`, response);
}

const randomAddress = (): string => ['10', ...randomBytes(3)].join('.');

/** Sends what may be answered in any way, but with no secret. */
export async function send(scene: Scene, ...sent: Sent): Promise<Answer> {
  const answer = await read(scene, ...sent);
  scene.answers.push(answer);
  return answer;
}

/** Posts what is answered with secrets: those of these names are kept. @throws when it is refused */
export async function obtain<Data extends Record<string, string>>(
  scene: Scene,
  names: readonly (keyof Data & string)[],
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Data> {
  const { status, text, what } = await read(scene, 'POST', url, headers, body);
  if (status >= 300) throw new Error(`${what}: ${status} ${text}`);
  const { data } = JSON.parse(text) as { data: Data };
  for (const name of names) scene.vault.keep(`${name} of ${what}`, data[name] as string);
  return data;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
