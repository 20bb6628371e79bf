/**
 * What all endpoints share: ids, times, texts and who may call; and the envelope and the pages of `/v1`. Those of `/api`
 * are in relay/wire.ts.
 */
import { initContract } from '@ts-rest/core';
import { z } from 'zod';
import { codeOnTheWire, FAILURES, type FailureCode } from './failures.ts';

export const c = initContract();

// ---- Values ---------------------------------------------------------------------------------------------------------

/** How deep open JSON may nest: far beyond any honest use, far below what exhausts a parser's stack. */
const MAX_JSON_DEPTH = 64;

/** PostgreSQL stores neither NUL nor half of a surrogate pair, so a text with one is refused at the door. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

const isStorableJson = (value: unknown, depth = 0): boolean => {
  if (typeof value === 'string') return isStorableText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_JSON_DEPTH) return false;
  return Object.entries(value).every(([key, inner]) => isStorableText(key) && isStorableJson(inner, depth + 1));
};

/** Text of `min` to `max` characters that can be stored. */
export const text = (max: number, min = 0) =>
  z.string().min(min).max(max).refine(isStorableText, { error: 'must not contain NUL characters or lone surrogates' });

/** An object of the caller's own shape, kept whole. At most 64 levels deep. */
export const openJson = () =>
  z.record(z.string(), z.unknown()).refine((value) => isStorableJson(value), {
    error: `must nest at most ${MAX_JSON_DEPTH} levels and contain no NUL characters or lone surrogates`,
  });

/** In lower case, as PostgreSQL writes it; callers may write it as they like. */
export const Id = z.guid().toLowerCase();

/** ISO 8601 in UTC with milliseconds, as every answer carries it. */
export const Time = z.iso.datetime({ precision: 3 });

/** ISO 8601 with any offset, by whatever clock. */
export const AnyTime = z.iso.datetime({ offset: true, abort: true });

/** With room on both sides: what is reckoned from a time has to have an ISO form of the usual length too. */
const EARLIEST = Date.parse('1970-01-01T00:00:00Z');
const LATEST = Date.parse('9999-01-01T00:00:00Z');

/** A time that a request asks for. */
export const TimeInput = AnyTime.refine(
  (written) => {
    const at = Date.parse(written);
    return at >= EARLIEST && at < LATEST;
  },
  { error: 'must lie in the years 1970 to 9998 in UTC' },
);

/** Lower-cased: addresses are compared without regard to case. */
export const Email = z
  .string()
  .max(255)
  .refine(isStorableText, { error: 'must not contain NUL characters or lone surrogates' })
  .pipe(z.email())
  .transform((email) => email.toLowerCase())
  .meta({ format: 'email' });

const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** A whole number in a query string. */
export const queryNumber = wholeNumber;

/** Yes or no in a query string. */
export const queryFlag = () => z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

// ---- Envelope -------------------------------------------------------------------------------------------------------

export const Meta = z
  .object({
    request_id: z
      .string()
      .meta({ description: 'The X-Request-Id of the request, or one made for it; it is in our log' }),
    timestamp: Time,
  })
  .meta({ id: 'Meta' });

/** The envelope of an answer that succeeded. */
export const ok = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), data, error: z.null(), meta: Meta });

export const Issue = z
  .object({
    path: z
      .array(z.union([z.string(), z.number()]))
      .meta({ description: 'Where in the request: body, query, path or header, then the field' }),
    message: z.string(),
    code: z.string(),
  })
  .meta({ id: 'Issue', description: 'One fault of a request that failed validation' });

/** The codes that a failure schema stands for, so that the guard and the document can read them back. */
export const failureCodes = z.registry<{ codes: readonly FailureCode[] }>();

/** The envelope of an answer that failed with one of `codes`. */
export const failure = (codes: readonly FailureCode[]) => {
  const onTheWire = [...new Set(codes.map(codeOnTheWire))] as [string, ...string[]];
  return z
    .object({
      success: z.literal(false),
      data: z.null(),
      error: z.object({
        code: z.enum(onTheWire),
        message: z.string().meta({ description: 'One sentence that says what to do' }),
        details: z
          .unknown()
          .optional()
          .meta({ description: 'VALIDATION_ERROR: a list of {path, message, code}; limits: {limit, plan}' }),
      }),
      meta: Meta,
    })
    .register(failureCodes, { codes });
};

type StatusOf<Code extends FailureCode> = (typeof FAILURES)[Code][0];

/**
 * Responses for the failures that only one route has, in the envelope that `make` gives; what every route can answer is
 * added by its access rule.
 */
export const failuresIn =
  <Envelope extends z.ZodType>(make: (codes: readonly FailureCode[]) => Envelope) =>
  <const Codes extends readonly FailureCode[]>(...codes: Codes) => {
    const byStatus = Map.groupBy(codes as readonly FailureCode[], (code) => FAILURES[code][0]);
    return Object.fromEntries([...byStatus].map(([status, those]) => [status, make(those)])) as {
      [Status in StatusOf<Codes[number]>]: Envelope;
    };
  };

/** Of `/v1`. */
export const failures = failuresIn(failure);

// ---- Pages ----------------------------------------------------------------------------------------------------------

export const PageQuery = z.object({
  limit: wholeNumber(1, 100).default(20).meta({ description: 'How many at most' }),
  offset: wholeNumber(0, 1_000_000_000).default(0).meta({ description: 'How many to leave out first' }),
  cursor: text(512)
    .optional()
    .meta({ description: 'The next_cursor of the page before; cheaper than offset on deep pages' }),
});

export const Pagination = z
  .object({ total: z.int(), limit: z.int(), offset: z.int(), has_more: z.boolean() })
  .meta({ id: 'Pagination' });

/** The data of a list: the items under their own name, beside the pagination. */
export const page = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.object({
    [name]: z.array(item),
    pagination: Pagination,
    next_cursor: z.string().nullable().meta({ description: 'Pass it as cursor for the next page; null on the last' }),
  } as { [K in Name]: z.ZodArray<Item> } & { pagination: typeof Pagination; next_cursor: z.ZodNullable<z.ZodString> });

// ---- Who may call ---------------------------------------------------------------------------------------------------

/**
 * What opens a route. An `Authorization: Bearer` carries one of the first three, and under `/api` a relay key, which
 * `X-API-Key` carries too; its prefix decides. `admin` is the `X-Admin-Key`.
 */
export type CredentialKind = 'user' | 'apiKey' | 'device' | 'relayKey' | 'admin';

export const SCOPES = {
  'user:read': 'Read your profile and messages',
  'user:write': 'Change your profile, read and delete messages',
  'device:read': 'Read devices',
  'device:write': 'Register, configure and delete devices',
  'task:create': 'Create and retry tasks',
  'task:read': 'Read tasks, their output and events',
  'task:cancel': 'Cancel tasks',
  'task:admin': 'Everything about tasks',
  'config:read': 'Read backups and mail settings',
  'config:write': 'Back up and restore, change mail settings',
  'log:read': 'Read device logs',
  'stats:read': 'Read statistics',
} as const;

export type Scope = keyof typeof SCOPES;

export const ScopeName = z.enum(Object.keys(SCOPES) as [Scope, ...Scope[]]);

/** What a relay key may do: each opens what it says, `admin` everything. */
export const PERMISSIONS = {
  read: 'Subscribe, and read channels, messages and public keys',
  write: 'Publish, make channels and register public keys',
  revoke: 'Revoke public keys and relay keys',
  admin: 'All of these',
} as const;

export type Permission = keyof typeof PERMISSIONS;

/** A budget of the relay: so many calls per minute and address, or per key. */
export type RelayRate = 'publish' | 'register' | 'subscribe' | 'channels' | 'read';

export type Access = {
  /** Which credentials open the route; none: anyone. */
  auth: readonly CredentialKind[];
  /** Anyone may call without a credential, unless `RELAY_REQUIRE_KEY` is set; one that is sent must still be valid. */
  isOpen: boolean;
  /** What an API key needs besides. */
  scope?: Scope;
  /** An API key of any scope opens it: what it then gets, its scopes decide. */
  anyScope: boolean;
  /** What a relay key needs besides. */
  permission?: Permission;
  /** `?Authorization=Bearer+KEY` counts too: an EventSource sends no headers. */
  inQuery: boolean;
  /**
   * `credential`: the budget of the caller's kind. `none`: not counted. `webhook`: that of mail gateways. Others: a budget
   * of the relay.
   */
  rate: 'credential' | 'none' | 'webhook' | RelayRate;
  /** Takes `Idempotency-Key`. */
  idempotent: boolean;
  /** Its body is signed: the handler gets it as it came, too. */
  isSigned: boolean;
  /** Its answer shows a secret once, so that a repeat cannot give it again. */
  showsSecret: boolean;
  /** In bytes of the request body. */
  bodyLimit: number;
  /** What a longer body is refused with. */
  tooLarge: FailureCode;
};

export const MIB = 1024 * 1024;

/** The access rule of a route. Left out: nobody but the named credentials, their own budget, 1 MiB of body. */
export const access = (rule: Pick<Access, 'auth'> & Partial<Access>): Access => ({
  isOpen: false,
  inQuery: false,
  rate: 'credential',
  anyScope: false,
  idempotent: false,
  isSigned: false,
  showsSecret: false,
  bodyLimit: MIB,
  tooLarge: 'PAYLOAD_TOO_LARGE',
  ...rule,
});
