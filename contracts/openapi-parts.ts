/** The words and tables of the OpenAPI document that no single route owns. */

import { type AppRoute, isAppRouteOtherResponse } from '@ts-rest/core';
import type {
  HeaderObject,
  InfoObject,
  ParameterObject,
  ReferenceObject,
  SecuritySchemeObject,
  TagObject,
} from 'openapi3-ts/oas31';
import { accessOf } from './declared.ts';
import { familyOf, isUnderApi } from './families.ts';
import type { contract } from './index.ts';
import type { CredentialKind } from './wire.ts';

export const INFO: Omit<InfoObject, 'version'> = {
  title: 'CCJK Cloud',
  description: `Queue a command for one of your machines; the daemon there takes it, runs it and reports how it ended.

**Answers.** Every answer under \`/v1\` is \`{success, data, error, meta}\`, under \`/api\` it is \`{success, data}\` or
\`{success, error}\`. When \`success\` is false, \`error.code\` is one
of the codes that the operation lists and \`error.message\` says what to do; under \`/api/control\` \`error\` is that sentence.
\`meta.request_id\` finds the request in our log.

**Credentials.** \`Authorization: Bearer\` carries the access token of a user, an API key (\`ck_live_…\`) or the key of a
device (\`dk_…\`), which goes in \`X-Device-Token\` too under \`/api/control\`. The relay (the rest of \`/api\`) has keys of its
own (\`sk_live_…\`), in \`X-API-Key\` or as bearer.

**Lists** take \`limit\` and \`offset\`, or \`cursor\` with the \`next_cursor\` of the page before.

**Retries.** A creating request with an \`Idempotency-Key\` can be repeated for 24 hours: the first answer is given again.

**Times** are ISO 8601 in UTC with milliseconds. Unknown fields in a request are ignored.

**Versions.** Operations, optional input, fields of answers, codes and values of an enum in an answer may be added at any
time; nothing that a program relies on is taken away within a major version.

**For programs:** the document is [/openapi.json](/openapi.json), an index of it [/llms.txt](/llms.txt).`,
  contact: { name: 'Whoever runs this service' },
  license: { name: 'MIT', identifier: 'MIT' },
};

/** One tag per noun; a noun that the contract gains is missed here by the compiler. */
export const TAGS = {
  auth: {
    name: 'Auth',
    description:
      'Accounts and their sessions. An access token lives 15 minutes; the refresh token that renews it changes with each use, and the use of an old one ends the whole session.',
  },
  users: {
    name: 'Users',
    description: 'Your own account: its profile, its password, and its end.',
  },
  apiKeys: {
    name: 'API keys',
    description: 'Keys for programs that act for a user. A key is shown once; we keep its SHA-256.',
  },
  daemon: {
    name: 'Daemon',
    description: 'What the daemon on a machine calls, with the key of its device.',
  },
  tasks: {
    name: 'Tasks',
    description:
      'Commands that a user queues for one of their devices. Times are ISO 8601 in UTC; `timeout` is milliseconds.',
  },
  devices: {
    name: 'Devices',
    description: 'The machines of a user, each with a daemon that runs tasks.',
  },
  register: {
    name: 'Relay: public keys',
    description: 'Public keys, each with an encrypted channel of its own.',
  },
  channels: {
    name: 'Relay: channels',
    description: 'Where messages are published and subscribed to.',
  },
  publish: {
    name: 'Relay: messages',
    description: 'Published to a channel, delivered live, and kept for those who come later.',
  },
  subscribe: {
    name: 'Relay: subscriptions',
    description: 'Messages as they are published, as Server-Sent Events.',
  },
  keys: {
    name: 'Relay: keys',
    description: 'Public keys and the keys of the relay, and how they are revoked.',
  },
  cron: {
    name: 'Relay: clean-ups',
    description: 'For a scheduler of yours; the service does the same by itself each night.',
  },
  health: {
    name: 'Relay: probes',
    description: 'What a supervisor of the relay asks. Plain answers, without an envelope.',
  },
  control: {
    name: 'Released daemon',
    description:
      'What the ccjk daemon calls that is released today, with the key of its device, and what its users call. New programs use `/v1`.',
  },
  messages: {
    name: 'Messages',
    description: 'What the service tells a user: tasks that began and ended, devices that came and went.',
  },
  email: {
    name: 'Email',
    description: `Commands by mail. A device takes them from the address in its mail settings: the subject begins with \`[CCJK]\`, or
\`[CCJK:name of a device]\`, the body is the command, up to a line that is \`--\` or \`___\`. The result is mailed back.`,
  },
  config: {
    name: 'Configuration',
    description: 'Backups of the configuration of a device. They count against the storage of your plan.',
  },
  logs: {
    name: 'Logs',
    description:
      'Log files that devices have sent: to view and to download. They count against the storage of your plan, which also says how long they are kept.',
  },
  stats: {
    name: 'Statistics',
    description: 'How many tasks finished on each UTC day, and how long they ran.',
  },
  sockets: {
    name: 'WebSocket',
    description: `\`GET /v1/ws\` opens a WebSocket, with an \`Authorization\` header (any credential), \`?token=\` (the access
token of a user) or \`?ticket=\`. A client sends [SocketCommand](#/components/schemas/SocketCommand) and gets
[SocketFrame](#/components/schemas/SocketFrame), JSON in text frames of at most 64 KiB inbound. An API key gets the events of
the nouns that it may read. \`x-websockets\` of the document has all of it for programs.`,
  },
  ops: {
    name: 'Operations',
    description: 'What a supervisor asks. Plain answers, without an envelope.',
  },
} satisfies Record<keyof (typeof contract)['cloud'] | keyof (typeof contract)['relay'] | 'control' | 'ops', TagObject>;

const SCHEME_OF = {
  user: 'userToken',
  apiKey: 'apiKey',
  device: 'deviceKey',
  relayKey: 'relayKey',
  admin: 'adminKey',
} as const satisfies Record<CredentialKind, string>;

/** The ways in which a route takes its credentials, any of which will do. */
export const schemesOf = (route: AppRoute): (keyof typeof SECURITY_SCHEMES)[] =>
  accessOf(route).auth.flatMap((kind) =>
    kind === 'device' && familyOf(route.path) === 'control' ? ['deviceToken', SCHEME_OF[kind]] : [SCHEME_OF[kind]],
  );

export const SECURITY_SCHEMES = {
  userToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a user, from `POST /v1/auth/login`. It lives 15 minutes.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `ck_live_…`, from `POST /v1/api-keys`. It opens what its scopes name.',
  },
  relayKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'A key of the relay, `sk_live_…`, from `POST /api/keys`; as `Authorization: Bearer` too.',
  },
  adminKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Admin-Key',
    description: 'The ADMIN_MASTER_KEY of the operator.',
  },
  deviceKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'The key of a device, `dk_…`, from `POST /v1/daemon/register` or `POST /v1/devices/keys`.',
  },
  deviceToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Device-Token',
    description: 'The key of a device, `dk_…`, as the released daemon sends it.',
  },
} as const satisfies Record<(typeof SCHEME_OF)[CredentialKind] | 'deviceToken', SecuritySchemeObject>;

/** OpenAPI has no operation that could describe a WebSocket: `x-websockets` names what goes through each, and its ends. */
export const WEBSOCKETS = {
  '/v1/ws': {
    summary: 'Hear what happens to your devices and tasks, as it happens',
    security: (['user', 'apiKey', 'device'] as const).map((kind) => ({ [SCHEME_OF[kind]]: [] })),
    parameters: [
      { name: 'ticket', in: 'query', description: 'From POST /v1/ws/ticket', schema: { type: 'string' } },
      { name: 'token', in: 'query', description: 'The access token of a user', schema: { type: 'string' } },
    ],
    send: { $ref: '#/components/schemas/SocketCommand' },
    receive: { $ref: '#/components/schemas/SocketFrame' },
    closes: {
      1008: 'Too many frames in a minute',
      1009: 'A frame of more than 64 KiB',
      1012: 'The service restarts: connect again',
      1013: 'The reader was 1 MiB behind: connect again, and read again what you show',
      4401: 'The credential has ended',
    },
  },
};

export const PARAMETERS: Record<'RequestId' | 'IdempotencyKey', ParameterObject> = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    required: false,
    description: 'Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes a repeat safe: the same key and body within 24 hours get the first answer again.',
    schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  },
};

type ListedHeader = HeaderObject & { isOn(route: AppRoute, status: number): boolean };

const isFile = (route: AppRoute, status: number): boolean => {
  const response = route.responses[status];
  return (
    response !== undefined && isAppRouteOtherResponse(response) && response.contentType === 'application/octet-stream'
  );
};

const isCounted = (route: AppRoute): boolean => accessOf(route).rate !== 'none';
const isCountedUnderApi = (route: AppRoute): boolean => isCounted(route) && isUnderApi(route.path);

const HEADERS: Record<string, ListedHeader> = {
  'X-Request-Id': {
    description: 'The id of the request in our log',
    schema: { type: 'string' },
    isOn: () => true,
  },
  'RateLimit-Limit': {
    description: 'Requests that the window allows',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCounted,
  },
  'RateLimit-Remaining': {
    description: 'Requests that are left in the window',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCounted,
  },
  'RateLimit-Reset': {
    description: 'Seconds until the window starts anew',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCounted,
  },
  'X-RateLimit-Limit': {
    description: 'The same as RateLimit-Limit',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCountedUnderApi,
  },
  'X-RateLimit-Remaining': {
    description: 'The same as RateLimit-Remaining',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCountedUnderApi,
  },
  'X-RateLimit-Reset': {
    description: 'The same as RateLimit-Reset',
    schema: { type: 'integer', minimum: 0 },
    isOn: isCountedUnderApi,
  },
  'Retry-After': {
    description: 'Seconds to wait before the next attempt',
    schema: { type: 'integer', minimum: 0 },
    isOn: (_, status) => status === 429 || status === 503,
  },
  'WWW-Authenticate': {
    description: 'How to send a credential',
    schema: { type: 'string', const: 'Bearer' },
    isOn: (_, status) => status === 401,
  },
  'Accept-Ranges': {
    description: 'A part can be asked for with Range',
    schema: { type: 'string', const: 'bytes' },
    isOn: isFile,
  },
  'Content-Disposition': {
    description: 'The name of the file',
    schema: { type: 'string' },
    isOn: isFile,
  },
  ETag: {
    description: 'For If-Range',
    schema: { type: 'string' },
    isOn: isFile,
  },
  'Content-Range': {
    description: 'Which part it is',
    schema: { type: 'string', pattern: '^bytes \\d+-\\d+/\\d+$' },
    isOn: (route, status) => status === 206 && isFile(route, status),
  },
};

export const headerComponents = (): [name: string, header: HeaderObject][] =>
  Object.entries(HEADERS).map(([name, { isOn, ...header }]) => [name, header]);

/** The headers of one answer. */
export const headersOf = (route: AppRoute, status: number): Record<string, ReferenceObject> =>
  Object.fromEntries(
    Object.entries(HEADERS)
      .filter(([, { isOn }]) => isOn(route, status))
      .map(([name]) => [name, { $ref: `#/components/headers/${name}` }]),
  );
