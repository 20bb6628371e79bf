/** Spans, as a collector gets them. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { type Config, readSettings } from '../../server/config.ts';
import { openTracing } from '../../server/tracing/tracing.ts';
import { openAppForTest } from '../setup/app.ts';
import { claimOne } from '../setup/tasks.ts';

type SentSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
  status?: { code: number };
};
type Sent = {
  resourceSpans: [{ resource: { attributes: SentSpan['attributes'] }; scopeSpans: [{ spans: SentSpan[] }] }];
};

/** Takes spans as a collector does. */
async function openCollector(status = 200) {
  const calls: { url: string | undefined; headers: IncomingHttpHeaders; body: Sent }[] = [];
  const server = createServer(async (request, response) => {
    calls.push({ url: request.url, headers: request.headers, body: JSON.parse(await text(request)) });
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spans = () => calls.flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans);
  return { url, calls, spans };
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

const attributesOf = ({ attributes }: Pick<SentSpan, 'attributes'>) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

it('a request is a span under the caller’s, and its task is handed out under that of the request', async () => {
  const collector = await openCollector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc, x-team=ours',
    OTEL_SERVICE_NAME: 'our cloud',
  };
  const app = await openAppForTest({ env });
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, 'x-request-id': 'the-request' };
  const { task_id } = await user.client.tasks.create({ device_id: device.id, command: 'true' }, { headers });
  const { traceparent } = await claimOne(device);
  await expect(user.client.tasks.get(crypto.randomUUID())).rejects.toThrow();
  await fetch(`${app.url}/v1/nothing/secret`);
  await fetch(`${app.url}/livez`);
  await app.close();

  const [call] = collector.calls;
  expect(call).toMatchObject({ url: '/v1/traces', headers: { authorization: 'Basic abc', 'x-team': 'ours' } });
  expect(attributesOf(call?.body.resourceSpans[0].resource as SentSpan)).toMatchObject({ 'service.name': 'our cloud' });
  const spans = collector.spans();
  const created = spans.find(({ name }) => name === 'POST /v1/tasks') as SentSpan;
  expect(created).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2 });
  expect(created.status).toBeUndefined();
  expect(attributesOf(created)).toEqual({
    'http.request.method': 'POST',
    'http.route': '/v1/tasks',
    'http.response.status_code': 201,
    'ccjk.request_id': 'the-request',
  });
  expect(BigInt(created.endTimeUnixNano) > BigInt(created.startTimeUnixNano)).toBe(true);
  expect(Math.abs(Number(BigInt(created.startTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  expect(traceparent).toBe(`00-${TRACE}-${created.spanId}-01`);
  expect(spans.find(({ name }) => name === 'GET /v1/tasks/:task_id')?.parentSpanId).toBeUndefined();
  expect(JSON.stringify(spans)).not.toMatch(new RegExp(`livez|secret|${task_id}`));
});

it('a job is a span under the request that sent it', async () => {
  const collector = await openCollector();
  const app = await openAppForTest({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await app.work();
  await app.makeUser();
  const isDone = async () => (await app.service.db.selectFrom('mail_tokens').select('user_id').execute()).length > 0;
  await expect.poll(isDone, { timeout: 10_000 }).toBe(true);
  await app.close();
  const registered = collector.spans().find(({ name }) => name === 'POST /v1/auth/register') as SentSpan;
  const { traceId, spanId: parentSpanId } = registered;
  expect(collector.spans().find(({ name }) => name === 'job send-mail')).toMatchObject({
    traceId,
    parentSpanId,
    kind: 5,
  });
});

it('nothing is sent of a trace that its caller does not record, nor of what is not sampled here', async () => {
  const collector = await openCollector();
  const app = await openAppForTest({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' },
  });
  const user = await app.makeUser();
  const ask = (flags: string) =>
    user.client.devices.list({}, { headers: { traceparent: `00-${TRACE}-${PARENT}-${flags}` } });
  await ask('00');
  await ask('01');
  await app.close();
  expect(collector.spans()).toHaveLength(1);
});

it('a collector that refuses is told of once, and the requests go on', async () => {
  const collector = await openCollector(503);
  const app = await openAppForTest({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const users = [await app.makeUser(), await app.makeUser()];
  expect(users).toHaveLength(2);
  await app.close();
  expect(collector.calls.length).toBeGreaterThan(0);
  expect(app.logged.filter((line) => line.includes('spans do not reach the collector'))).toHaveLength(1);
});

/** The spans of `count` requests that wait to be sent to `url`. */
function openTracingOf(url: string, count: number, options?: { closingMs: number }) {
  const config = readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: url }) as Config;
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) });
  const tracing = openTracing({ config, log }, '1.0.0', options);
  for (let number = 0; number < count; number += 1)
    tracing.begin('request', null).end({ name: `GET /${number}`, attributes: {}, isError: false });
  return { tracing, warnings };
}

it('all that waits is sent before the end, some hundreds in a request', async () => {
  const collector = await openCollector();
  const { tracing } = openTracingOf(collector.url, 1_600);
  await tracing.close();
  expect(collector.spans()).toHaveLength(1_600);
  expect(collector.calls).toHaveLength(4);
});

it('a collector that hangs holds up no stop', async () => {
  const silent = createSocketServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const { tracing, warnings } = openTracingOf(url, 1_600, { closingMs: 100 });
  const startedAt = performance.now();
  await tracing.close();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(warnings).toEqual([expect.stringContaining('spans do not reach the collector and are lost')]);
});

it('a collector that refuses is asked once at the end, and not once for each batch', async () => {
  const collector = await openCollector(503);
  await openTracingOf(collector.url, 1_600).tracing.close();
  expect(collector.calls).toHaveLength(1);
});

it('without a collector there are no spans, and no trace is made up', async () => {
  const app = await openAppForTest();
  expect(app.service.tracer).toBeUndefined();
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  await user.client.tasks.create({ device_id: device.id, command: 'true' });
  expect(await claimOne(device)).toMatchObject({ traceparent: null });
});

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4317'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
])('%s that cannot be meant stops the start', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(name);
});
