import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { namedRoutes, openApiDocument } from '../../contracts/openapi.ts';
import { registerReference } from '../../server/http/reference.ts';
import { openAppForTest } from '../setup/app.ts';
import { CHROMIUM, openBrowser } from '../setup/browser.ts';

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

test('llms.txt names every operation, who may call it, and every code', async () => {
  const answer = await openReference().inject('/llms.txt');
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  const lines = answer.body.split('\n');
  for (const { route } of namedRoutes()) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    expect(lines.filter((line) => line.startsWith(`- \`${route.method} ${path}\` ${route.summary} (`))).toHaveLength(1);
  }
  expect(answer.body).toContain('`GET /v1/tasks` List your tasks (userToken or apiKey; task:read)');
  expect(answer.body).toContain('- `TASK_FINISHED` The task has already finished');
  expect(answer.body).toContain('(/openapi.json)');
  expect(answer.body.length, 'it is to be short').toBeLessThan(32_768);
});

// A machine without Chromium has no browser to ask.
test.skipIf(!CHROMIUM)(
  'in a browser it can be searched and tried, and asks no other host',
  { timeout: 90_000 },
  async () => {
    const { url } = await openAppForTest();
    const page = await openBrowser();
    onTestFinished(page.close);
    const clicked = (text: string) => `[...document.querySelectorAll('button, a, [role=option]')].filter((each) =>
    each.textContent.trim().startsWith('${text}')).map((each) => (each.click(), true)).at(0)`;
    await page.open(`${url}/docs#tag/operations/GET/livez`);

    await page.until(clicked('Test Request(get /livez)'));
    await page.until(clicked('Send Request'));
    await page.until(`/Status:\\s+200 OK/.test(document.body.innerText)`);
    expect(page.requested.at(-1)).toBe(`${url}/livez`);

    await page.open(`${url}/docs`);
    await page.until(clicked('Open Search'));
    await page.until(`[...document.querySelectorAll('input')].filter((each) => each.type !== 'checkbox').map((each) => {
    each.focus();
    return document.execCommand('insertText', false, 'cancel a task');
  }).at(0)`);
    await page.until(`[...document.querySelectorAll('[role=option], dialog a, [role=dialog] a')].some((each) =>
    /Cancel a task/.test(each.textContent))`);

    expect(page.faults).toEqual([]);
    expect(page.requested.filter((address) => !address.startsWith(url) && !address.startsWith('data:'))).toEqual([]);
  },
);
