/**
 * Forms with one file (multipart/form-data). The file is handed on as it comes and never held; the other parts, JSON each,
 * may stand before or after it and are validated by the contract.
 */
import type { Readable } from 'node:stream';
import fastifyMultipart from '@fastify/multipart';
import type { AppRoute } from '@ts-rest/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readsBody } from '../../contracts/declared.ts';
import { Failed } from '../failed.ts';

/** Bytes of a part that is no file. */
const MAX_FIELD = 64 * 1024;
const MAX_FIELDS = 20;

export const takesForm = (route: AppRoute): boolean =>
  'contentType' in route && route.contentType === 'multipart/form-data';

const isForm = ({ headers }: FastifyRequest): boolean => /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

/** Forms are taken where the contract says so, and nothing else is taken there. */
export function registerForms(app: FastifyInstance, routeOf: (request: FastifyRequest) => AppRoute | undefined): void {
  app.register(fastifyMultipart, { limits: { fieldSize: MAX_FIELD, fields: MAX_FIELDS, files: 1 } });
  app.addHook('preParsing', async (request) => {
    const route = routeOf(request);
    if (!route || !readsBody(route) || isForm(request) === takesForm(route)) return;
    if (takesForm(route)) {
      throw new Failed('UNSUPPORTED_MEDIA_TYPE', { message: 'Send the body as multipart/form-data' });
    }
    throw new Failed('UNSUPPORTED_MEDIA_TYPE');
  });
}

/**
 * Hands the content of the file to `take`; gives what that made of it, with the other fields. `take` is done with a piece of
 * it when it asks for the next: its memory is used again.
 */
export type Receive<Fields> = <Taken>(
  take: (content: AsyncIterable<Uint8Array>) => Promise<Taken>,
) => Promise<Fields & { taken: Taken }>;

/** The form of a request, by the schema of its body: the field that is a file is the file. */
export const formOf =
  (request: FastifyRequest, schema: z.ZodObject, maxBytes: number): Receive<Record<string, unknown>> =>
  async (take) => {
    const all = Object.entries(schema.shape);
    const [fileField = ''] = all.find(([, field]) => field instanceof z.ZodFile) ?? [];
    const otherFields = Object.fromEntries(all.filter(([name]) => name !== fileField)) as z.ZodRawShape;
    const fields: Record<string, unknown> = {};
    let taken: { what: Awaited<ReturnType<typeof take>> } | undefined;
    try {
      for await (const part of partsOf(request, fileField, maxBytes)) {
        if ('file' in part) taken = { what: await take(contentOf(part.file)) };
        else if (part.name in schema.shape) fields[part.name] = part.value;
      }
      const parsed = z.object(otherFields).safeParse(fields);
      const missing = taken ? [] : [{ path: [fileField], message: 'A file is missing', code: 'invalid_type' }];
      if (parsed.success && taken) return { ...parsed.data, taken: taken.what };
      throw invalid([...missing, ...(parsed.error?.issues ?? [])]);
    } finally {
      // The sender hears of a failure only when it has sent the rest.
      request.raw.unpipe();
      request.raw.resume();
    }
  };

type Part = { file: Readable & { truncated?: boolean } } | { name: string; value: unknown };

async function* partsOf(request: FastifyRequest, fileField: string, maxBytes: number): AsyncGenerator<Part> {
  const parts = request.parts({
    limits: { fileSize: maxBytes },
    isPartAFile: (name) => name === fileField,
  });
  for (;;) {
    const { value: part, done } = await parts.next().catch((error: unknown) => refuse(error));
    if (done) return;
    if (part.type === 'file') yield { file: part.file };
    else yield { name: part.fieldname, value: part.valueTruncated ? undefined : jsonOf(part.value) };
  }
}

/** Each piece is its reader's until the next is asked for. */
async function* contentOf(file: Readable & { truncated?: boolean }): AsyncGenerator<Uint8Array> {
  const chunks = file[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await chunks.next().catch((error: unknown) => refuse(error));
    if (done) break;
    yield value as Uint8Array;
    giveBack(value as Uint8Array);
  }
  if (file.truncated) throw new Failed('PAYLOAD_TOO_LARGE');
}

/**
 * Frees the memory of a piece. Node makes a buffer for each, and V8 collects them when some 64 MiB have gathered: a single
 * large file would take that much. One that shares its memory with another is left to V8.
 */
const giveBack = (piece: Uint8Array): void => {
  if (piece.byteLength === piece.buffer.byteLength) (piece.buffer as ArrayBuffer).transfer(0);
};

const jsonOf = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
};

const refuse = (error: unknown): never => {
  if ((error as { code?: string }).code === 'FST_REQ_FILE_TOO_LARGE') {
    throw new Failed('PAYLOAD_TOO_LARGE', { cause: error });
  }
  throw invalid(
    [{ path: [], message: `is no whole form: ${(error as Error).message}`, code: 'invalid_format' }],
    error,
  );
};

type Fault = { path: PropertyKey[]; message: string; code?: string | undefined };

const invalid = (faults: Fault[], cause?: unknown) =>
  new Failed('VALIDATION_ERROR', {
    details: faults.map(({ path, message, code }) => ({ path: ['body', ...path.map(String)], message, code })),
    cause,
  });
