/** The peer of the full stack: a bare Fastify that sends the same statements and answers the same shapes. */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyRequest } from 'fastify';
import { onQuestion } from './control.ts';
import { type Ids, openPool, type Player, playerOf } from './playback.ts';
import type { Recording } from './recording.ts';
import { claimsOf } from './service.ts';

const { DATABASE_URL = '', LOG_LEVEL = '' } = process.env;
// In order, so that a profile is written.
process.once('SIGTERM', () => process.exit());

const pool = openPool(DATABASE_URL);
let create: Player;
let read: Player;

onQuestion('play', (recording: Recording) => {
  create = playerOf(pool, recording, 'create');
  read = playerOf(pool, recording, 'read');
});

const NO_IDS: Ids = { userId: '', sessionId: '', deviceId: '', keyHash: '', taskId: '', leaseId: '', claimId: '' };

const idsOf = (request: FastifyRequest): Ids => {
  const { sub, sid } = claimsOf(request.headers.authorization ?? '');
  return { ...NO_IDS, userId: sub, sessionId: sid };
};

const envelope = (request: FastifyRequest, data: unknown) => ({
  success: true,
  data,
  error: null,
  meta: { request_id: request.id, timestamp: new Date().toISOString() },
});

const app = Fastify({ logger: { level: LOG_LEVEL } });

app.get<{ Params: { task_id: string } }>('/v1/tasks/:task_id', async (request) => {
  const rows = await read({ ...idsOf(request), taskId: request.params.task_id });
  return envelope(request, rows.at(-1)?.[0]);
});

app.post<{ Body: { device_id: string } }>('/v1/tasks', async (request, reply) => {
  const taskId = randomUUID();
  await create({ ...idsOf(request), deviceId: request.body.device_id, taskId });
  reply.code(201);
  return envelope(request, { task_id: taskId, status: 'queued', estimated_start: new Date().toISOString() });
});

await app.listen({ host: '127.0.0.1', port: 0 });
