/** A WebSocket of the document: what is sent is answered by frames that it describes. */
import type { Account } from './account.ts';
import type { Contract, Schema } from './document.ts';

const ANSWER_WITHIN_MS = 10_000;

type Outcome = { name: string; faults: string[] };

export async function walkSocket(
  contract: Contract,
  account: Account,
  url: URL,
  { send, receive }: { send: Schema; receive: Schema },
): Promise<Outcome[]> {
  const { ticket } = (await account.done('sockets.createTicket')) as { ticket: string };
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ ticket }).toString();
  const [example] = contract.follow<Schema>(send).examples ?? [];
  const frames: [name: string, frame: string, type: string][] = [
    ['ping', JSON.stringify({ type: 'ping' }), 'pong'],
    ['a channel of nobody', JSON.stringify(example), 'error'],
    ['a frame that is no JSON', 'x', 'error'],
    ['a command that is none', JSON.stringify({ type: 'x' }), 'error'],
  ];
  const socket = new WebSocket(url);
  try {
    await next(socket, 'open');
    const outcomes: Outcome[] = [];
    for (const [name, frame, type] of frames) {
      const answered = next(socket, 'message');
      socket.send(frame);
      const { data } = (await answered) as MessageEvent;
      const answer = JSON.parse(String(data)) as { type: string };
      const fault = contract.faultOf(receive, answer);
      const isOther = answer.type === type ? [] : [`was answered with ${answer.type} and not ${type}`];
      outcomes.push({ name, faults: [...isOther, ...(fault ? [`${data}: ${fault}`] : [])] });
    }
    return outcomes;
  } catch (error) {
    return [{ name: 'open', faults: [(error as Error).message] }];
  } finally {
    socket.close();
  }
}

const next = (socket: WebSocket, type: 'open' | 'message'): Promise<Event> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
    const settle = (done: () => void) => () => {
      clearTimeout(timer);
      done();
    };
    socket.addEventListener(type, (event) => settle(() => resolve(event))(), { once: true });
    socket.addEventListener(
      'error',
      settle(() => reject(new Error('the handshake was refused'))),
      { once: true },
    );
  });
