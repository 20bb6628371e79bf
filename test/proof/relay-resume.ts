/**
 * Relay resume — subscribers of two processes, which are killed while messages are published, go on with the last event
 * they have. Each gets every stored message of its channel once and in order; what was acknowledged is among them; and who
 * comes back too late is told so.
 */
import { ApiError, CcjkCloud, ConnectionError } from '../../sdk/src/index.ts';
import { withClient } from '../setup/cluster.ts';
import type { Harness, Length, Trial } from './harness.ts';
import { type Heard, type Reader, readBySdk, readByWire } from './relay-readers.ts';
import { type Servers, startServers } from './servers.ts';
import { until } from './until.ts';

type Size = {
  channels: number;
  readers: number;
  publishers: number;
  /** Messages of each publisher in a round. A channel keeps 1,000, and none may go before it is counted. */
  perRound: number;
  /** Each ends with a kill. */
  rounds: number;
};

const SIZES: Record<Length, Size> = {
  short: { channels: 2, readers: 16, publishers: 4, perRound: 60, rounds: 2 },
  long: { channels: 10, readers: 100, publishers: 12, perRound: 14, rounds: 50 },
};

/** How many messages those stay for at most who read by the wire, and leave by themselves. */
const STAY = 12;
/** Of the messages, those that are delivered live and never stored. */
const SHARE_LIVE_ONLY = 0.1;
/** Of the kills, those that leave no process alive. */
const SHARE_OF_BOTH = 0.1;
/** For everybody to come back, on a busy machine. */
const RETURN_MS = 30_000;

export const harness: Harness = {
  atLeast: {
    short: { kills: 2, 'acknowledged messages': 480, resumptions: 40, 'gaps told': 8 },
    long: { kills: 50, 'acknowledged messages': 8_400, resumptions: 2_000, 'publishes cut': 10, 'gaps told': 16 },
  },
  async run(trial) {
    const databaseUrl = await trial.database();
    const servers = await startServers(trial, 2, { databaseUrl, role: 'api' });
    await throughKills({ trial, servers, databaseUrl });
    if (trial.hasFailed()) return;
    await lostHistory({ trial, servers, databaseUrl });
  },
};

type World = { trial: Trial; servers: Servers; databaseUrl: string };

/** A message as it is stored. */
type Stored = { channel: string; number: number; id: string; text: string };

const storedIn = ({ databaseUrl }: World): Promise<Stored[]> =>
  withClient(databaseUrl, async (client) => {
    const { rows } = await client.query(
      `select channel_id as channel, sequence::int as number, id, message as text from relay_messages
        where expires_at > now() order by channel_id, sequence`,
    );
    return rows;
  });

// ---- Kills ----------------------------------------------------------------------------------------------------------

async function throughKills(world: World): Promise<void> {
  const { trial, servers } = world;
  const size = SIZES[trial.length];
  const channels = await makeChannels(world, 'kills', size.channels);
  const readers = Array.from({ length: size.readers }, (_, at) => openReader(world, channels, at));
  const areAllBack = () => readers.every(({ isConnected }) => isConnected);
  await until(areAllBack, RETURN_MS);

  const publishing = openPublishing(world, channels);
  for (let round = 1; round <= size.rounds; round++) {
    const victims = trial.random() < SHARE_OF_BOTH ? [0, 1] : [trial.random() < 0.5 ? 0 : 1];
    const share = trial.random();
    const isPatient = trial.random() < 0.5;
    const due = publishing.acknowledged(Math.floor(share * size.publishers * size.perRound));
    const published = publishing.publish(size.publishers, size.perRound);
    await due;
    await Promise.all([servers.kill(victims), published]);
    // Else the next kill meets those who are still on their way back.
    if (isPatient) await until(areAllBack, RETURN_MS);
    if (round % 10 === 0) trial.say(`${round} rounds`);
  }
  trial.check('all come back', await until(areAllBack, RETURN_MS));
  await publishing.end();
  const haveAll = () => readers.every(({ heard }) => heard.at(-1)?.text === END);
  trial.check('all come to the end', await until(haveAll, RETURN_MS));
  judgeAll(world, readers, publishing.attempts, await storedIn(world));
}

/** As many of each kind in each channel. Those who begin at the beginning and those who begin now hear the same. */
function openReader({ trial, servers }: World, channels: readonly string[], at: number): Reader {
  const channel = channels[at % channels.length] as string;
  const place = Math.floor(at / channels.length);
  if (place % 3 === 0) return readByWire(trial, servers, { channel, stay: STAY });
  return readBySdk(trial, servers, { channel, lastEventId: place % 3 === 1 ? 'event-0' : undefined });
}

async function makeChannels({ servers }: World, name: string, count: number): Promise<string[]> {
  const channels = Array.from({ length: count }, (_, at) => `${name}-${at}`);
  const { relay } = clientOf(servers);
  await Promise.all(channels.map((id) => relay.channels.create({ id })));
  return channels;
}

/** The last message of each channel. */
const END = 'end';
/** Stands for the one that answers: no name of the DNS (RFC 6761). */
const NOWHERE = 'http://relay.invalid';

/** What somebody tried to publish. */
type Attempt = {
  channel: string;
  text: string;
  isStored: boolean;
  /** That of the acknowledgement; without one nobody knows. */
  id: string | undefined;
};

function openPublishing({ trial, servers }: World, channels: readonly string[]) {
  const { relay } = clientOf(servers);
  const attempts: Attempt[] = [];
  let acknowledged = 0;
  let waiting: { goal: number; resolve(): void } | undefined;

  const publish = async (channel: string, text: string, isStored = true): Promise<boolean> => {
    const attempt: Attempt = { channel, text, isStored, id: undefined };
    attempts.push(attempt);
    try {
      const { id } = await relay.publish({ channel, message: text, cache: isStored });
      attempt.id = id;
    } catch (error) {
      const isCut = error instanceof ConnectionError;
      const isAway = error instanceof ApiError && error.status === 503;
      trial.check('a publish is acknowledged, or ends with its process', isCut || isAway, String(error));
      if (isCut) trial.count('publishes cut');
      return false;
    }
    trial.count('acknowledged messages');
    acknowledged += 1;
    if (waiting && acknowledged >= waiting.goal) waiting.resolve();
    return true;
  };

  const publishSome = async (count: number): Promise<void> => {
    for (let done = 0; done < count; ) {
      const channel = channels[Math.floor(trial.random() * channels.length)] as string;
      const isStored = trial.random() >= SHARE_LIVE_ONLY;
      // Each try is a message of its own: what became of one that was cut, its publisher does not know.
      if (await publish(channel, `message ${attempts.length}`, isStored)) done += 1;
    }
  };

  return {
    attempts,
    /** Resolves when so many more have been acknowledged. */
    acknowledged: (count: number) =>
      new Promise<void>((resolve) => {
        waiting = { goal: acknowledged + count, resolve };
        if (count === 0) resolve();
      }),
    publish: (publishers: number, each: number) =>
      Promise.all(Array.from({ length: publishers }, () => publishSome(each))),
    end: () => Promise.all(channels.map((channel) => publish(channel, END))),
  };
}

const clientOf = (servers: Servers): CcjkCloud =>
  new CcjkCloud({
    baseUrl: NOWHERE,
    maxRetries: 0,
    fetch: async (url, init) => fetch(url.replace(NOWHERE, await servers.living()), init),
  });

function judgeAll(
  { trial }: World,
  readers: readonly Reader[],
  attempts: readonly Attempt[],
  stored: readonly Stored[],
) {
  const byId = new Map(stored.map((message) => [message.id, message]));
  for (const { id, text, channel } of attempts.filter((attempt) => attempt.isStored && attempt.id !== undefined)) {
    const kept = byId.get(id as string);
    trial.check('what is acknowledged is stored', kept?.text === text && kept.channel === channel, text);
  }
  const tried = new Set(attempts.map(({ channel, text }) => `${channel} ${text}`));
  const kept = stored.map(({ channel, text }) => `${channel} ${text}`);
  trial.check(
    'what is stored was published',
    kept.every((one) => tried.has(one)),
  );
  trial.check('what was published once is stored once', new Set(kept).size === kept.length);
  const byChannel = Map.groupBy(stored, ({ channel }) => channel);
  const liveOnly = new Set(attempts.filter(({ isStored }) => !isStored).map(({ text }) => text));
  for (const reader of readers) judge(trial, reader, byChannel.get(reader.channel) ?? [], liveOnly);
}

function judge(trial: Trial, reader: Reader, stored: readonly Stored[], liveOnly: ReadonlySet<string>): void {
  const { by, channel, heard, gaps, fault, connections } = reader;
  const who = `A reader of ${channel} by ${by}`;
  trial.count('resumptions', connections - 1);
  trial.check(`${by}: it never has to give up`, fault === undefined, fault);
  trial.check(`${by}: no gap is told where there is none`, gaps === 0, `${who}: ${gaps}`);
  const ids = new Set(stored.map(({ id }) => id));
  const difference = differenceOf(
    heard.filter(({ id }) => ids.has(id)),
    stored,
  );
  trial.check(`${by}: every stored message comes once and in order`, difference === undefined, `${who}: ${difference}`);
  const lost = heard.find(({ id, text }) => !ids.has(id) && !liveOnly.has(text));
  trial.check(`${by}: what comes is stored, or was not meant to be`, lost === undefined, `${who}: ${lost?.text}`);
  const backwards = heard.find(({ number }, at) => at > 0 && !(number > (heard[at - 1] as Heard).number));
  trial.check(`${by}: numbers only grow`, backwards === undefined, `${who}: ${JSON.stringify(backwards)}`);
}

/** The first place where they are not the same. */
function differenceOf(heard: readonly Heard[], stored: readonly Pick<Stored, 'id' | 'number'>[]): string | undefined {
  const length = Math.max(heard.length, stored.length);
  const at = Array.from({ length }, (_, at) => at).find(
    (at) => heard[at]?.id !== stored[at]?.id || heard[at]?.number !== stored[at]?.number,
  );
  return at === undefined ? undefined : `${stored[at]?.number} should have come, and ${heard[at]?.number} came`;
}

// ---- Lost history ---------------------------------------------------------------------------------------------------

/** Of a channel that has aged: so many were published, and the first of them are over. */
const PUBLISHED = 20;
const OVER = 10;
/** More than a channel keeps. */
const FLOOD = 1_040;
const AT_ONCE = 40;

async function lostHistory(world: World): Promise<void> {
  const { trial, databaseUrl } = world;
  const [aged, flooded] = (await makeChannels(world, 'lost', 2)) as [string, string];
  await fill(world, aged, PUBLISHED);
  await withClient(databaseUrl, (client) =>
    client.query('update relay_messages set expires_at = now() where channel_id = $1 and sequence <= $2', [aged, OVER]),
  );
  await comeBackLate(world, aged);
  if (trial.length === 'short') return;
  await fill(world, flooded, FLOOD);
  await comeBackLate(world, flooded);
}

async function fill({ servers }: World, channel: string, count: number): Promise<void> {
  const { relay } = clientOf(servers);
  for (let done = 0; done < count; done += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, at) => `message ${done + at}`);
    await Promise.all(some.map((message) => relay.publish({ channel, message })));
  }
}

/** To a channel whose first messages are gone, with every kind of last event. */
async function comeBackLate(world: World, channel: string): Promise<void> {
  const { trial, servers } = world;
  const kept = (await storedIn(world)).filter((one) => one.channel === channel);
  const first = (kept[0] as Stored).number;
  const last = (kept.at(-1) as Stored).number;
  const comings = [
    { lastEventId: 'event-0', isGap: true },
    { lastEventId: `event-${first - 2}`, isGap: true },
    { lastEventId: `event-${first - 1}`, isGap: false, from: first },
    { lastEventId: `event-${first + 4}`, isGap: false, from: first + 5 },
    { lastEventId: `event-${last}`, isGap: false, from: last + 1 },
    { lastEventId: `event-${last + 5}`, isGap: true },
    { lastEventId: 'what another service gave', isGap: true },
  ];
  const back = comings.flatMap(({ lastEventId, isGap, from = first }) =>
    [readBySdk, readByWire].map((read) => {
      const reader = read(trial, servers, { channel, lastEventId });
      return { reader, isGap, from, who: `${lastEventId} of ${last}` };
    }),
  );
  await until(() => back.every(({ reader }) => reader.isConnected), RETURN_MS);
  for (const { reader, isGap, who } of back) {
    const isRight = reader.gaps === (isGap ? 1 : 0);
    trial.check(`${reader.by}: lost history is told, and only that`, isRight, `${who}: ${reader.gaps}`);
    if (isGap) trial.count('gaps told', reader.gaps);
    // It waits for what will not come.
    if (!isRight) return;
  }
  await fill(world, channel, 1);
  // What they have begun to hear may be gone by now, to make room for the new one.
  const added = (await storedIn(world)).filter((one) => one.channel === channel && one.number > last);
  const all = [...kept, ...added];
  await until(() => back.every(({ reader }) => reader.heard.at(-1)?.id === all.at(-1)?.id), RETURN_MS);
  for (const { reader, from, who } of back) {
    const fault = differenceOf(
      reader.heard,
      all.filter(({ number }) => number >= from),
    );
    trial.check(`${reader.by}: all that is left comes once and in order`, fault === undefined, `${who}: ${fault}`);
  }
}
