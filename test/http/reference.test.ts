import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../contracts/openapi.ts';
import { registerReference } from '../../server/http/reference.ts';

const openReference = () => {
  const app = Fastify();
  registerReference(app);
  return app;
};

test('openapi.json is sent once and confirmed by its ETag after that', async () => {
  const app = openReference();
  const first = await app.inject('/openapi.json');
  expect(first.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
  const again = await app.inject({ url: '/openapi.json', headers: { 'if-none-match': String(first.headers.etag) } });
  expect([again.statusCode, again.body]).toEqual([304, '']);
});

test('the page of the reference and all that it loads come from this host', async () => {
  const app = openReference();
  const page = await app.inject('/docs');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.headers['content-security-policy']).not.toMatch(/https?:|\*|unsafe-eval/);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
  expect(sources.filter((source) => !source.startsWith('/') && !source.startsWith('data:'))).toEqual([]);
  for (const source of sources.filter((source) => source.startsWith('/docs/'))) {
    const script = await app.inject({ url: source, headers: { 'accept-encoding': 'gzip' } });
    expect([script.statusCode, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(script.headers['content-encoding']).toBe('gzip');
  }
});
