/**
 * What was mailed while all was killed: each message, and none in two letters, but for what a worker was sending when it or
 * the database was killed. Whoever is killed between the «taken» of a mail server and the note of it cannot know that, and
 * the letter is sent again, under the Message-ID that it had.
 */
import type { Site, Strike } from './crash-site.ts';
import type { Delivery } from './slow-mail.ts';
import { until } from './until.ts';

/** Milliseconds that a worker has at most, on a busy machine, to note what was taken. */
const NOTED_MS = 2_000;
/** Letters that a worker sends at a time. Source: `atOnce` in server/jobs/send-mail.ts. */
const AT_ONCE = 5;
/**
 * Milliseconds in which the letters of a worker that was killed are sent by another: 30 s until nothing was heard of it for
 * long enough, up to 60 until somebody looks, and what PostgreSQL's absence has delayed. Source: server/adapters/boss.ts.
 */
const SENT_AGAIN_MS = 150_000;

/** The short form does not wait for what is sent again. */
export async function checkMail(site: Site): Promise<void> {
  const { trial, db, mail, strikes } = site;
  if (trial.length === 'long') {
    const isAllSent = await until(async () => (await countMessages(site)).unsent === 0, SENT_AGAIN_MS);
    trial.check('every message to whom wants mail is mailed', isAllSent, await countMessages(site));
  }
  const { sent, ids } = await countMessages(site);
  // Whoever opened an account was also asked whether the address is theirs.
  const { rows: tokens } = await db.query<{ id: string }>('select id from mail_tokens');
  const asked = new Set(tokens.map(({ id }) => id));
  const deliveries = Map.groupBy(
    mail.deliveries.filter(({ id }) => !asked.has(id)),
    ({ id }) => id,
  );
  const letters = [...deliveries.values()].map(([letter]) => letter as Delivery);
  const told = letters.reduce((sum, { messages }) => sum + messages, 0);
  trial.check('what counts as mailed was taken by the mail server', told >= sent, { told, sent });
  const foreign = letters.filter(({ id }) => !ids.has(id));
  trial.check('each letter has the id of a message', foreign.length === 0, foreign.slice(0, 3));

  const deadly = strikes.filter(({ victims }) => victims.includes('the worker') || victims.includes('PostgreSQL'));
  const repeated = [...deliveries.values()].flatMap((all) => all.slice(0, -1));
  const unasked = repeated.filter((delivery) => !deadly.some((strike) => isCutOff(delivery, strike)));
  trial.check('no letter comes again but what was on its way at a kill', unasked.length === 0, unasked.slice(0, 3));
  trial.check(
    'no kill makes more letters come again than are sent at a time',
    repeated.length <= deadly.length * AT_ONCE,
    repeated.length,
  );
  trial.count('mails', letters.length);
  const under = mail.deliveries.filter(({ begunAt, takenAt }) =>
    deadly.some(({ at }) => begunAt <= at && at <= takenAt),
  );
  trial.count('mails on their way at a kill', under.length);
  trial.measure('mails that came again', repeated.length);
}

const isCutOff = ({ begunAt, takenAt }: Delivery, { at, backAt }: Strike): boolean =>
  begunAt <= backAt && at <= takenAt + NOTED_MS;

async function countMessages({ db, devices }: Site): Promise<{ sent: number; unsent: number; ids: Set<string> }> {
  const { rows } = await db.query<{ id: string; sent_via_email: boolean }>(
    `select messages.id, sent_via_email
       from messages join devices on devices.user_id = messages.user_id
      where devices.id = $1`,
    [devices[0]?.id],
  );
  const sent = rows.filter(({ sent_via_email }) => sent_via_email).length;
  return { sent, unsent: rows.length - sent, ids: new Set(rows.map(({ id }) => id)) };
}
