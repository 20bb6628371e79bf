/**
 * What each place that takes an id (contract-places.ts) answers for an id that is not the caller's to use. A place without a line
 * here fails the harness `tenancy`.
 *
 * Who may call at all, and what others are told, follows from the contract; here stands of which thing the id is and
 * what the answer is when that thing is another tenant's, gone, or never was.
 */
import type { Noun, Tenant } from './tenant.ts';

/** How an id is not the caller's. */
export const STRANGE = ['other', 'deleted', 'random'] as const;
export type Strange = (typeof STRANGE)[number];

/**
 * A code of an error, or:
 *   empty    200 with an empty list: the id only filters one's own things
 *   lost     200, and the task is among those that are not the caller's
 *   nothing  200, and nothing of it in the answer
 *   public   200: public keys are for everybody
 *   free     not tried: the id is free, and the call makes a thing of the caller's own
 */
export type Outcome = string;

export type Sent = {
  params?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
};

type Known = {
  own: Tenant;
  /** Ids of whoever the id is of: the most that somebody could know who guessed it. */
  theirs: Record<Noun, string>;
  /** The code to their revocation. */
  code: string;
};

export type Row = {
  noun: Noun;
  outcome: Outcome | Record<Strange, Outcome>;
  /** For somebody without a key, where the route is open; by default as for another tenant's. */
  nobody?: Outcome;
  /** For the key of another device of the same account, where device keys open it; by default as for another tenant's. */
  spare?: Outcome;
  /** The rest of the call; by default what the contract has as an example. */
  call?(id: string, known: Known): Sent;
};

const of = (noun: Noun, outcome: Row['outcome'], call?: Row['call']): Row => ({
  noun,
  outcome,
  ...(call ? { call } : {}),
});

const MISMATCH = of('machine', 'DEVICE_MISMATCH');
/** With a lease that is really theirs. */
const withTheirLease: Row['call'] = (_, { theirs }) => ({ body: { lease_id: theirs.lease } });
const result: Row['call'] = (_, { theirs }) => ({ body: { status: 'failed', stdout: 'x', lease_id: theirs.lease } });
const output: Row['call'] = (_, { theirs }) => ({
  body: { lease_id: theirs.lease, stream: 'stdout', offset: 0, chunk: 'x' },
});
/** A strange lease for a task of one's own. */
const onOwnTask = (noun: Noun, body: (lease: string) => object): Row => ({
  noun,
  outcome: 'LEASE_LOST',
  spare: 'TASK_NOT_FOUND',
  call: (lease, { own }) => ({ params: { task_id: own.ids.task }, body: body(lease) }),
});

/** A key of the relay is named in each of three ways. */
const keyRows = (publicKeyOfOther: Outcome, call?: Row['call']): Row[] => [
  of('relayKey', 'NOT_FOUND', call),
  of('privateChannel', 'NOT_FOUND', call),
  ...(['publicKey', 'sealedChannel'] as const).map((noun): Row => {
    const outcome = { other: publicKeyOfOther, deleted: 'NOT_FOUND', random: 'NOT_FOUND' };
    return { ...of(noun, outcome, call), ...(publicKeyOfOther === 'public' ? { nobody: 'public' } : {}) };
  }),
];

const task = of('task', 'TASK_NOT_FOUND');
const device = of('device', 'DEVICE_NOT_FOUND');
const backup = of('backup', 'BACKUP_NOT_FOUND');
const log = of('log', 'LOG_NOT_FOUND');
const message = of('message', 'MESSAGE_NOT_FOUND');
const filterBy = (noun: Noun) => of(noun, 'empty');
const channelOrNew = (outcome: string, call?: Row['call']) =>
  of('privateChannel', { other: outcome, deleted: 'free', random: 'free' }, call);

export const ROWS: Record<string, readonly Row[]> = {
  'DELETE /v1/auth/sessions/:session_id path.session_id': [of('session', 'SESSION_NOT_FOUND')],
  'DELETE /v1/api-keys/:api_key_id path.api_key_id': [of('apiKey', 'API_KEY_NOT_FOUND')],

  'POST /v1/daemon/heartbeat headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/heartbeat body.current_tasks[]': [
    of('task', 'lost', (id) => ({ body: { status: 'online', current_tasks: [id] } })),
  ],
  'POST /v1/daemon/heartbeat body.current_tasks[].task_id': [
    of('task', 'lost', (task_id, { theirs }) => ({
      body: { status: 'online', current_tasks: [{ task_id, lease_id: theirs.lease, progress: 99 }] },
    })),
  ],
  'POST /v1/daemon/heartbeat body.current_tasks[].lease_id': [
    of('lease', 'lost', (lease_id, { own }) => ({
      body: { status: 'online', current_tasks: [{ task_id: own.ids.task, lease_id, progress: 99 }] },
    })),
  ],
  'GET /v1/daemon/tasks/pending headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/tasks/:task_id/start path.task_id': [{ ...task, call: withTheirLease }],
  'POST /v1/daemon/tasks/:task_id/start headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/tasks/:task_id/start body.lease_id': [onOwnTask('lease', (lease_id) => ({ lease_id }))],
  'POST /v1/daemon/tasks/:task_id/result path.task_id': [{ ...task, call: result }],
  'POST /v1/daemon/tasks/:task_id/result headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/tasks/:task_id/result body.lease_id': [
    onOwnTask('lease', (lease_id) => ({ status: 'failed', lease_id })),
  ],
  'POST /v1/daemon/tasks/:task_id/output path.task_id': [{ ...task, call: output }],
  'POST /v1/daemon/tasks/:task_id/output headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/tasks/:task_id/output body.lease_id': [
    onOwnTask('lease', (lease_id) => ({ lease_id, stream: 'stdout', offset: 0, chunk: 'x' })),
  ],
  'GET /v1/daemon/config/sync headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/logs headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/config/backup headers.x-device-id': [MISMATCH],
  'POST /v1/daemon/config/restored headers.x-device-id': [MISMATCH],
  // Any device of an account may say that it has restored a backup of that account.
  'POST /v1/daemon/config/restored body.backup_id': [{ ...backup, spare: 'free' }],
  'POST /v1/daemon/offline headers.x-device-id': [MISMATCH],

  'POST /v1/tasks body.device_id': [device],
  // Not even the tasks before it are made.
  'POST /v1/tasks/batch body.tasks[].device_id': [
    of('device', 'DEVICE_NOT_FOUND', (device_id, { own }) => ({
      body: {
        tasks: [
          { device_id: own.ids.device, command: 'true' },
          { device_id, command: 'true' },
        ],
      },
    })),
  ],
  'GET /v1/tasks query.device_id': [filterBy('device')],
  'GET /v1/tasks query.batch_id': [filterBy('batch')],
  'GET /v1/tasks/:task_id path.task_id': [task],
  'GET /v1/tasks/:task_id/events path.task_id': [task],
  'GET /v1/tasks/:task_id/output path.task_id': [task],
  'POST /v1/tasks/:task_id/cancel path.task_id': [task],
  'POST /v1/tasks/:task_id/retry path.task_id': [task],

  'GET /v1/devices/:device_id path.device_id': [device],
  'PATCH /v1/devices/:device_id/config path.device_id': [device],
  'DELETE /v1/devices/:device_id path.device_id': [device],
  'POST /v1/messages/:message_id/read path.message_id': [message],
  'DELETE /v1/messages/:message_id path.message_id': [message],
  'POST /v1/email/config body.device_id': [
    of('device', 'DEVICE_NOT_FOUND', (device_id, { own }) => ({
      body: { device_id, email_address: `${own.mark}@example.net` },
    })),
  ],
  'GET /v1/email/config/:device_id path.device_id': [device],
  'POST /v1/email/test body.device_id': [device],
  'POST /v1/config/backup body.device_id': [device],
  'GET /v1/config/backups query.device_id': [filterBy('device')],
  'GET /v1/config/backups/:backup_id path.backup_id': [backup],
  'POST /v1/config/restore/:backup_id path.backup_id': [backup],
  'POST /v1/config/restore/:backup_id query.device_id': [
    of('device', 'DEVICE_NOT_FOUND', (device_id, { own }) => ({
      params: { backup_id: own.ids.backup },
      query: { device_id },
    })),
  ],
  'DELETE /v1/config/backups/:backup_id path.backup_id': [backup],
  'GET /v1/logs query.device_id': [filterBy('device')],
  'GET /v1/logs/:log_id path.log_id': [log],
  'GET /v1/logs/:log_id/download path.log_id': [log],
  'DELETE /v1/logs/:log_id path.log_id': [log],
  'GET /v1/stats/device/:device_id path.device_id': [device],

  'GET /api/register query.channelId': [
    {
      ...of('sealedChannel', { other: 'public', deleted: 'NOT_FOUND', random: 'NOT_FOUND' }),
      nobody: 'public',
    },
    of('privateChannel', 'NOT_FOUND'),
  ],
  'GET /api/register query.keyId': [
    { ...of('publicKey', { other: 'public', deleted: 'NOT_FOUND', random: 'NOT_FOUND' }), nobody: 'public' },
    of('relayKey', 'NOT_FOUND'),
  ],
  'POST /api/channels body.id': [channelOrNew('CHANNEL_EXISTS', (id) => ({ body: { id, type: 'public' } }))],
  'GET /api/channels query.id': [of('privateChannel', 'NOT_FOUND')],
  'POST /api/publish body.channel': [
    channelOrNew('CHANNEL_NOT_FOUND', (channel) => ({ body: { channel, message: 'x' } })),
    of('privateChannel', 'CHANNEL_NOT_FOUND', (channel) => ({ body: { channel, message: 'x', autoCreate: false } })),
  ],
  'GET /api/publish query.channel': [of('privateChannel', 'CHANNEL_NOT_FOUND')],
  'GET /api/subscribe query.channel': [
    of('privateChannel', 'CHANNEL_NOT_FOUND'),
    of('privateChannel', 'CHANNEL_NOT_FOUND', (channel) => ({
      query: { channel },
      headers: { 'last-event-id': 'event-0' },
    })),
  ],
  'POST /api/keys body.userId': [
    of('user', 'INSUFFICIENT_SCOPE', (userId) => ({ body: { userId, permissions: ['admin'] } })),
  ],
  'GET /api/keys/:id path.id': keyRows('public'),
  'DELETE /api/keys/:id path.id': [
    ...keyRows('NOT_FOUND'),
    of('revocation', 'NOT_FOUND', (_, { code }) => ({ query: { confirmationCode: code } })),
  ],
  'POST /api/keys/:id/revoke path.id': keyRows('NOT_FOUND'),
  'GET /api/keys/:id/revoke path.id': keyRows('NOT_FOUND'),
  'POST /api/keys/:id/revoke/cancel path.id': keyRows('NOT_FOUND'),

  'POST /api/control/devices/heartbeat body.currentTasks[]': [
    of('task', 'nothing', (id) => ({ body: { status: 'online', currentTasks: [id] } })),
  ],
  'POST /api/control/commands/:id/result path.id': [task],
  'POST /api/control/execute body.deviceId': [
    of('device', 'DEVICE_NOT_FOUND', (deviceId) => ({ body: { deviceId, commandType: 'shell', command: 'true' } })),
  ],
};

/** What is called an id and names nothing that anybody owns. */
export const NOT_OWNED: Record<string, string> = {
  'POST /v1/daemon/register headers.x-device-id':
    'what a machine calls itself, within its own account: that another tenant has the same makes no difference',
  'GET /v1/daemon/tasks/pending query.claim_id': 'made by the caller, within its own device',
  'POST /v1/email/incoming body.message_id': 'of a mail; the gateway that posts it has no account',
  'GET /api/subscribe query.lastEventId': 'a place within the channel that is asked for',
  'GET /api/subscribe headers.last-event-id': 'the same',
};

/** What a WebSocket subscribes to. */
export const SOCKET_ROWS: Record<string, { noun: Noun; outcome: string }> = {
  device: { noun: 'device', outcome: 'DEVICE_NOT_FOUND' },
  task: { noun: 'task', outcome: 'TASK_NOT_FOUND' },
};
