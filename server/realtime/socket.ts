/**
 * One WebSocket of somebody who may be told things: takes commands, sends frames, and knows when it is enough.
 *
 * A frame that has to be read first holds back those after it, so what happened arrives in its order. A peer that sends
 * too much, or reads too little, is let go: nothing here grows with what it does.
 */
import type { WebSocket } from 'ws';
import { SocketCommand, type SocketFrame } from '../../contracts/events.ts';
import { MIB } from '../../contracts/wire.ts';
import type { Ctx } from '../context.ts';
import { Failed } from '../failed.ts';

/** Why the service ends a socket: code and reason of the close frame. */
export const CLOSE = {
  policy: [1008, 'Too many frames; slow down'],
  restart: [1012, 'The service restarts; come back'],
  slow: [1013, 'You read too slowly; come back and read what you missed'],
  ended: [4401, 'The credential has ended or was revoked'],
} as const;

/** Bytes that a reader may be behind. */
const MOST_BEHIND = MIB;
/** Frames that wait for one that is being read. */
const MOST_WAITING = 1_000;
/** A peer that was told to go and stays. */
const EVICTION_MS = 2_000;

export type Closing = (typeof CLOSE)[keyof typeof CLOSE];

export type OpenSocket = {
  send(frame: SocketFrame): void;
  /** Sends these after all that was sent before. */
  sendTexts(texts: readonly string[] | Promise<readonly string[]>): void;
  end(closing: Closing): void;
  /** Asks whether the peer is there; false when it did not answer the last time, and then it is let go. */
  probe(): boolean;
  isOpen(): boolean;
};

export type SocketOptions = {
  socket: WebSocket;
  ctx: Ctx;
  /** Carries a command out and answers it. What it throws is sent as an error. */
  handle(command: SocketCommand): Promise<void> | void;
};

export function openSocket({ socket, ctx, handle }: SocketOptions): OpenSocket {
  const { RATE_LIMIT_SOCKET_MAX: mostFrames, RATE_LIMIT_TTL } = ctx.config;
  const windowMs = RATE_LIMIT_TTL * 1000;
  let windowStart = Number.NEGATIVE_INFINITY;
  let framesInWindow = 0;
  let isAnswering = true;
  let waiting = 0;
  let lastSent: Promise<void> = Promise.resolve();
  let lastHandled: Promise<void> = Promise.resolve();

  const isOpen = () => socket.readyState === socket.OPEN;

  const end = ([code, reason]: Closing) => {
    if (!isOpen()) return;
    if (code === CLOSE.slow[0]) ctx.meter.note({ what: 'socket.dropped', why: 'slow' });
    if (code === CLOSE.policy[0]) ctx.meter.note({ what: 'socket.dropped', why: 'too many frames' });
    socket.close(code, reason);
    if (code === CLOSE.policy[0]) setTimeout(() => socket.terminate(), EVICTION_MS).unref();
  };

  const write = (text: string) => {
    if (!isOpen()) return;
    if (socket.bufferedAmount > MOST_BEHIND) end(CLOSE.slow);
    else socket.send(text);
  };

  const sendTexts: OpenSocket['sendTexts'] = (texts) => {
    if (!isOpen()) return;
    if (waiting === 0 && !(texts instanceof Promise)) {
      for (const text of texts) write(text);
      return;
    }
    if (waiting >= MOST_WAITING) return end(CLOSE.slow);
    waiting += 1;
    const before = lastSent;
    lastSent = Promise.resolve(texts)
      .then(async (all) => {
        await before;
        for (const text of all) write(text);
      })
      .catch((error: unknown) => ctx.log.error({ err: error }, 'an event could not be put into words'))
      .finally(() => {
        waiting -= 1;
      });
  };

  const send = (frame: SocketFrame) => sendTexts([JSON.stringify(frame)]);

  const isWithinRate = (): boolean => {
    const now = ctx.now().getTime();
    if (now - windowStart >= windowMs) {
      windowStart = now;
      framesInWindow = 0;
    }
    framesInWindow += 1;
    return framesInWindow <= mostFrames;
  };

  const take = async (data: string | undefined) => {
    let command: SocketCommand | undefined;
    try {
      command = commandOf(data);
      await handle(command);
    } catch (error) {
      const failed = error instanceof Failed ? error : new Failed('INTERNAL_ERROR');
      if (failed !== error) ctx.log.error({ err: error }, 'a frame could not be handled');
      const { code, message } = failed;
      const channel = command && 'channel' in command ? { channel: command.channel } : {};
      send({ type: 'error', code, message, ...channel });
    }
  };

  socket.on('pong', () => {
    isAnswering = true;
  });
  socket.on('message', (data, isBinary) => {
    if (!isOpen()) return;
    isAnswering = true;
    if (!isWithinRate()) return end(CLOSE.policy);
    const text = isBinary ? undefined : data.toString();
    lastHandled = lastHandled.then(() => (isOpen() ? take(text) : undefined));
  });

  return {
    send,
    sendTexts,
    end,
    isOpen,
    probe() {
      if (!isAnswering) socket.terminate();
      else if (isOpen()) socket.ping();
      const answered = isAnswering;
      isAnswering = false;
      return answered;
    },
  };
}

/** @throws Failed INVALID_JSON | VALIDATION_ERROR */
function commandOf(data: string | undefined): SocketCommand {
  let value: unknown;
  try {
    value = JSON.parse(data ?? '');
  } catch {
    throw new Failed('INVALID_JSON', { message: 'A frame is one JSON object, as text' });
  }
  const result = SocketCommand.safeParse(value);
  if (result.success) return result.data;
  throw new Failed('VALIDATION_ERROR', {
    message: `Send ping, or subscribe or unsubscribe with a channel: ${result.error.issues[0]?.message ?? 'not a command'}`,
  });
}
