/** An answer that its contract does not know is a fault of ours, and says nothing of it. */
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { access, c, failures, ok } from '../../contracts/wire.ts';
import { Failed } from '../../server/failed.ts';
import { registerGuard } from '../../server/http/access.ts';
import { bind } from '../../server/http/contract.ts';
import { inCloudEnvelope, registerReplies } from '../../server/http/replies.ts';
import { openParts } from '../setup/parts.ts';
import { type Answer, expectFailure } from '../setup/requests.ts';

const routes = c.router(
  {
    answer: {
      method: 'GET',
      path: '/answer',
      responses: { 200: ok(z.object({ n: z.int() })), ...failures('TASK_NOT_FOUND') },
      metadata: access({ auth: [] }),
    },
  },
  { pathPrefix: '/v1' },
);

/** What a caller gets when the handler of a route does `handle`. */
async function answerOf(handle: () => Promise<unknown>): Promise<Answer> {
  const { ctx } = await openParts();
  const small = Fastify({ genReqId: () => 'the-request' });
  registerReplies(small, () => []);
  registerGuard(small, ctx, { check: async () => {} });
  bind(small, routes, { answer: handle as () => Promise<{ status: 200; data: { n: number } }> }, inCloudEnvelope);
  const { statusCode, headers, body } = await small.inject('/v1/answer');
  await small.close();
  return { status: statusCode, headers: new Headers(headers as Record<string, string>), text: body };
}

const failing = (error: unknown) => () => Promise.reject(error);

test('a handler gives what its contract says, without what it does not', async () => {
  const { status, text } = await answerOf(async () => ({ status: 200, data: { n: 1, password_hash: 'secret' } }));
  expect([status, JSON.parse(text).data]).toEqual([200, { n: 1 }]);
});

test('a handler may fail as its contract says', async () => {
  expectFailure(await answerOf(failing(new Failed('TASK_NOT_FOUND'))), 404, 'TASK_NOT_FOUND');
});

test.each([
  ['answers a status that its contract does not declare', async () => ({ status: 204, data: null })],
  ['answers data that its contract does not declare', async () => ({ status: 200, data: { n: 'one' } })],
  ['answers nothing', async () => undefined],
  ['fails with a code that its contract does not declare', failing(new Failed('EMAIL_TAKEN'))],
  ['fails with an error of its own', failing(new Error('secret'))],
  ['fails with what is no error', failing('secret')],
  ['fails with nothing', failing(undefined)],
])('a handler that %s is a fault of ours, and says nothing of it', async (_, handle) => {
  const answer = await answerOf(handle);
  expectFailure(answer, 500, 'INTERNAL_ERROR');
  expect(answer.text).not.toMatch(/secret|EMAIL|n:|stack/);
});
