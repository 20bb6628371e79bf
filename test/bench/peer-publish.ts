/** The peer of publishing: a bare Fastify that stores each message with one INSERT and answers the same shape. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { openPool } from './playback.ts';

const { DATABASE_URL = '', LOG_LEVEL = '' } = process.env;
// In order, so that a profile is written.
process.once('SIGTERM', () => process.exit());

const HALF_A_DAY_MS = 43_200_000;
const INSERT = `
  insert into relay_messages (channel_id, sequence, id, message, priority, encrypted, bytes, is_anonymous,
                              published_at, expires_at)
  values ($1, $2, $3, $4, 50, false, $5, true, $6, $7)`;

const pool = openPool(DATABASE_URL);
const app = Fastify({ logger: { level: LOG_LEVEL } });
let sequence = 0;

app.post<{ Body: { channel: string; message: string } }>('/api/publish', async ({ body }, reply) => {
  const { channel, message } = body;
  const id = randomUUID();
  const now = new Date();
  const end = new Date(now.getTime() + HALF_A_DAY_MS);
  sequence += 1;
  const values = [`peer-${channel}`, sequence, id, message, Buffer.byteLength(message), now, end];
  await pool.query({ name: 'insert', text: INSERT, values });
  reply.code(201);
  return {
    success: true,
    data: { id, messageId: id, channel, publishedAt: now.toISOString(), autoCreated: false },
  };
});

await app.listen({ host: '127.0.0.1', port: 0 });
