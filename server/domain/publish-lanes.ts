/**
 * Lanes — which messages go to PostgreSQL together. What comes while statements are under way waits and goes with the next
 * one, whatever its channel, so that many publishes cost one statement and one commit. A channel is in one statement at a
 * time, and its messages go in the order in which they came.
 */

type Queued = { channel: string; bytes: number };

/**
 * Sends a batch and settles what each of it comes to; never rejects. What of it takes longer than the statement, by its
 * channel: these wait for it, and nobody else does.
 */
export type Send<Item> = (batch: readonly [Item, ...Item[]]) => Promise<ReadonlyMap<string, Promise<void>>>;

/** Statements under way at a time: one more than is being committed, and few enough to leave the next ones full. */
const LANES = 2;
/** Of a batch; a single message may be larger. */
const BATCH_COUNT = 200;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Of the event loop. */
const endOfTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

type Line<Item> = { waiting: Item[]; isUnderWay: boolean };

/** Gives what takes an item in. */
export function openLanes<Item extends Queued>(send: Send<Item>): (item: Item) => void {
  /** By channel; the one whose turn was longest ago is first. */
  const lines = new Map<string, Line<Item>>();
  let running = 0;

  const take = (): Item[] => {
    const batch: Item[] = [];
    let bytes = 0;
    for (const line of lines.values()) {
      if (line.isUnderWay) continue;
      let count = 0;
      for (const item of line.waiting) {
        const isFull = batch.length + count >= BATCH_COUNT || bytes + item.bytes > BATCH_BYTES;
        if (isFull && batch.length + count > 0) break;
        bytes += item.bytes;
        count += 1;
      }
      if (count === 0) break;
      batch.push(...line.waiting.splice(0, count));
      line.isUnderWay = true;
      if (line.waiting.length > 0) break;
    }
    return batch;
  };

  const free = (channel: string) => {
    const line = lines.get(channel) as Line<Item>;
    lines.delete(channel);
    if (line.waiting.length > 0) lines.set(channel, { ...line, isUnderWay: false });
  };

  const work = async () => {
    running += 1;
    for (;;) {
      // What has arrived by now is read before the turn ends, and need not wait for a whole statement.
      await endOfTurn();
      const [first, ...others] = take();
      if (!first) break;
      const slow = await send([first, ...others]);
      for (const channel of new Set([first, ...others].map((item) => item.channel))) {
        const rest = slow.get(channel);
        if (rest) void rest.then(() => free(channel)).then(wake);
        else free(channel);
      }
    }
    running -= 1;
  };

  const wake = () => {
    if (running < LANES) void work();
  };

  return (item) => {
    const line = lines.get(item.channel) ?? { waiting: [], isUnderWay: false };
    lines.set(item.channel, line);
    line.waiting.push(item);
    wake();
  };
}
