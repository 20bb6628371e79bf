/**
 * Every code that an answer can carry, with its HTTP status and its sentence.
 *
 * The table is closed: domain code throws a code of this table, the OpenAPI document and the SDK list the same ones, and
 * a new code is one line here. The sentence says what to do; whoever throws may give a more exact one. A third member is
 * the code on the wire, where two conditions share one code but not the status.
 */
export const FAILURES = {
  VALIDATION_ERROR: [400, 'Some fields are missing or wrong; details lists each one'],
  INVALID_JSON: [400, 'The request body is not valid JSON'],
  INVALID_CHANNEL_FORMAT: [400, 'A channel id has 1 to 64 of a-z, A-Z, 0-9, _ and -'],
  CONFIRMATION_WRONG: [400, 'The confirmation code is wrong; after five wrong ones the revocation is locked'],

  AUTH_REQUIRED: [401, 'Send a credential in the Authorization header: Bearer <token>'],
  AUTH_FAILED: [401, 'The credential is not valid; log in again or use another key'],
  TOKEN_EXPIRED: [401, 'The token has expired; refresh it and try again'],
  UNAUTHORIZED: [401, 'The X-Cron-Secret is wrong or missing'],

  WRONG_CREDENTIAL: [403, 'This kind of credential does not open this endpoint'],
  INSUFFICIENT_SCOPE: [403, 'The API key lacks the scope that this endpoint needs'],
  DEVICE_MISMATCH: [403, 'X-Device-ID names another device than the key belongs to'],
  WRONG_PASSWORD: [403, 'The password is wrong'],
  ORIGIN_NOT_ALLOWED: [403, 'Pages of this origin may not connect; name it in CORS_ORIGINS'],
  PLAN_LIMIT_REACHED: [403, 'The limit of your plan is reached'],
  DAILY_TASKS_REACHED: [429, 'The tasks of your plan for today (UTC) are used up', 'PLAN_LIMIT_REACHED'],

  NOT_FOUND: [404, 'There is nothing with this id'],
  CHANNEL_NOT_FOUND: [404, 'No channel that is open to you has this id'],
  ROUTE_NOT_FOUND: [404, 'There is no such endpoint; see /docs'],
  USER_NOT_FOUND: [404, 'No user has this id'],
  SESSION_NOT_FOUND: [404, 'No session of yours has this id'],
  API_KEY_NOT_FOUND: [404, 'No API key of yours has this id'],
  DEVICE_NOT_FOUND: [404, 'No device of yours has this id'],
  MESSAGE_NOT_FOUND: [404, 'No message of yours has this id'],
  TASK_NOT_FOUND: [404, 'No task of yours has this id'],
  EMAIL_CONFIG_NOT_FOUND: [404, 'No device of yours has mail settings there'],
  BACKUP_NOT_FOUND: [404, 'No backup of yours has this id'],
  LOG_NOT_FOUND: [404, 'No log of yours has this id'],

  METHOD_NOT_ALLOWED: [405, 'This endpoint does not take this method'],

  EMAIL_TAKEN: [409, 'An account with this email address exists; log in instead'],
  TASK_FINISHED: [409, 'The task has already finished'],
  TASK_NOT_FINISHED: [409, 'The task has not finished yet; cancel it or wait'],
  TASK_CANCELLED: [409, 'The task has been cancelled; do not start it'],
  LEASE_LOST: [409, 'The lease of this task is no longer yours; stop working on it'],
  RESULT_CONFLICT: [409, 'Another result has already been recorded for this attempt'],
  OUTPUT_GAP: [409, 'Output before this offset has not arrived; go on from details.expected_offset'],
  CHANNEL_EXISTS: [409, 'A channel with this id exists; choose another id'],
  DUPLICATE_KEY: [409, 'This public key is registered already; revoke it first or use it'],
  SECRET_ALREADY_SHOWN: [409, 'This request was carried out before and its secret is shown only once'],

  KEY_EXPIRED: [410, 'The public key has expired; register a new one'],

  KEY_TOO_LARGE: [413, 'A public key has at most 4096 bytes'],
  METADATA_TOO_LARGE: [413, 'The metadata has at most 2048 bytes as JSON'],
  MESSAGE_TOO_LARGE: [413, 'A message has at most 4,718,592 bytes of UTF-8'],
  PAYLOAD_TOO_LARGE: [413, 'The request body is too large'],
  STORAGE_QUOTA_EXCEEDED: [413, 'Your storage is full; delete backups or logs, or change the plan'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Send the body as application/json'],
  RANGE_NOT_SATISFIABLE: [416, 'The range lies beyond the end of the file; details.size is its size'],
  IDEMPOTENCY_KEY_REUSED: [422, 'This Idempotency-Key was used with another body; use a new key'],
  RATE_LIMIT_EXCEEDED: [429, 'Too many requests; wait as long as Retry-After says'],

  CONFIRMATION_LOCKED: [429, 'Five wrong codes have locked this revocation; request a new one'],

  INTERNAL_ERROR: [500, 'Something went wrong on our side; the request id helps us find it'],
  MAIL_REJECTED: [502, 'The mail server does not take this mail; the message says why'],
  SERVICE_UNAVAILABLE: [503, 'The service cannot answer right now; try again after Retry-After seconds'],
} as const satisfies Record<string, readonly [status: number, message: string, codeOnTheWire?: string]>;

/** A name of the table: what domain code throws. */
export type FailureCode = keyof typeof FAILURES;

/** The code that clients see for `code`. */
export const codeOnTheWire = (code: FailureCode): string => {
  const [, , shared] = FAILURES[code] as readonly [number, string, string?];
  return shared ?? code;
};
