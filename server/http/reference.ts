/**
 * `/openapi.json`, `/llms.txt` and `/docs`: the reference of the API, to read, to search and to try.
 *
 * The renderer is Scalar's, served from here and held by its Content-Security-Policy to this host: no font, script,
 * proxy or telemetry comes from or goes elsewhere, so it works without the internet.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { llmsTxt } from './llms-txt.ts';

/** What `npm run generate` writes, and the checks hold fresh. */
const DOCUMENT = new URL('../../contracts/openapi.json', import.meta.url);

export const registerReference = (app: FastifyInstance): void => {
  let openApi: Promise<Asset> | undefined;
  let llms: Promise<Asset> | undefined;
  const page = asset('text/html; charset=utf-8', PAGE);
  const start = asset('text/javascript; charset=utf-8', START);
  let renderer: Promise<Asset> | undefined;

  app.get('/openapi.json', async (request, reply) => {
    openApi ??= loadDocument();
    return send(request, reply, await openApi);
  });
  app.get('/llms.txt', async (request, reply) => {
    llms ??= loadIndex();
    return send(request, reply, await llms);
  });
  app.get('/docs', async (request, reply) => send(request, reply.headers(PAGE_HEADERS), await page));
  app.get('/docs/', async (_, reply) => reply.redirect('/docs', 301));
  app.get('/docs/start.js', async (request, reply) => send(request, reply, await start));
  app.get('/docs/scalar.js', async (request, reply) => {
    renderer ??= loadRenderer();
    return send(request, reply, await renderer);
  });
};

/** Scalar writes styles into its elements. Its own requests, and those of "try it", stay on this host. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>CCJK Cloud API</title>
    <link rel="icon" href="data:,">
    <link rel="alternate" type="text/plain" href="/llms.txt">
  </head>
  <body>
    <div id="app"></div>
    <noscript>The whole reference is in <a href="/openapi.json">/openapi.json</a>, an index of it in <a href="/llms.txt">/llms.txt</a>.</noscript>
    <script src="/docs/scalar.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** Off is all that would ask another host: fonts, telemetry, the hosted client and its assistant. */
const START = `Scalar.createApiReference('#app', ${JSON.stringify({
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  orderSchemaPropertiesBy: 'preserve',
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
})});
`;

type Asset = { type: string; etag: string; text: Buffer; gzipped: Buffer };

const asset = async (type: string, text: string): Promise<Asset> => ({
  type,
  etag: `W/"${createHash('sha256').update(text).digest('base64url')}"`,
  text: Buffer.from(text),
  gzipped: await promisify(gzip)(text),
});

const loadDocument = async (): Promise<Asset> =>
  asset('application/json; charset=utf-8', JSON.stringify(JSON.parse(await readFile(DOCUMENT, 'utf8'))));

const loadIndex = async (): Promise<Asset> =>
  asset('text/plain; charset=utf-8', llmsTxt(JSON.parse(await readFile(DOCUMENT, 'utf8'))));

/** Scalar's package takes 150 ms and 40 MB to load, so only a process that shows its reference loads it. */
const loadRenderer = async (): Promise<Asset> => {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const shelf = Fastify();
  await shelf.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
  const { body } = await shelf.inject('/docs/js/scalar.js');
  return asset('text/javascript; charset=utf-8', body);
};

const send = (request: FastifyRequest, reply: FastifyReply, { type, etag, text, gzipped }: Asset): FastifyReply => {
  reply.headers({ 'content-type': type, etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return takesGzip ? reply.header('content-encoding', 'gzip').send(gzipped) : reply.send(text);
};
