/**
 * Live output: what a command writes is sent while it runs, from the files into which it goes.
 *
 * A piece leaves a quarter of a second after it was written, or as soon as 16 KiB have come. Where a piece begins counts
 * bytes of the text as the service has it; since the same file always reads as the same text, a daemon that takes a
 * command over asks how far the one before came, and goes on there. All of it is extra: whatever goes wrong here, the
 * result has the output.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CcjkCloud } from '../core/client.ts';
import { ApiError } from '../core/errors.ts';
import { sleep } from '../core/retries.ts';
import type { HandedTask, RecordedOutput } from '../generated/types.ts';
import type { Link } from './link.ts';
import { readAt, type Stream } from './output-files.ts';

const KIB = 1024;
const FLUSH_MS = 250;
const FLUSH_BYTES = 16 * KIB;
const LOOK_MS = 100;
/** Of the file in one piece: bytes that are no UTF-8 grow to three, and still fit what the service takes. */
const PIECE_BYTES = 192 * KIB;
/** Between two pieces of this machine, whatever it runs: half of its budget of 1000 requests per minute. */
const PACE_MS = 125;
/** For what is left when the command has ended; the result waits for it. */
const LAST_MS = 3_000;

/** Answers after which no more of it is wanted, or that sending it again would not change. */
const FINAL = [
  'OUTPUT_GAP',
  'LEASE_LOST',
  'TASK_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'VALIDATION_ERROR',
  'PAYLOAD_TOO_LARGE',
];

/** The turns in which all commands of a machine send. */
export class Pace {
  #next = 0;

  /** Resolves when it is the caller's turn. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#next);
    this.#next = at + PACE_MS;
    if (at > now) await sleep(at - now, signal);
  }
}

type Place = { client: CcjkCloud; link: Link; pace: Pace };

/** The output of one attempt on its way. */
export class LiveOutput {
  readonly #place: Place;
  readonly #task: HandedTask;
  readonly #streams: StreamFile[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #isEnding = false;

  /** `isResumed`: an earlier daemon may have sent some of it. */
  constructor(place: Place, task: HandedTask, folder: string, isResumed: boolean) {
    this.#place = place;
    this.#task = task;
    this.#streams = (['stdout', 'stderr'] as const).map((stream) => new StreamFile(folder, stream, isResumed));
    this.#running = this.#run().catch(() => {}); // the result has the output; nobody waits for this one
  }

  /** The command has ended: sends what is left, if that is possible soon. */
  async finish(): Promise<void> {
    this.#isEnding = true;
    const late = setTimeout(() => this.stop(), LAST_MS);
    await this.#running;
    clearTimeout(late);
  }

  /** Sends no more. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isLast = this.#isEnding;
      let isIdle = true;
      for (const file of this.#streams) if (await this.#send(file, isLast)) isIdle = false;
      if (isIdle && isLast) return;
      if (isIdle && !this.#isEnding) await sleep(LOOK_MS, signal);
    }
  }

  /** Sends the next piece, if it is time; whether there was one. */
  async #send(file: StreamFile, isLast: boolean): Promise<boolean> {
    if (!(await file.isDue(isLast))) return false;
    if (!file.isPlaced) file.continueFrom((await this.#call(file.stream, 0, '')).next_offset);
    const { signal } = this.#stop;
    if (!isLast) await this.#place.pace.turn(signal);
    const chunk = await file.read(isLast);
    if (chunk === '') return false;
    const { offset } = file;
    try {
      const { next_offset, truncated } = await this.#call(file.stream, offset, chunk);
      if (truncated) file.isOver = true;
      else if (next_offset === offset + Buffer.byteLength(chunk)) file.offset = next_offset;
      else file.continueFrom(next_offset);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'OUTPUT_GAP')) throw error;
      file.continueFrom(error.details.expected_offset);
    }
    return true;
  }

  #call(stream: Stream, offset: number, chunk: string): Promise<RecordedOutput> {
    const { signal } = this.#stop;
    const { client, link } = this.#place;
    const piece = { lease_id: this.#task.lease_id, stream, offset, chunk };
    return link.until(async () => client.daemon.output(this.#task.id, piece, { signal }), signal, FINAL);
  }
}

/** One stream as text, from its file; the service has what lies before `offset`. */
class StreamFile {
  readonly stream: Stream;
  readonly #path: string;
  /** Nothing more of it is to be sent. */
  isOver = false;
  /** It is known how far the service came. */
  isPlaced: boolean;
  /** Bytes of the text in UTF-8. */
  offset = 0;
  #position = 0;
  #skipped = 0;
  #decoder = newDecoder();
  #waitingSince: number | undefined;

  constructor(folder: string, stream: Stream, isResumed: boolean) {
    this.stream = stream;
    this.#path = join(folder, stream);
    this.isPlaced = !isResumed;
  }

  /** Whether there is enough, or has been something for long enough; when `isLast`, anything at all. */
  async isDue(isLast: boolean): Promise<boolean> {
    if (this.isOver) return false;
    const size = await sizeOf(this.#path);
    // The file of a very long output starts again from nothing, and with it what its offsets mean.
    if (size < this.#position || (await sizeOf(`${this.#path}.head`)) > 0) {
      this.isOver = true;
      return false;
    }
    const waiting = size - this.#position;
    if (waiting === 0) return false;
    this.#waitingSince ??= performance.now();
    return isLast || waiting >= FLUSH_BYTES || performance.now() - this.#waitingSince >= FLUSH_MS;
  }

  /** Goes on after the first `offset` bytes of the text, which are read again and left out. */
  continueFrom(offset: number): void {
    this.isPlaced = true;
    this.offset = offset;
    this.#skipped = offset;
    this.#position = 0;
    this.#decoder = newDecoder();
  }

  /** The text after `offset`, at most one piece of it; a character of which only a part is there waits for the rest. */
  async read(isLast: boolean): Promise<string> {
    this.#waitingSince = undefined;
    for (;;) {
      const bytes = (await readAt(this.#path, this.#position, PIECE_BYTES)) ?? Buffer.alloc(0);
      this.#position += bytes.length;
      const isEnd = bytes.length < PIECE_BYTES;
      const text = this.#decoder.decode(bytes, { stream: !(isLast && isEnd) });
      const encoded = Buffer.from(text);
      const left = Math.min(this.#skipped, encoded.length);
      this.#skipped -= left;
      if (left < encoded.length || isEnd) return encoded.toString('utf8', left);
    }
  }
}

/** As results read it: what is no UTF-8 becomes U+FFFD, and a mark of the byte order stays. */
const newDecoder = (): InstanceType<typeof TextDecoder> => new TextDecoder('utf-8', { ignoreBOM: true });

const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
};
