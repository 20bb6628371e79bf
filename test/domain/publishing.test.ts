import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Actor, Ctx } from '../../server/context.ts';
import { openChannel, touchChannels } from '../../server/domain/channels.ts';
import { type Draft, publish } from '../../server/domain/publishing.ts';
import { cleanUpChannels } from '../../server/domain/relay-cleanup.ts';
import { deleteExpiredMessages, trimAnonymous, trimChannels } from '../../server/domain/stored-messages.ts';
import { openParts } from '../setup/parts.ts';

const draftOf = (channel: string, message: string, more: Partial<Draft> = {}): Draft => ({
  channel,
  message,
  priority: 'normal',
  sender: null,
  isCached: true,
  isEncrypted: false,
  autoCreate: true,
  ...more,
});

const anonymously = (ctx: Ctx): Ctx => ({ ...ctx, actor: { kind: 'anonymous' } });

const asOwner = (ctx: Ctx, owner: string): Ctx => {
  const actor: Actor = {
    kind: 'relayKey',
    apiKeyId: owner,
    owner,
    accountId: null,
    plan: 'free',
    permissions: ['read', 'write'],
    expiresAt: null,
  };
  return { ...ctx, actor };
};

const channelsNamed = (count: number) => Array.from({ length: count }, (_, at) => `channel-${at}`);

const storedIn = (ctx: Ctx, channel: string) =>
  ctx.db.selectFrom('relay_messages').selectAll().where('channel_id', '=', channel).orderBy('sequence').execute();

/** Somebody holds the row of the channel until the returned function is called. */
async function hold(url: string, channel: string): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('begin');
  await holder.query('select from channels where id = $1 for update', [channel]);
  return async () => void (await holder.query('rollback'));
}

/** How many statements wait for a lock. */
async function waitingIn(url: string): Promise<number> {
  const asking = new pg.Client({ connectionString: url });
  await asking.connect();
  const { rowCount } = await asking.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  await asking.end();
  return rowCount ?? 0;
}

/** What a publish was refused with, or `published`. */
const outcomeOf = (published: Promise<unknown>): Promise<string> =>
  published.then(
    () => 'published',
    (error) => error.code,
  );

test('processes that publish to the same channels number each without gap or repeat, in the order of each publisher', async () => {
  const first = await openParts();
  const others = [await openParts({ databaseUrl: first.url }), await openParts({ databaseUrl: first.url })];
  const processes = [first, ...others];
  const channels = channelsNamed(11);
  const rounds = 30;
  const published = await Promise.all(
    processes.flatMap(({ ctx }, process) =>
      Array.from({ length: rounds }, (_, round) =>
        // Each process goes through them in another order.
        channels.map((_, at) => {
          const channel = channels[(at * (2 * process + 1) + round) % channels.length] as string;
          const isCached = round % 5 !== 4;
          return publish(anonymously(ctx), draftOf(channel, `${process} ${round}`, { isCached })).then(({ id }) => ({
            id,
            channel,
            isCached,
          }));
        }),
      ).flat(),
    ),
  );
  for (const channel of channels) {
    const told = processes
      .flatMap((process) => process.told)
      .flatMap((event) => (event.type === 'channel.published' && event.channel === channel ? event.messages : []))
      .sort((a, b) => a.sequence - b.sequence);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, at) => at + 1));
    expect(told.map(({ id }) => id).sort()).toEqual(
      published
        .filter((each) => each.channel === channel)
        .map(({ id }) => id)
        .sort(),
    );
    for (const process of processes.keys()) {
      const own = told.map(({ message }) => message.split(' ')).filter(([by]) => by === String(process));
      expect(own.map(([, round]) => Number(round))).toEqual(Array.from({ length: rounds }, (_, round) => round));
    }
    const stored = await storedIn(first.ctx, channel);
    expect(stored.map(({ sequence, id }) => ({ sequence, id }))).toEqual(
      told.filter(({ isStored }) => isStored).map(({ sequence, id }) => ({ sequence, id })),
    );
    const row = await first.ctx.db.selectFrom('channels').selectAll().where('id', '=', channel).executeTakeFirst();
    expect(row).toMatchObject({ sequence: told.length, stored_count: stored.length });
  }
});

test('processes that publish, trim and touch the same channels never wait for each other in a circle', async () => {
  const first = await openParts();
  const others = [await openParts({ databaseUrl: first.url }), await openParts({ databaseUrl: first.url })];
  const processes = [first, ...others];
  const channels = channelsNamed(8);
  const work: Promise<unknown>[] = [];
  for (let round = 0; round < 25; round += 1) {
    for (const [at, { ctx, clock }] of processes.entries()) {
      clock.advance(61);
      const reading = { db: ctx.db, now: ctx.now };
      const inSomeOrder = at === 0 ? channels : channels.toReversed();
      work.push(...inSomeOrder.map((channel) => publish(anonymously(ctx), draftOf(channel, 'x'.repeat(100)))));
      work.push(touchChannels(reading, inSomeOrder), trimChannels(reading, inSomeOrder), trimAnonymous(reading, 5_000));
    }
    await Promise.all(work.splice(0));
  }
  for (const channel of channels) {
    const stored = await storedIn(first.ctx, channel);
    const row = await first.ctx.db.selectFrom('channels').selectAll().where('id', '=', channel).executeTakeFirst();
    expect(row).toMatchObject({
      sequence: 25 * processes.length,
      stored_count: stored.length,
      stored_bytes: 100 * stored.length,
    });
  }
  expect(processes.flatMap(({ lines }) => lines)).toEqual([]);
});

test.each([
  'temporary',
  'public',
] as const)('clean-ups of %s channels and of their messages never wait for each other in a circle', async (type) => {
  const { ctx, url, clock } = await openParts();
  const anonymous = anonymously(ctx);
  // As they lie in the table, which is not the order of their ids.
  for (const id of ['b', 'a']) {
    await openChannel(anonymous, { name: null, description: null, metadata: null, type, expiresInSeconds: 60, id });
    await publish(anonymous, draftOf(id, 'x'));
  }
  clock.advance(13 * 3600);
  const release = await hold(url, 'b');
  const channels = cleanUpChannels(ctx, type === 'temporary' ? 'temporary' : 'persistent');
  await vi.waitFor(async () => expect(await waitingIn(url)).toBe(1));
  const messages = deleteExpiredMessages(ctx);
  await vi.waitFor(async () => expect(await waitingIn(url)).toBe(2));
  await release();
  const { temporary, persistent } = await channels;
  expect([...temporary.errors, ...persistent.errors]).toEqual([]);
  expect(temporary.changed + persistent.changed).toBe(2);
  expect(await messages).toBe(type === 'temporary' ? 0 : 2);
});

test('each message is answered by itself, whoever publishes beside it', async () => {
  const { ctx } = await openParts();
  const [anonymous, one, other] = [anonymously(ctx), asOwner(ctx, 'one'), asOwner(ctx, 'other')];
  const privately = { name: null, description: null, type: 'private', expiresInSeconds: null, metadata: null } as const;
  await openChannel(one, { ...privately, id: 'private' });
  const texts = Array.from({ length: 10 }, (_, at) => String(at));
  const outcomes = await Promise.all(
    texts.flatMap((text) => [
      outcomeOf(publish(one, draftOf('private', text))),
      outcomeOf(publish(other, draftOf('private', text))),
      outcomeOf(publish(anonymous, draftOf('open', text))),
      outcomeOf(publish(anonymous, draftOf('nowhere', text, { autoCreate: false }))),
    ]),
  );
  expect(outcomes).toEqual(texts.flatMap(() => ['published', 'CHANNEL_NOT_FOUND', 'published', 'CHANNEL_NOT_FOUND']));
  expect((await storedIn(ctx, 'private')).map(({ message }) => message)).toEqual(texts);
  expect((await storedIn(ctx, 'private')).some(({ is_anonymous }) => is_anonymous)).toBe(false);
  expect((await storedIn(ctx, 'open')).map(({ message }) => message)).toEqual(texts);
});

test('a message that PostgreSQL does not take fails alone, and those behind it keep their order', async () => {
  const { ctx } = await openParts();
  const anonymous = anonymously(ctx);
  const channels = ['a', 'b'];
  for (const channel of channels) await publish(anonymous, draftOf(channel, 'first'));
  const outcomes = await Promise.all(
    ['1', '2', 'no\0text', '3'].flatMap((text) =>
      channels.map((channel) =>
        outcomeOf(publish(anonymous, draftOf(channel, channel === 'b' ? text.replace('\0', '') : text))),
      ),
    ),
  );
  expect(outcomes.filter((outcome) => outcome !== 'published')).toEqual(['22021']);
  expect((await storedIn(ctx, 'a')).map(({ message }) => message)).toEqual(['first', '1', '2', '3']);
  expect((await storedIn(ctx, 'b')).map(({ message }) => message)).toEqual(['first', '1', '2', 'notext', '3']);
});

test('a message that cannot be stored does not keep others from a channel that is made for them', async () => {
  const { ctx } = await openParts();
  const anonymous = anonymously(ctx);
  const outcomes = await Promise.all(
    ['1', '2', '3'].map((text) =>
      outcomeOf(publish(anonymous, draftOf('new', text, { sender: text === '2' ? 's'.repeat(256) : null }))),
    ),
  );
  expect(outcomes).toEqual(['published', '22001', 'published']);
  expect((await storedIn(ctx, 'new')).map(({ message }) => message)).toEqual(['1', '3']);
});

test('a channel whose row somebody holds does not keep the others', async () => {
  const { ctx, url } = await openParts();
  const anonymous = anonymously(ctx);
  const channels = channelsNamed(6);
  for (const channel of channels) await publish(anonymous, draftOf(channel, 'first'));
  const [held = '', ...free] = channels;
  const release = await hold(url, held);

  let isHeld = true;
  const late = publish(anonymous, draftOf(held, 'late')).then(() => expect(isHeld).toBe(false));
  const later = [];
  for (const text of ['1', '2', '3']) {
    const open = free.map((channel) => publish(anonymous, draftOf(channel, text)));
    later.push(publish(anonymous, draftOf(held, text)));
    open.push(...free.map((channel) => publish(anonymous, draftOf(channel, `${text} again`))));
    await Promise.all(open);
  }
  isHeld = false;
  await release();
  await Promise.all([late, ...later]);
  for (const channel of free)
    expect((await storedIn(ctx, channel)).map(({ message }) => message)).toEqual([
      'first',
      ...['1', '2', '3'].flatMap((text) => [text, `${text} again`]),
    ]);
  expect((await storedIn(ctx, held)).map(({ message }) => message)).toEqual(['first', 'late', '1', '2', '3']);
});

test('a channel whose row somebody holds does not keep others from publishing where there is too much to keep', async () => {
  const { ctx, url } = await openParts({ env: { RELAY_MAX_BYTES: '6400' } });
  const anonymous = anonymously(ctx);
  await publish(anonymous, draftOf('held', 'x'.repeat(6000)));
  await publish(anonymous, draftOf('free', 'first'));
  const release = await hold(url, 'held');
  const startedAt = performance.now();
  await publish(anonymous, draftOf('free', 'y'.repeat(1000)));
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  await release();
  await publish(anonymous, draftOf('free', 'z'.repeat(1000)));
  expect(await storedIn(ctx, 'held')).toEqual([]);
});

test('what processes before this one have stored counts, too, from the first message on', async () => {
  const before = await openParts();
  await publish(anonymously(before.ctx), draftOf('c', 'x'.repeat(6400)));
  const after = await openParts({ databaseUrl: before.url, env: { RELAY_MAX_BYTES: '6400' } });
  await publish(anonymously(after.ctx), draftOf('c', 'y'));
  expect((await storedIn(after.ctx, 'c')).map(({ message }) => message)).toEqual(['y']);
});

test('what goes wrong is in the log of a request that it goes wrong for', async () => {
  const { ctx, url, lines } = await openParts();
  const asRequest = (name: string): Ctx => ({ ...anonymously(ctx), log: ctx.log.child({ reqId: name }) as Ctx['log'] });
  for (const channel of ['held', 'free']) await publish(asRequest('first'), draftOf(channel, 'x'));
  const release = await hold(url, 'held');
  const published = [
    publish(asRequest('late'), draftOf('held', 'x')),
    publish(asRequest('late'), draftOf('free', 'x')),
  ];
  await vi.waitFor(() => expect(lines).toMatchObject([{ reqId: 'late', msg: expect.stringMatching(/sent again/) }]));
  await release();
  await Promise.all(published);
});
