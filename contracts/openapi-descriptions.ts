/**
 * What names mean that many schemas share: a field of the contract that says nothing of itself (`.meta({ description })`) is
 * described by what FIELDS has under its name, a component by COMPONENTS. So the same name means the same everywhere.
 */
import type { OpenAPIObject, OperationObject, ReferenceObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';

/** By the name of a field; `Component.field` where it means something else, or something nearer, in one component. */
const FIELDS: Readonly<Record<string, string>> = {
  // Envelopes and pages
  success: 'Whether the request was carried out',
  data: 'What was asked for',
  error: 'What went wrong; null when nothing did',
  code: 'One of the codes of this operation: programs decide by it',
  'Issue.message': 'What is wrong with the field',
  'Issue.code': 'The kind of fault, such as too_small or invalid_format',
  message: 'A sentence for people',
  total: 'Items of the whole list',
  limit: 'How many at most',
  offset: 'How many to leave out first',
  'Pagination.limit': 'How many items a page has at most',
  'Pagination.offset': 'How many items lie before this page',
  'RelayPagination.limit': 'How many items a page has at most',
  'RelayPagination.offset': 'How many items lie before this page',
  has_more: 'Whether more items follow this page',
  hasMore: 'Whether more items follow this page',
  deleted: 'It is deleted',

  // Times
  timestamp: 'When it happened',
  'Meta.timestamp': 'When the service answered',
  server_time: 'The time by the clock of the service',
  created_at: 'When it was made',
  createdAt: 'When it was made',
  updated_at: 'When it last changed',
  expires_at: 'When it ends; null: never',
  expiresAt: 'When it ends; null: never',
  last_used: 'When it was last used; null: never',
  last_used_at: 'When it was last used',
  lastUsedAt: 'When it was last used; null: never',
  publishedAt: 'When the service took it',

  // Who and what
  id: 'Its id',
  email: 'An email address; upper and lower case are the same',
  name: 'What people call it',
  description: 'What it is for',
  user: 'The account',
  display_name: 'The name that is shown; null: none',
  avatar_url: 'The address of a picture; null: none',
  plan: 'What the account may use: each plan has its limits',
  is_verified: 'Whether the address is verified',
  'User.is_verified': 'Whether the address is verified; mail goes to verified ones alone',
  queued: 'Whether a mail goes out',
  notify_by_email: 'Whether each new message is mailed too',
  last_login_at: 'When somebody last signed in; null: never',
  user_agent: 'The program that signed in, as it names itself; null: it did not',
  ip_address: 'The IP address from which it was last heard of; null: none yet',
  'Session.ip_address': 'The IP address from which it was last used; null: unknown',
  'Login.password': 'The password of the account',
  token: 'The token from the mail',
  refresh_token: 'The refresh token of the session; good for one use',
  verified: 'The address is verified',
  accepted: 'Taken; the mail goes out if there is such an account',
  reset: 'The new password is set',
  logged_out: 'The session has ended',
  revoked: 'It works no more',
  session_id: 'The session',
  sessions: 'Sessions that have neither ended nor been revoked',
  sessions_ended: 'How many other sessions have ended',
  api_key_id: 'The API key',
  api_keys: 'API keys, the newest first',
  scopes: 'What the key may do',
  'CreatedApiKey.key': 'The key itself, shown only now',
  'CreatedRelayKey.key': 'The key itself, shown only now',
  ticket: 'Opens one WebSocket, within 30 seconds',
  'SocketTicket.expires_at': 'Until when it opens one: 30 seconds from now',
  'ApiKey.expires_at': 'When it stops working; null: never',
  'Session.expires_at': 'When it ends unless it is used before',

  // Devices
  device_id: 'The device',
  devices: 'Devices of the account',
  device_name: 'What its owner calls it',
  device_key: 'The key of the device (dk_…), shown only now',
  os_type: 'The operating system: darwin, linux, windows, termux, …',
  os_version: 'Version of the operating system',
  arch: 'The processor, such as arm64 or x64',
  ccjk_version: 'Version of the daemon',
  daemon_status: 'Its status: what its daemon last said, or offline',
  'Heartbeat.status': 'What the machine is at',
  'DeviceUpdatedFrame.status': 'Its new status; deleted when it is gone',
  last_heartbeat: 'When the last heartbeat came; null: none yet',
  last_sync: 'When it last fetched its settings; null: never',
  location: 'Where it stands, if known',
  metadata: 'An object of your own, kept as it is',
  config_version: 'Goes up with each change of the settings',
  log_upload_enabled: 'Whether its daemon sends its log',
  max_concurrent_tasks: 'How many tasks it runs at a time, 1 to 100; the plan may allow fewer',
  system_info: 'Load, memory and disk as the daemon measures them, such as cpu_usage in percent',
  next_heartbeat_seconds: 'Seconds until the next heartbeat is expected',
  cancel_tasks: 'Tasks to stop: their owner has cancelled them',
  tasks_available: 'Whether tasks wait to be claimed',
  restored: 'The restore is confirmed',

  // Tasks
  type: 'What kind it is',
  'Task.type': 'bash: a shell command; workflow and custom: what a handler of the daemon runs',
  'TaskSummary.type': 'bash: a shell command; workflow and custom: what a handler of the daemon runs',
  'NewTask.type': 'bash: a shell command; workflow and custom: what a handler of the daemon runs',
  'HandedTask.type': 'bash: a shell command; workflow and custom: what a handler of the daemon runs',
  command: 'The command, as a shell takes it',
  args: 'An object of the caller: the daemon reads cwd, env and timeout',
  status: 'Its status',
  'TaskResult.status': 'How it ended',
  'StartedTask.status': 'running',
  'Revocation.status': 'pending until it is confirmed, cancelled, has expired, or is locked by five wrong codes',
  'RequestedRevocation.status':
    'pending until it is confirmed, cancelled, has expired, or is locked by five wrong codes',
  priority: '1 to 10; 10 is the most urgent',
  timeout_seconds: 'timeout in seconds, rounded up',
  max_retries: 'How often it may be run again',
  retry_count: 'How often it was run again',
  attempt: 'Which attempt, from 1; 0: none yet',
  progress: 'Percent, 0 to 100',
  exit_code: 'The exit code of the command; null: it has none',
  signal: 'The signal that ended it, such as SIGKILL; null: none',
  error_message: 'Why it failed, in a sentence; null: nothing to say',
  on_disconnect: 'What happens when the device falls silent while it runs',
  grace_seconds: 'Seconds between SIGTERM and SIGKILL when it is stopped',
  source: 'Where it came from',
  'NewTask.source': 'Where it comes from, to be shown with it',
  batch_id: 'The batch with which it was made; null: none',
  'QueuedBatch.batch_id': 'The batch, by which tasks can be listed',
  mode: 'parallel: all at once; sequential: each after the one before it completed',
  tasks: 'The tasks',
  task_id: 'The task',
  run_at: 'Not before this time; null: at once',
  started_at: 'When it started; null: not yet',
  completed_at: 'When it ended; null: not yet',
  cancel_requested_at: 'When its owner cancelled it while a device held it; null: not',
  stdout: 'What it wrote to standard output; null: nothing was recorded',
  stderr: 'What it wrote to standard error; the first 64 KiB and the last 960 KiB are kept',
  stdout_truncated: 'Whether its middle is left out',
  stderr_truncated: 'Whether its middle is left out',
  stream: 'Which of its streams',
  chunk: 'The text',
  'NewOutput.offset': 'Bytes of UTF-8 of the stream before this piece',
  lease_id: 'The lease of the attempt, from the claim',
  lease_expires_at: 'Until when the lease holds; heartbeats renew it',
  claim_id: 'The claim',
  'HandedTasks.count': 'How many tasks it hands out',
  events: 'What happened, the oldest first',
  from_status: 'Its status before; null: it was made',
  to_status: 'Its status after',
  reason: 'Why; null: nothing to say',

  // Configuration, logs, messages
  backup_id: 'The backup',
  backups: 'Backups, the newest first',
  config_name: 'What the backup is called',
  config_data: 'The configuration, a JSON object',
  log_id: 'The log',
  logs: 'Logs, the newest first',
  date: 'The UTC day',
  'Log.type': 'What the log is of, such as daemon',
  'LogView.type': 'What the log is of, such as daemon',
  'UploadedLog.type': 'What the log is of, such as daemon',
  compressed: 'Whether the file is gzip',
  text: 'This part of its text',
  message_id: 'The message',
  messages: 'The messages',
  messages_read: 'How many were unread',
  message_type: 'What happened, such as task_completed or device_offline',
  title: 'What happened, in a line',
  content: 'More about it; null: nothing more',
  read: 'Whether it was read',
  sent_via_email: 'Whether it was mailed',
  sent_via_push: 'Whether it was pushed',

  // Mail
  email_address: 'The address whose mails are commands for the device',
  username: 'The name to sign in with; null: the address',
  imap_host: 'The host of its mailbox',
  imap_port: 'The port of its mailbox',
  imap_secure: 'Whether TLS is demanded',
  smtp_host: 'The host that sends for it',
  smtp_port: 'The port of the host that sends for it',
  smtp_secure: 'Whether TLS is demanded',
  is_active: 'Whether it is in use',
  to: 'The address to which it went',

  // Statistics
  count: 'How many',
  tasks_completed: 'Tasks that ended well in the period',
  tasks_cancelled: 'Tasks that were cancelled in the period',

  // The relay
  channel: 'The id of the channel',
  channelId: 'The id of the channel of a public key',
  'Channel.type':
    'public: open to anyone; encrypted: of a public key; private: of one owner; temporary: ends by itself',
  'NewChannel.type': 'private: for you alone; temporary: ends by itself',
  isActive: 'Whether it is in use',
  sender: 'Who says so: a name that nobody checks',
  encrypted: 'Whether it is sealed for the public key of the channel',
  'NewMessage.priority': 'The most urgent come first where a subscriber asks for that',
  'QueuedMessage.priority': 'How urgent it is',
  'QueuedMessage.message': 'The text, sealed when encrypted is true',
  'MessageEvent.message': 'The text, sealed when encrypted is true',
  'MessageEvent.priority': 'How urgent it is',
  queueLength: 'How many messages the channel keeps',
  publicKey: 'In PEM',
  publicKeyId: 'The id of the public key',
  algorithm: 'What kind of key it is',
  isExpired: 'Whether it has expired',
  keyId: 'The key that is to be revoked',
  keyPrefix: 'The first characters of the key, to tell keys apart',
  permissions: 'What the key may do',
  revocationId: 'Names this revocation when it is confirmed',
  confirmationCode: 'Confirms the revocation',
  'RequestedRevocation.confirmationCode': 'Confirms the revocation; shown only now',
  'Revocation.expiresAt': 'Until when it can be confirmed',
  'RequestedRevocation.expiresAt': 'Until when it can be confirmed',
  'Revocation.reason': 'Why the key is to be revoked',
  'RequestedRevocation.reason': 'Why the key is to be revoked',
  'RevocationRequest.reason': 'Why the key is to be revoked, 10 to 1000 characters',
  deletedId: 'The id of the key that is revoked',
  task: 'Which clean-up ran',
  results: 'What each clean-up did',
  persistentChannelsMarkedInactive: 'How many channels have ended',
  temporaryChannelsDeleted: 'How many temporary channels are gone',
  errors: 'Sentences about what did not go well; empty: all went well',
  duration: 'How long it took',
  'CleanupOutcome.deleted': 'How many rows are gone',
  'Last-Event-ID': 'The id of the last event that came: what the channel keeps after it comes first',
  'X-Cron-Secret': 'The CRON_SECRET of the service',

  // The released daemon
  device: 'The device',
  deviceId: 'The device',
  deviceStatus: 'What the device counts as from now on',
  hostname: 'What the machine calls itself',
  lastHeartbeat: 'When the last heartbeat came; null: none yet',
  pendingTasks: 'Commands that wait for it',
  commands: 'Commands that it is to run',
  commandId: 'The task',
  cwd: 'The working directory; left out: that of the daemon',
  env: 'Environment variables, besides those of the daemon',

  // Probes
  version: 'Version of the service',
  checks: 'What was looked at',
  database: 'Whether the database answers',
  process: 'Whether the process goes on',
  'NotReady.reason': 'Why it is not ready, in a sentence',
};

/** What a component is; of an answer, what it brings. */
const COMPONENTS: Readonly<Record<string, string>> = {
  AccountDeletion: 'The end of an account, confirmed by its password',
  AddressVerification: 'The code that was mailed to an address',
  Alive: 'The process is alive',
  ApiKey: 'An API key, without its secret',
  Channel: 'A channel of the relay',
  ChannelCleanup: 'What a clean-up of channels did',
  CleanupOutcome: 'What one clean-up did',
  ConfigUpdatedFrame: 'The settings of the device have changed',
  ConnectedEvent: 'The subscription stands',
  ConfigBackup: 'A backup of a configuration, without its content',
  ConfigBackupWithData: 'A backup of a configuration, with its content',
  Confirmation: 'The second phase of a revocation',
  CreatedApiKey: 'The new API key with its secret, which is shown only now',
  CreatedRelayKey: 'The new relay key with its secret, which is shown only now',
  Device: 'A machine with a daemon',
  DeviceConfig: 'The settings of a device',
  DeviceConfigChange: 'The settings that are to change',
  DeviceKey: 'A device that was made ahead of time, with its key, which is shown only now',
  DeviceOfflineFrame: 'A device has fallen silent',
  DeviceOnlineFrame: 'A device is there',
  DeviceUpdatedFrame: 'A device has another status',
  DeviceStats: 'The tasks of one device in a period',
  EmailConfig: 'Mail settings of a device, without their password',
  EmailVerification: 'The token from the mail',
  ErrorFrame: 'A command that was refused',
  ForgottenPassword: 'The address of the account',
  HandedTask: 'A task with the lease of one attempt',
  HandedTasks: 'Tasks that this machine is to run',
  Heartbeat: 'How the machine is, and what it runs',
  HeartbeatAnswer: 'What the machine is to do next',
  KeyCleanup: 'What a clean-up of keys did',
  Log: 'A log file, without its text',
  Login: 'Address and password of an account',
  LogMetadata: 'What a log file is about',
  LogUpload: 'A log file with its metadata, as a form',
  LogView: 'A part of the text of a log',
  MailTest: 'How the test mail was taken',
  MailTestOrder: 'Whose mail settings are to be tried',
  Message: 'What the service tells a user',
  MessageEvent: 'A message of the channel',
  MessageNewFrame: 'A new message to the user',
  Meta: 'About the answer itself',
  NewAccount: 'An account that is to be',
  NewApiKey: 'An API key that is to be',
  NewAutoBackup: 'A backup that a daemon makes by itself',
  NewBatch: 'Several tasks, made together',
  NewChannel: 'A channel that is to be',
  NewConfigBackup: 'A backup that is to be',
  NewDevice: 'What a machine says of itself',
  NewDeviceKey: 'A device that is made ahead of time',
  NewEmailConfig: 'Mail settings that are to be',
  NewMessage: 'A message for a channel',
  NewOutput: 'A piece of what a task has written',
  NewPublicKey: 'A public key that is to have a channel',
  NewRelayKey: 'A relay key that is to be',
  NewTask: 'A command for a device',
  NotReady: 'The process cannot serve requests now',
  Pagination: 'Where in a list a page lies',
  PasswordChange: 'The old and the new password',
  PasswordReset: 'A mailed token and the new password',
  PingCommand: 'Asks for a pong',
  PongFrame: 'The answer to a ping',
  PostedMail: 'A mail, as a mail gateway posts it',
  ProfileChange: 'The fields of the profile that are to change',
  PublicKey: 'A public key with its channel',
  PublicKeyInfo: 'What is known of a public key, without the key',
  PublishedMessage: 'The message as it was taken',
  Queue: 'Messages that a channel keeps',
  QueuedBatch: 'The tasks of the batch, queued',
  QueuedMessage: 'A message that a channel keeps',
  QueuedTask: 'The task, queued',
  Ready: 'The process serves requests',
  RecordedOutput: 'How far the stream has arrived',
  RecordedResult: 'The result that is recorded',
  Refresh: 'The refresh token of a session',
  Refreshed: 'A new pair of tokens',
  RegisteredDevice: 'The device with its new key, which is shown only now',
  RegisteredKey: 'The public key with its new channel',
  RelayHealth: 'The relay is alive',
  RelayKey: 'A relay key, without its secret',
  RelayNotReady: 'The relay cannot serve requests now',
  RelayPagination: 'Where in a list a page lies',
  RelayReady: 'The relay serves requests',
  RequestedRevocation: 'The revocation with its confirmation code, which is shown only now',
  RestoredConfig: 'The backup that is in place',
  RestartFrame: 'The service restarts: the connection is about to end, and another one is welcome a little later',
  ResyncFrame: 'Events may have been lost: read again what you show',
  Revocation: 'The revocation of a key, in two phases',
  RevocationRequest: 'Why a key is to be revoked, and how long that can be confirmed',
  RevokedKey: 'The key that works no more',
  Session: 'One sign-in of an account',
  SignedIn: 'The account with the tokens of a new session',
  SocketTicket: 'What opens one WebSocket',
  StartedTask: 'The task, running',
  StatsSummary: 'The tasks of all devices in a period, and how things are now',
  SubscribeCommand: 'Asks for the events of a channel',
  SubscribedFrame: 'The events of the channel come from here on',
  SyncedConfig: 'The settings of this machine',
  Task: 'A task with its output',
  TaskAvailableFrame: 'A task waits for the device',
  TaskCancelFrame: 'A task of the device is to be stopped',
  TaskCompletedFrame: 'A task has ended',
  TaskOutputFrame: 'A piece of what a task writes',
  TaskUpdatedFrame: 'A task has another status or progress',
  TaskEvent: 'One change of the status of a task',
  TaskOutput: 'A piece of one stream of a task',
  TaskResult: 'How a task ended',
  TaskStart: 'The lease of the attempt that starts',
  TaskSummary: 'A task without its output',
  UnsubscribeCommand: 'Wants no more events of a channel',
  UnsubscribedFrame: 'No more events of the channel come',
  UploadedLog: 'The log as it was taken',
  User: 'An account',
};

/** Describes what says nothing of itself. `document` is changed. */
export const describe = (document: OpenAPIObject): OpenAPIObject => {
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    const description = COMPONENTS[name.replace(/Input$/, '')];
    if (description && !('$ref' in schema)) schema.description ??= description;
    describeFields(schema, name.replace(/Input$/, ''));
  }
  for (const item of Object.values(document.paths ?? {}))
    for (const { parameters = [], requestBody, responses = {} } of Object.values(
      item as Record<string, OperationObject>,
    )) {
      for (const parameter of parameters)
        if (!('$ref' in parameter) && FIELDS[parameter.name]) parameter.description ??= FIELDS[parameter.name]!;
      for (const { content = {} } of [requestBody ?? {}, ...Object.values(responses)] as Partial<ResponseObject>[])
        for (const { schema } of Object.values(content)) if (schema) describeFields(schema, '');
    }
  return document;
};

/** What an answer brings, in a sentence. */
export const answerDescription = (status: string, schema: SchemaObject | ReferenceObject | undefined): string => {
  if (status === '206') return 'The part that was asked for';
  if (!schema) return 'The file as it was sent';
  const data = '$ref' in schema ? schema : (schema.properties?.data ?? schema);
  const said = meaningOf(data);
  return status === '201' ? `Created: ${lowerFirst(said)}` : said;
};

function meaningOf(schema: SchemaObject | ReferenceObject): string {
  if ('$ref' in schema) return COMPONENTS[schema.$ref.split('/').at(-1)!] ?? 'Done';
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return listed(variants.map(variantOf), ', or ');
  if (schema.items) return `A list, each: ${lowerFirst(meaningOf(schema.items))}`;
  const { pagination, ...fields } = schema.properties ?? {};
  if (pagination) return 'One page of the list, and where the next begins';
  if (Object.keys(fields).length === 0) return 'Events, as they happen';
  return listed(
    Object.keys(fields).map((name) => FIELDS[name] ?? `\`${name}\``),
    '; ',
  );
}

const variantOf = (schema: SchemaObject | ReferenceObject): string =>
  'items' in schema ? 'A list of them' : meaningOf(schema);

const listed = ([first = '', ...rest]: string[], separator: string): string =>
  [first, ...rest.map(lowerFirst)].join(separator);

const lowerFirst = (text: string): string => text[0]!.toLowerCase() + text.slice(1);

function describeFields(schema: SchemaObject | ReferenceObject, owner: string): void {
  if ('$ref' in schema) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const description = FIELDS[`${owner}.${name}`] ?? FIELDS[name];
    // A reference is described where it leads, a constant by its value.
    if (description && !('$ref' in field) && field.const === undefined) field.description ??= description;
    describeFields(field, owner);
  }
  const inner = [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  for (const one of inner) if (one) describeFields(one, owner);
}
