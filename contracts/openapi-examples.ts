/**
 * Examples of answers. A schema that has one of its own (`.meta({ examples })`) is shown by it; any other is put together
 * from its fields, and a field is shown by what EXAMPLES has under its name. The same name so means the same everywhere,
 * and an example is complete and valid by construction.
 */
import type { ReferenceObject, SchemaObject } from 'openapi3-ts/oas31';

const TIME = '2026-01-20T10:00:00.000Z';
const ID = '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11';

/** By the name of a field, `field[]` of the items in one; `Component.field` where it means something else in one component. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  // Who and what
  device_id: ID,
  task_id: '1c6f0b56-6d4a-4a0e-9b8f-0a3a5c1d2e3f',
  request_id: '7e0c6a52-2f0b-4f7e-9d0e-3a5f1f1c9b42',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  lease_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa',
  lost_tasks: [],
  cancel_tasks: [],
  parent_task_id: null,
  batch_id: null,
  after_task_id: null,
  'TaskEvent.id': 4211,
  email: 'user@example.com',
  display_name: 'John Doe',
  avatar_url: 'https://example.com/john.png',
  userId: 'user-123',
  creator: 'user-123',
  sender: 'Server',
  actor: `device:${ID}`,
  user_agent: 'ccjk-cloud-sdk/0.1.0',
  ip_address: '192.0.2.17',

  // Secrets, cut short
  token: 'eyJhbGciOiJIUzI1NiJ9…',
  refresh_token: 'rt_5Zk…',
  device_key: 'dk_3Vn…',
  ticket: 'tk_9Fq…',
  key_prefix: 'ck_live_7Hq2',
  keyPrefix: 'sk_live_4Rt8',
  'CreatedApiKey.key': 'ck_live_7Hq2…',
  'CreatedRelayKey.key': 'sk_live_4Rt8…',
  confirmationCode: 'P4sTq…',
  publicKey: '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA…\n-----END PUBLIC KEY-----',

  // Machines
  deviceId: ID,
  commandId: '1c6f0b56-6d4a-4a0e-9b8f-0a3a5c1d2e3f',
  platform: 'darwin',
  hostname: 'build-1',
  'args[]': '--watch',
  cwd: '/project/path',
  env: { NODE_ENV: 'production' },
  device_name: 'MacBook Pro',
  machine_id: 'macbook-pro-a1b2',
  os_type: 'darwin',
  os_version: '23.1.0',
  arch: 'arm64',
  ccjk_version: '3.7.0',
  location: null,
  system_info: { cpu_usage: 25.5, memory_usage: 45.2, disk_usage: 60 },
  current_tasks: 1,
  daemon_status: 'online',
  presence: 'socket',
  heartbeat_interval: 30,
  task_check_interval: 10,
  log_upload_enabled: true,
  max_concurrent_tasks: 5,
  config_version: 3,
  next_heartbeat_seconds: 30,
  tasks_available: false,

  // Tasks
  command: 'npm run build',
  args: { cwd: '/project/path', env: { NODE_ENV: 'production' } },
  status: 'completed',
  'QueuedTask.status': 'queued',
  'StartedTask.status': 'running',
  'Revocation.status': 'pending',
  'RequestedRevocation.status': 'pending',
  from_status: 'running',
  to_status: 'completed',
  reason: null,
  'NotReady.reason': 'The database does not answer',
  'Revocation.reason': 'The laptop was lost',
  'RequestedRevocation.reason': 'The laptop was lost',
  priority: 7,
  timeout: 300_000,
  timeout_seconds: 300,
  max_retries: 3,
  retry_count: 0,
  attempt: 1,
  progress: null,
  exit_code: 0,
  signal: null,
  error_message: null,
  grace_seconds: 10,
  run_at: null,
  cancel_requested_at: null,
  stdout: 'built in 2.31s\n',
  stderr: '',
  stdout_truncated: false,
  stderr_truncated: false,
  chunk: 'added 312 packages in 4s\n',
  next_offset: 25,
  truncated: false,
  complete: false,

  // Mail
  email_address: 'user@example.com',
  username: null,
  imap_host: 'imap.example.com',
  imap_port: 993,
  smtp_host: 'smtp.example.com',
  smtp_port: 587,
  last_error: null,
  to: 'user@example.com',
  reply: '250 2.0.0 OK',

  // Messages, configuration, logs, statistics
  title: 'Task completed',
  content: 'npm run build ended with 0 on MacBook Pro',
  data: { exit_code: 0 },
  sent_via_email: false,
  sent_via_push: false,
  messages_read: 4,
  config_name: 'claude-code-config',
  config_data: { theme: 'dark' },
  size: 18_432,
  text_size: 96_211,
  text: '10:00:00 ready\n10:00:04 task 1c6f0b56 started\n',
  from: 0,
  next_from: null,
  storage_used: 524_288_000,
  tasks_completed: 125,
  tasks_failed: 3,
  tasks_cancelled: 0,
  total_execution_time: 4500,
  count: 1,
  'UploadedLog.type': 'daemon',
  'Log.type': 'daemon',
  'LogView.type': 'daemon',
  date: '2026-01-20',

  // The relay
  channel: 'my-channel',
  channelId: 'enc_9f86d081884c7d65',
  'Channel.id': 'my-channel',
  'Channel.name': 'My channel',
  description: null,
  message: 'Hello, World!',
  timestamp: TIME,
  'QueuedMessage.timestamp': 1_768_903_200_000,
  'RelayMessage.timestamp': 1_768_903_200_000,
  queueLength: 1,
  'RegisteredKey.expiresIn': 604_800,
  task: 'all',
  deleted: 2,
  errors: [],
  persistentChannelsMarkedInactive: 1,
  temporaryChannelsDeleted: 4,
  duration: '12ms',

  // Times
  last_used: '2026-01-20T09:30:00.000Z',
  last_used_at: '2026-01-20T09:30:00.000Z',
  lastUsedAt: '2026-01-20T09:30:00.000Z',
  last_login_at: '2026-01-20T09:30:00.000Z',
  lease_expires_at: '2026-01-20T10:01:30.000Z',
  'QueuedTask.estimated_start': '2026-01-20T10:00:01.000Z',
  started_at: '2026-01-20T10:00:01.000Z',
  completed_at: '2026-01-20T10:00:32.000Z',
  'Task.updated_at': '2026-01-20T10:00:32.000Z',
  'TaskSummary.updated_at': '2026-01-20T10:00:32.000Z',
  'SocketTicket.expires_at': '2026-01-20T10:00:30.000Z',
  expires_at: '2026-01-27T10:00:00.000Z',
  expiresAt: '2026-01-27T10:00:00.000Z',

  // Everything
  '.message': 'Done',
  name: 'CI',
  scopes: ['task:create', 'task:read'],
  permissions: ['read', 'write'],
  metadata: null,
  sessions_ended: 2,
  expires_in: 900,
  total: 1,
  limit: 20,
  offset: 0,
  has_more: false,
  hasMore: false,
  next_cursor: null,
  version: '0.1.0',
  uptime: 86_400.5,
};

/** A schema, the components by name, and where in them it is: what an example is made from. */
type Place = { components: ReadonlyMap<string, SchemaObject>; owner: string; field: string };

/**
 * One valid value of `schema`.
 * @throws Error where a field has no example: give it one in EXAMPLES
 */
export function exampleOf(
  schema: SchemaObject | ReferenceObject,
  components: ReadonlyMap<string, SchemaObject>,
  owner = '',
): unknown {
  return valueAt(schema, { components, owner, field: '' });
}

function valueAt(schema: SchemaObject | ReferenceObject, place: Place): unknown {
  const { components, owner, field } = place;
  for (const name of [`${owner}.${field}`, field])
    if (name in EXAMPLES && fits(EXAMPLES[name], schema)) return EXAMPLES[name];
  if ('$ref' in schema) {
    const name = schema.$ref.split('/').at(-1)!;
    return valueAt(components.get(name)!, { ...place, owner: name, field: '' });
  }
  if (schema.examples) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  const [variant] = schema.oneOf ?? schema.anyOf ?? [];
  if (variant) return valueAt(variant, place);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [
          name,
          valueAt(inner, { ...place, field: name }),
        ]),
      );
    case 'array':
      return [valueAt(schema.items!, { ...place, field: `${field}[]` })];
    case 'boolean':
      return true;
    case 'null':
      return null;
  }
  const written = schema.enum?.[0] ?? BY_FORMAT[schema.format ?? ''];
  if (written === undefined) throw new Error(`Give ${owner}.${field} an example in contracts/openapi-examples.ts`);
  return written;
}

const BY_FORMAT: Readonly<Record<string, string>> = { 'date-time': TIME, uuid: ID };

/** Whether a named example can stand here: `status` is one thing of a task and another of a device. */
const fits = (example: unknown, schema: SchemaObject | ReferenceObject): boolean => {
  if ('$ref' in schema) return false;
  const variants = (schema.oneOf ?? schema.anyOf)?.filter((variant) => !('$ref' in variant)) as
    | SchemaObject[]
    | undefined;
  if (variants) return variants.some((variant) => fits(example, variant));
  if (schema.const !== undefined) return schema.const === example;
  if (schema.enum) return schema.enum.includes(example);
  // Where the fields are known, each has its own.
  if (schema.properties) return false;
  return [schema.type].flat().includes(typeOf(example) as never);
};

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value;
};
