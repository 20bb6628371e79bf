/**
 * The WebSocket of a client: what happens, as it happens.
 *
 * It comes back by itself after every cut, subscribes again to its channels, and says so with `open`: what happened in
 * between has to be read. Each connection is opened by a ticket of its own, so no credential stands in a URL, and an
 * access token that has ended is renewed on the way. It ends only when it is closed or its credential is refused.
 */
import type { SocketFrame } from '../generated/types.ts';
import { ApiError, CcjkError } from './errors.ts';
import { sleep, waitMs } from './retries.ts';

/** As much of a WebSocket as is used here: that of the runtime, or of the package `ws`. */
export type WebSocketLike = {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  addEventListener(type: 'error', listener: () => void): void;
};

export type WebSocketConstructor = new (url: string) => WebSocketLike;

type Frames = { [Frame in SocketFrame as Frame['type']]: Frame };

/** How a connection ended: whether it ever stood, and when the service wants us back, if it said so. */
type Served = { isOpen: boolean; comeBackAfterMs?: number | undefined };

/** What one can listen to: the frames by type, each connection and each cut, and the end with its reason, if it was not closed. */
export type SocketEvents = Frames & { open: undefined; cut: undefined; end: unknown };

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** A connection on which nothing came for as long was cut without a word. */
const PING_EVERY_MS = 20_000;

/** The service has understood who asks, and refuses; or it has no WebSockets. */
const FINAL = [401, 403, 404];

/**
 * A connection to the service, from `client.connect()`.
 *
 * @example
 * const socket = client.connect();
 * socket.on('device.offline', ({ data }) => console.log(data.device_id));
 * socket.subscribe(`task:${id}`);
 * socket.on('task.output', ({ data }) => process.stdout.write(data.chunk));
 */
export class CloudSocket {
  readonly #address: () => Promise<string>;
  readonly #WebSocket: WebSocketConstructor;
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  readonly #channels = new Set<string>();
  readonly #closing = new AbortController();
  #current: WebSocketLike | undefined;

  /** @internal Made by `client.connect()`. */
  constructor(address: () => Promise<string>, Implementation: WebSocketConstructor) {
    this.#address = address;
    this.#WebSocket = Implementation;
    void this.#run();
  }

  /** Whether it is connected now. */
  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Calls `listener` with each event of this type until the function that it returns is called.
   *
   * @example
   * const stop = socket.on('task.completed', ({ data }) => console.log(data.task_id, data.exit_code));
   * stop();
   */
  on<Type extends keyof SocketEvents>(type: Type, listener: (event: SocketEvents[Type]) => void): () => void {
    const there = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, there.add(listener));
    return () => void there.delete(listener);
  }

  /**
   * Subscribes to `device:<id>` or `task:<id>`, now and after each cut. Answered by `subscribed` or `error`.
   *
   * @example
   * socket.subscribe(`task:${task_id}`);
   */
  subscribe(channel: `device:${string}` | `task:${string}`): void {
    this.#channels.add(channel);
    this.#send('subscribe', channel);
  }

  /**
   * The opposite of `subscribe`. Answered by `unsubscribed`.
   *
   * @example
   * socket.unsubscribe(`task:${task_id}`);
   */
  unsubscribe(channel: `device:${string}` | `task:${string}`): void {
    this.#channels.delete(channel);
    this.#send('unsubscribe', channel);
  }

  /**
   * Ends it for good; `end` comes without a reason.
   *
   * @example
   * process.once('SIGTERM', () => socket.close());
   */
  close(): void {
    this.#closing.abort();
    this.#current?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let reason: unknown;
    for (let attempt = 0; !signal.aborted; attempt++) {
      let asked: number | undefined;
      reason = undefined;
      try {
        const served = await this.#serve(await this.#address());
        if (served.isOpen) attempt = 0;
        asked = served.comeBackAfterMs;
      } catch (error) {
        reason = error;
        if (error instanceof ApiError && FINAL.includes(error.status)) break;
      }
      await sleep(asked ?? waitMs(reason, attempt, FIRST_WAIT_MS, LONGEST_WAIT_MS), signal).catch(() => {});
    }
    this.#tell('end', signal.aborted ? undefined : reason);
  }

  /** Resolves when the connection has ended. */
  #serve(url: string): Promise<Served> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve({ isOpen: false });
      const socket = new this.#WebSocket(url);
      let isOpen = false;
      let comeBackAfterMs: number | undefined;
      let isSilent = false;
      const end = () => {
        clearInterval(timer);
        resolve({ isOpen, comeBackAfterMs }); // first: a listener that throws must not end the coming back
        if (this.#current === socket) {
          this.#current = undefined;
          this.#tell('cut', undefined);
        }
      };
      const timer = setInterval(() => {
        if (isSilent) {
          end(); // a close waits for a peer that is no longer there
          socket.close();
        } else if (isOpen) socket.send('{"type":"ping"}');
        isSilent = true;
      }, PING_EVERY_MS);
      socket.addEventListener('open', () => {
        if (signal.aborted) return socket.close();
        isOpen = true;
        this.#current = socket;
        for (const channel of this.#channels) this.#send('subscribe', channel);
        this.#tell('open', undefined);
      });
      socket.addEventListener('message', ({ data }) => {
        isSilent = false;
        const frame = JSON.parse(String(data)) as SocketFrame;
        if (frame.type === 'restart') comeBackAfterMs = Math.min(LONGEST_WAIT_MS, frame.data.reconnect_after_ms);
        this.#tell(frame.type, frame);
      });
      socket.addEventListener('close', end);
      socket.addEventListener('error', end);
    });
  }

  #send(type: 'subscribe' | 'unsubscribe', channel: string): void {
    this.#current?.send(JSON.stringify({ type, channel }));
  }

  #tell(type: string, event: unknown): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event as never);
  }
}

/** @throws CcjkError where the runtime has none */
export const webSocketOf = (given: WebSocketConstructor | undefined): WebSocketConstructor => {
  const found = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (found) return found as WebSocketConstructor;
  throw new CcjkError(
    'This runtime has no WebSocket (Node has one from version 22 on); pass the one of the package ws as the option WebSocket',
  );
};
