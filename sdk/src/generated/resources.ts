// Generated from contracts/openapi.json by `npm run generate`. Do not edit.

import type { PagePromise } from '../core/paging.ts';
import { type ApiPromise, at, type RequestOptions, Resource } from '../core/resource.ts';
import type {
  AccountDeletion,
  AddressVerification,
  ApiKeysListData,
  ApiKeysRemoveData,
  AuthForgotPasswordData,
  AuthListSessionsData,
  AuthLogoutData,
  AuthMeData,
  AuthResendVerificationData,
  AuthResetPasswordData,
  AuthRevokeSessionData,
  AuthVerifyEmailData,
  ConfigBackup,
  ConfigBackupWithData,
  ConfigListBackupsQuery,
  ConfigRemoveBackupData,
  ConfigRestoreQuery,
  CreatedApiKey,
  DaemonClaimQuery,
  DaemonOfflineData,
  DaemonRestoredConfigData,
  Device,
  DeviceConfigChange,
  DeviceKey,
  DeviceStats,
  DevicesListQuery,
  DevicesRemoveData,
  EmailConfig,
  EmailVerification,
  EmailVerifyData,
  ForgottenPassword,
  HandedTasks,
  Heartbeat,
  HeartbeatAnswer,
  Log,
  LogUpload,
  LogView,
  Login,
  LogsGetQuery,
  LogsListQuery,
  LogsRemoveData,
  MailTest,
  MailTestOrder,
  Message,
  MessagesListQuery,
  MessagesReadAllData,
  MessagesRemoveData,
  NewAccount,
  NewApiKey,
  NewAutoBackup,
  NewBatch,
  NewConfigBackup,
  NewDevice,
  NewDeviceKey,
  NewEmailConfig,
  NewOutput,
  NewTask,
  PasswordChange,
  PasswordReset,
  PostedMail,
  ProfileChange,
  QueuedBatch,
  QueuedTask,
  RecordedOutput,
  RecordedResult,
  Refresh,
  Refreshed,
  RegisteredDevice,
  RestoredConfig,
  SignedIn,
  SocketTicket,
  StartedTask,
  StatsDeviceQuery,
  StatsSummary,
  StatsSummaryQuery,
  SyncedConfig,
  Task,
  TaskOutput,
  TaskResult,
  TaskStart,
  TaskSummary,
  TasksGetQuery,
  TasksListEventsData,
  TasksListQuery,
  TasksOutputQuery,
  UploadedLog,
  UsersChangePasswordData,
  UsersRemoveData,
  UsersUpdateData,
} from './types.ts';

/** Accounts and their sessions. An access token lives 15 minutes; the refresh token that renews it changes with each use, and the use of an old one ends the whole session. */
export class Auth extends Resource {
  /**
   * Create an account.
   *
   * Creates the account and signs it in. The address is compared without regard to case.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/register`
   *
   * @returns Created: the account with the tokens of a new session
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 409 EMAIL_TAKEN
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const signedIn = await client.auth.register({
   *   email: 'user@example.com',
   *   password: 'SecurePassword123!',
   *   display_name: 'John Doe',
   * });
   */
  register(body: NewAccount, options?: RequestOptions): ApiPromise<SignedIn> {
    return this.call({ method: 'POST', path: '/v1/auth/register', body }, options);
  }

  /**
   * Sign in.
   *
   * Starts a session. A wrong password and an unknown address are answered alike; many failures slow the answer down.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/login`
   *
   * @returns The account with the tokens of a new session
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_FAILED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const signedIn = await client.auth.login({ email: 'user@example.com', password: 'SecurePassword123!' });
   */
  login(body: Login, options?: RequestOptions): ApiPromise<SignedIn> {
    return this.call({ method: 'POST', path: '/v1/auth/login', body }, options);
  }

  /**
   * Renew the access token.
   *
   * Swaps the refresh token for a new pair. The same token sent again within 60 seconds, because the answer was lost, gets the same successor while that is unused; any later reuse ends the session.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/refresh`
   *
   * @returns A new pair of tokens
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { token, refresh_token, expires_in } = await client.auth.refresh({ refresh_token: 'rt_5Zk…' });
   */
  refresh(body: Refresh, options?: RequestOptions): ApiPromise<Refreshed> {
    return this.call({ method: 'POST', path: '/v1/auth/refresh', body }, options);
  }

  /**
   * Verify your email address.
   *
   * With the token that was mailed to it, which is good for one use within 24 hours.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/verify-email`
   *
   * @returns The address is verified
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * await client.auth.verifyEmail({ token: 'mt_8Qk…' });
   */
  verifyEmail(body: EmailVerification, options?: RequestOptions): ApiPromise<AuthVerifyEmailData> {
    return this.call({ method: 'POST', path: '/v1/auth/verify-email', body }, options);
  }

  /**
   * Ask for the verification mail again.
   *
   * A new token is mailed to the address of your account, at most five in an hour.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/auth/resend-verification`
   *
   * @returns Whether a mail goes out
   * @throws {ApiError} 400 INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { queued } = await client.auth.resendVerification();
   */
  resendVerification(options?: RequestOptions): ApiPromise<AuthResendVerificationData> {
    return this.call({ method: 'POST', path: '/v1/auth/resend-verification' }, options);
  }

  /**
   * Ask for a new password by mail.
   *
   * A token is mailed to the address when an account has it, at most five in an hour. The answer is the same for every address.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/forgot-password`
   *
   * @returns Taken; the mail goes out if there is such an account
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * await client.auth.forgotPassword({ email: 'user@example.com' });
   */
  forgotPassword(body: ForgottenPassword, options?: RequestOptions): ApiPromise<AuthForgotPasswordData> {
    return this.call({ method: 'POST', path: '/v1/auth/forgot-password', body }, options);
  }

  /**
   * Set a new password with a mailed token.
   *
   * The token is good for one use within an hour. All sessions of the account end; the address counts as verified from now on, and where it did not before, the API keys end too.
   *
   * **Who:** anyone. **Rate:** counted by IP address.
   *
   * `POST /v1/auth/reset-password`
   *
   * @returns The new password is set
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * await client.auth.resetPassword({ token: 'mt_8Qk…', new_password: 'correct horse battery staple' });
   */
  resetPassword(body: PasswordReset, options?: RequestOptions): ApiPromise<AuthResetPasswordData> {
    return this.call({ method: 'POST', path: '/v1/auth/reset-password', body }, options);
  }

  /**
   * End this session.
   *
   * The access token and the refresh token of this session stop working at once.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/auth/logout`
   *
   * @returns The session has ended
   * @throws {ApiError} 400 INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * await client.auth.logout();
   */
  logout(options?: RequestOptions): ApiPromise<AuthLogoutData> {
    return this.call({ method: 'POST', path: '/v1/auth/logout' }, options);
  }

  /**
   * Read your profile.
   *
   * The account to which the credential belongs.
   *
   * **Who:** the access token of a user or an API key with the scope `user:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/auth/me`
   *
   * @returns The account
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { user } = await client.auth.me();
   */
  me(options?: RequestOptions): ApiPromise<AuthMeData> {
    return this.call({ method: 'GET', path: '/v1/auth/me' }, options);
  }

  /**
   * List your sessions.
   *
   * All sessions that have neither ended nor been revoked, the newest first.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/auth/sessions`
   *
   * @returns Sessions that have neither ended nor been revoked
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { sessions } = await client.auth.listSessions();
   */
  listSessions(options?: RequestOptions): ApiPromise<AuthListSessionsData> {
    return this.call({ method: 'GET', path: '/v1/auth/sessions' }, options);
  }

  /**
   * Revoke a session.
   *
   * Its tokens stop working at once.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/auth/sessions/{session_id}`
   *
   * @returns The session; it works no more
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 404 SESSION_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { session_id } = await client.auth.revokeSession(sessionId);
   */
  revokeSession(sessionId: string, options?: RequestOptions): ApiPromise<AuthRevokeSessionData> {
    return this.call({ method: 'DELETE', path: `/v1/auth/sessions/${at(sessionId)}` }, options);
  }
}

/** Your own account: its profile, its password, and its end. */
export class Users extends Resource {
  /**
   * Change your profile.
   *
   * Only the fields that are sent change; null empties one. Mail goes out only once your address is verified.
   *
   * **Who:** the access token of a user or an API key with the scope `user:write`. **Rate:** counted in the budget of the credential.
   *
   * `PATCH /v1/users/me`
   *
   * @returns The account
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { user } = await client.users.update({ display_name: 'John Doe', notify_by_email: true });
   */
  update(body: ProfileChange, options?: RequestOptions): ApiPromise<UsersUpdateData> {
    return this.call({ method: 'PATCH', path: '/v1/users/me', body }, options);
  }

  /**
   * Delete your account.
   *
   * All your credentials stop working at once, your open tasks are cancelled, and everything of yours is deleted. Nothing can be brought back.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/users/me`
   *
   * @returns It is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, WRONG_PASSWORD
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * await client.users.remove({ password: 'SecurePassword123!' });
   */
  remove(body: AccountDeletion, options?: RequestOptions): ApiPromise<UsersRemoveData> {
    return this.call({ method: 'DELETE', path: '/v1/users/me', body }, options);
  }

  /**
   * Change your password.
   *
   * Ends all your other sessions at once. API keys and device keys go on.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/users/me/password`
   *
   * @returns How many other sessions have ended
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, WRONG_PASSWORD
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { sessions_ended } = await client.users.changePassword({
   *   old_password: 'SecurePassword123!',
   *   new_password: 'correct horse battery staple',
   * });
   */
  changePassword(body: PasswordChange, options?: RequestOptions): ApiPromise<UsersChangePasswordData> {
    return this.call({ method: 'POST', path: '/v1/users/me/password', body }, options);
  }
}

/** Keys for programs that act for a user. A key is shown once; we keep its SHA-256. */
export class ApiKeys extends Resource {
  /**
   * Create an API key.
   *
   * The key is in this answer and never again. It has the scopes that you name and no others.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/api-keys`
   *
   * @returns Created: the new API key with its secret, which is shown only now
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 409 SECRET_ALREADY_SHOWN
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const createdApiKey = await client.apiKeys.create({ name: 'CI', scopes: ['task:create', 'task:read'] });
   */
  create(body: NewApiKey, options?: RequestOptions): ApiPromise<CreatedApiKey> {
    return this.call({ method: 'POST', path: '/v1/api-keys', body, idempotent: true }, options);
  }

  /**
   * List your API keys.
   *
   * The keys that have not been deleted, the newest first.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/api-keys`
   *
   * @returns API keys, the newest first
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { api_keys } = await client.apiKeys.list();
   */
  list(options?: RequestOptions): ApiPromise<ApiKeysListData> {
    return this.call({ method: 'GET', path: '/v1/api-keys' }, options);
  }

  /**
   * Delete an API key.
   *
   * The next request with it is refused.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/api-keys/{api_key_id}`
   *
   * @returns The API key; it is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 404 API_KEY_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { api_key_id } = await client.apiKeys.remove(apiKeyId);
   */
  remove(apiKeyId: string, options?: RequestOptions): ApiPromise<ApiKeysRemoveData> {
    return this.call({ method: 'DELETE', path: `/v1/api-keys/${at(apiKeyId)}` }, options);
  }
}

/** What the daemon on a machine calls, with the key of its device. */
export class Daemon extends Resource {
  /**
   * Register this machine.
   *
   * Makes a device and its key (201), or gives a known machine a new key (200); the old key stops working. The key is in this answer and never again.
   *
   * **Who:** the access token of a user or an API key with the scope `device:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/register`
   *
   * @returns The device with its new key, which is shown only now
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE, PLAN_LIMIT_REACHED
   * @throws {ApiError} 409 SECRET_ALREADY_SHOWN
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { device_id, device_key, config } = await client.daemon.register(deviceId, {
   *   device_name: 'MacBook Pro',
   *   os_type: 'darwin',
   *   os_version: '23.1.0',
   *   arch: 'arm64',
   *   ccjk_version: '3.7.0',
   * });
   */
  register(deviceId: string, body: NewDevice, options?: RequestOptions): ApiPromise<RegisteredDevice> {
    return this.call({ method: 'POST', path: '/v1/daemon/register', body, headers: { 'X-Device-ID': deviceId }, idempotent: true }, options);
  }

  /**
   * Report that this machine is alive.
   *
   * Renews the leases of the tasks that it names, and tells which tasks to stop and which are no longer its own.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/heartbeat`
   *
   * @returns What the machine is to do next
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const heartbeatAnswer = await client.daemon.heartbeat({
   *   status: 'online',
   *   current_tasks: [],
   *   system_info: { cpu_usage: 25.5, memory_usage: 45.2, disk_usage: 60 },
   * });
   */
  heartbeat(body: Heartbeat, options?: RequestOptions): ApiPromise<HeartbeatAnswer> {
    return this.call({ method: 'POST', path: '/v1/daemon/heartbeat', body }, options);
  }

  /**
   * Take tasks to run.
   *
   * Hands out queued tasks, the most urgent first, within the limits of device and plan. With claim_id the same call can be repeated after a lost answer, and each task is to be started before it runs; without it delivery counts as start.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/daemon/tasks/pending`
   *
   * @returns Tasks that this machine is to run
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { tasks, count } = await client.daemon.claim();
   */
  claim(query: DaemonClaimQuery = {}, options?: RequestOptions): ApiPromise<HandedTasks> {
    return this.call({ method: 'GET', path: '/v1/daemon/tasks/pending', query }, options);
  }

  /**
   * Say that a task starts now.
   *
   * Start the command only after this was answered with 200. It may be repeated with the same lease.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/tasks/{task_id}/start`
   *
   * @returns The task, running
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 409 TASK_CANCELLED, LEASE_LOST
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task_id, status, lease_expires_at } = await client.daemon.start(taskId, {
   *   lease_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa',
   * });
   */
  start(taskId: string, body: TaskStart, options?: RequestOptions): ApiPromise<StartedTask> {
    return this.call({ method: 'POST', path: `/v1/daemon/tasks/${at(taskId)}/start`, body }, options);
  }

  /**
   * Report how a task ended.
   *
   * May be repeated until it is answered: the same result of an attempt gets the same answer.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential. **Body:** at most 16 MiB.
   *
   * `POST /v1/daemon/tasks/{task_id}/result`
   *
   * @returns The result that is recorded
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 409 LEASE_LOST, RESULT_CONFLICT
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task_id, attempt, status } = await client.daemon.result(taskId, {
   *   status: 'completed',
   *   exit_code: 0,
   *   stdout: 'output...',
   *   stderr: '',
   *   started_at: '2026-01-20T10:01:00Z',
   *   completed_at: '2026-01-20T10:01:30Z',
   * });
   */
  result(taskId: string, body: TaskResult, options?: RequestOptions): ApiPromise<RecordedResult> {
    return this.call({ method: 'POST', path: `/v1/daemon/tasks/${at(taskId)}/result`, body }, options);
  }

  /**
   * Send what a task has written.
   *
   * A piece of one stream of the attempt that the lease names. offset counts the bytes of UTF-8 before it. A piece that begins before next_offset has arrived already and changes nothing; one that begins after it is refused. 16 MiB of each stream are kept; what lies beyond the first MiB counts against the storage of the user, and where that is full the stream ends there. truncated says that the rest is not wanted.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential. **Body:** at most 2 MiB.
   *
   * `POST /v1/daemon/tasks/{task_id}/output`
   *
   * @returns How far the stream has arrived
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 409 LEASE_LOST, OUTPUT_GAP
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const recordedOutput = await client.daemon.output(taskId, {
   *   lease_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa',
   *   stream: 'stdout',
   *   offset: 0,
   *   chunk: 'added 312 packages in 4s\n',
   * });
   */
  output(taskId: string, body: NewOutput, options?: RequestOptions): ApiPromise<RecordedOutput> {
    return this.call({ method: 'POST', path: `/v1/daemon/tasks/${at(taskId)}/output`, body }, options);
  }

  /**
   * Fetch the settings of this machine.
   *
   * The settings with their version, and a backup that is to be restored here.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/daemon/config/sync`
   *
   * @returns The settings of this machine
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { config, config_version, restore } = await client.daemon.syncConfig();
   */
  syncConfig(options?: RequestOptions): ApiPromise<SyncedConfig> {
    return this.call({ method: 'GET', path: '/v1/daemon/config/sync' }, options);
  }

  /**
   * Upload a log.
   *
   * A form with the file and its metadata as JSON, in any order. Gzip is recognised by its first bytes; inflated, it may have 64 MiB or 20 times its size, whichever is more. With an Idempotency-Key the same file and metadata make one log, also when they are sent twice at once.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential. **Body:** at most 50 MiB.
   *
   * `POST /v1/daemon/logs`
   *
   * @returns Created: the log as it was taken
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 ROUTE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE, STORAGE_QUOTA_EXCEEDED
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const uploadedLog = await client.daemon.uploadLog({ log_file: await openAsBlob('daemon.log'), metadata });
   */
  uploadLog(body: LogUpload, options?: RequestOptions): ApiPromise<UploadedLog> {
    return this.call({ method: 'POST', path: '/v1/daemon/logs', form: body, idempotent: true }, options);
  }

  /**
   * Back up the configuration of this machine.
   *
   * Keeps it as an automatic backup (is_auto). It counts against the storage of the user.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/config/backup`
   *
   * @returns Created: a backup of a configuration, without its content
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE, STORAGE_QUOTA_EXCEEDED
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const configBackup = await client.daemon.backupConfig({ config_name: 'claude-code-config', config_data: {} });
   */
  backupConfig(body: NewAutoBackup, options?: RequestOptions): ApiPromise<ConfigBackup> {
    return this.call({ method: 'POST', path: '/v1/daemon/config/backup', body, idempotent: true }, options);
  }

  /**
   * Confirm a restore.
   *
   * The backup that the sync showed has been restored and is not shown again. It may be repeated.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/config/restored`
   *
   * @returns The backup; the restore is confirmed
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 BACKUP_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { backup_id } = await client.daemon.restoredConfig({
   *   backup_id: '0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa',
   * });
   */
  restoredConfig(body: RestoredConfig, options?: RequestOptions): ApiPromise<DaemonRestoredConfigData> {
    return this.call({ method: 'POST', path: '/v1/daemon/config/restored', body }, options);
  }

  /**
   * Report that this machine goes offline.
   *
   * Tasks that it holds keep their leases until they run out.
   *
   * **Who:** the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/daemon/offline`
   *
   * @returns The device; its status: what its daemon last said, or offline
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { device_id, daemon_status } = await client.daemon.offline();
   */
  offline(options?: RequestOptions): ApiPromise<DaemonOfflineData> {
    return this.call({ method: 'POST', path: '/v1/daemon/offline' }, options);
  }
}

/** Commands that a user queues for one of their devices. Times are ISO 8601 in UTC; `timeout` is milliseconds. */
export class Tasks extends Resource {
  /**
   * Queue a command on a device.
   *
   * The device gets it with its next look for tasks, or within milliseconds when it is waiting.
   *
   * **Who:** the access token of a user or an API key with the scope `task:create`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/tasks`
   *
   * @returns Created: the task, queued
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 PLAN_LIMIT_REACHED, RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task_id, status, estimated_start } = await client.tasks.create({
   *   device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11',
   *   type: 'bash',
   *   command: 'npm run build',
   *   args: { cwd: '/project/path', env: { NODE_ENV: 'production' } },
   *   priority: 7,
   *   timeout: 300000,
   * });
   */
  create(body: NewTask, options?: RequestOptions): ApiPromise<QueuedTask> {
    return this.call({ method: 'POST', path: '/v1/tasks', body, idempotent: true }, options);
  }

  /**
   * List your tasks.
   *
   * The newest first, without their output.
   *
   * **Who:** the access token of a user or an API key with the scope `task:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/tasks`
   *
   * @returns One page of the list, and where the next begins
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * for await (const taskSummary of client.tasks.list({ limit: 100 })) console.log(taskSummary.id);
   */
  list(query: TasksListQuery = {}, options?: RequestOptions): PagePromise<TaskSummary> {
    return this.page({ method: 'GET', path: '/v1/tasks', query }, 'tasks', options);
  }

  /**
   * Queue several commands.
   *
   * All are created or none. In mode sequential each waits until the one before it completed; when one does not, the rest are cancelled.
   *
   * **Who:** the access token of a user or an API key with the scope `task:create`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/tasks/batch`
   *
   * @returns Created: the tasks of the batch, queued
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 PLAN_LIMIT_REACHED, RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { batch_id, mode, tasks } = await client.tasks.createBatch({
   *   tasks: [{ device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11', command: 'npm test' }, { device_id: '6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11', command: 'npm run lint' }],
   *   mode: 'sequential',
   * });
   */
  createBatch(body: NewBatch, options?: RequestOptions): ApiPromise<QueuedBatch> {
    return this.call({ method: 'POST', path: '/v1/tasks/batch', body, idempotent: true }, options);
  }

  /**
   * Read a task.
   *
   * One task with its output. With wait it answers as soon as the task has finished, or after that many seconds.
   *
   * **Who:** the access token of a user or an API key with the scope `task:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/tasks/{task_id}`
   *
   * @returns A task with its output
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const task = await client.tasks.get(taskId);
   */
  get(taskId: string, query: TasksGetQuery = {}, options?: RequestOptions): ApiPromise<Task> {
    return this.call({ method: 'GET', path: `/v1/tasks/${at(taskId)}`, query }, options);
  }

  /**
   * Read what happened to a task.
   *
   * Each change of its status, the oldest first: who, from, to, why.
   *
   * **Who:** the access token of a user or an API key with the scope `task:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/tasks/{task_id}/events`
   *
   * @returns What happened, the oldest first
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { events } = await client.tasks.listEvents(taskId);
   */
  listEvents(taskId: string, options?: RequestOptions): ApiPromise<TasksListEventsData> {
    return this.call({ method: 'GET', path: `/v1/tasks/${at(taskId)}/events` }, options);
  }

  /**
   * Read what a task has written so far.
   *
   * One stream of one attempt, from an offset in bytes of UTF-8. With wait it answers as soon as there is something, or when nothing more will come, or after that many seconds.
   *
   * **Who:** the access token of a user or an API key with the scope `task:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/tasks/{task_id}/output`
   *
   * @returns A piece of one stream of a task
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const taskOutput = await client.tasks.output(taskId);
   */
  output(taskId: string, query: TasksOutputQuery = {}, options?: RequestOptions): ApiPromise<TaskOutput> {
    return this.call({ method: 'GET', path: `/v1/tasks/${at(taskId)}/output`, query }, options);
  }

  /**
   * Cancel a task.
   *
   * A waiting task is cancelled at once. A task that a device holds gets cancel_requested_at: the device stops it, and a result that arrives first wins. Cancelling twice is no error.
   *
   * **Who:** the access token of a user or an API key with the scope `task:cancel`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/tasks/{task_id}/cancel`
   *
   * @returns A task with its output
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 TASK_NOT_FOUND
   * @throws {ApiError} 409 TASK_FINISHED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const task = await client.tasks.cancel(taskId);
   */
  cancel(taskId: string, options?: RequestOptions): ApiPromise<Task> {
    return this.call({ method: 'POST', path: `/v1/tasks/${at(taskId)}/cancel` }, options);
  }

  /**
   * Run a finished task again.
   *
   * Makes a new task with the same command for the same device; parent_task_id names the old one.
   *
   * **Who:** the access token of a user or an API key with the scope `task:create`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/tasks/{task_id}/retry`
   *
   * @returns Created: the task, queued
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND, TASK_NOT_FOUND
   * @throws {ApiError} 409 TASK_NOT_FINISHED
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 PLAN_LIMIT_REACHED, RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task_id, status, estimated_start } = await client.tasks.retry(taskId);
   */
  retry(taskId: string, options?: RequestOptions): ApiPromise<QueuedTask> {
    return this.call({ method: 'POST', path: `/v1/tasks/${at(taskId)}/retry`, idempotent: true }, options);
  }
}

/** The machines of a user, each with a daemon that runs tasks. */
export class Devices extends Resource {
  /**
   * List your devices.
   *
   * The newest first.
   *
   * **Who:** the access token of a user or an API key with the scope `device:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/devices`
   *
   * @returns One page of the list, and where the next begins
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * for await (const device of client.devices.list({ limit: 100 })) console.log(device.id);
   */
  list(query: DevicesListQuery = {}, options?: RequestOptions): PagePromise<Device> {
    return this.page({ method: 'GET', path: '/v1/devices', query }, 'devices', options);
  }

  /**
   * Read a device.
   *
   * One device with its state and settings.
   *
   * **Who:** the access token of a user or an API key with the scope `device:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/devices/{device_id}`
   *
   * @returns A machine with a daemon
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const device = await client.devices.get(deviceId);
   */
  get(deviceId: string, options?: RequestOptions): ApiPromise<Device> {
    return this.call({ method: 'GET', path: `/v1/devices/${at(deviceId)}` }, options);
  }

  /**
   * Delete a device.
   *
   * Its key stops working at once and its open tasks are cancelled. Finished tasks stay, without a device.
   *
   * **Who:** the access token of a user or an API key with the scope `device:write`. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/devices/{device_id}`
   *
   * @returns The device; it is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { device_id } = await client.devices.remove(deviceId);
   */
  remove(deviceId: string, options?: RequestOptions): ApiPromise<DevicesRemoveData> {
    return this.call({ method: 'DELETE', path: `/v1/devices/${at(deviceId)}` }, options);
  }

  /**
   * Make a device and its key ahead of time.
   *
   * For a machine that cannot sign in itself. The key is in this answer and never again; the device counts against your plan. The first X-Device-ID that is sent with the key becomes the id of the machine, unless another device of yours has it.
   *
   * **Who:** the access token of a user or an API key with the scope `device:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/devices/keys`
   *
   * @returns Created: a device that was made ahead of time, with its key, which is shown only now
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE, PLAN_LIMIT_REACHED
   * @throws {ApiError} 409 SECRET_ALREADY_SHOWN
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { device_id, device_name, device_key } = await client.devices.createKey({
   *   device_name: 'Build server',
   * });
   */
  createKey(body: NewDeviceKey, options?: RequestOptions): ApiPromise<DeviceKey> {
    return this.call({ method: 'POST', path: '/v1/devices/keys', body, idempotent: true }, options);
  }

  /**
   * Change the settings of a device.
   *
   * Only the fields that are sent change. The device learns of it with its next heartbeat.
   *
   * **Who:** the access token of a user or an API key with the scope `device:write`. **Rate:** counted in the budget of the credential.
   *
   * `PATCH /v1/devices/{device_id}/config`
   *
   * @returns A machine with a daemon
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const device = await client.devices.updateConfig(deviceId, {
   *   heartbeat_interval: 60,
   *   max_concurrent_tasks: 5,
   * });
   */
  updateConfig(deviceId: string, body: DeviceConfigChange, options?: RequestOptions): ApiPromise<Device> {
    return this.call({ method: 'PATCH', path: `/v1/devices/${at(deviceId)}/config`, body }, options);
  }
}

/** `GET /v1/ws` opens a WebSocket, with an `Authorization` header (any credential), `?token=` (the access
token of a user) or `?ticket=`. A client sends [SocketCommand](#/components/schemas/SocketCommand) and gets
[SocketFrame](#/components/schemas/SocketFrame), JSON in text frames of at most 64 KiB inbound. An API key gets the events of
the nouns that it may read. `x-websockets` of the document has all of it for programs. */
export class Sockets extends Resource {
  /**
   * Get a ticket for a WebSocket.
   *
   * Opens `/v1/ws?ticket=` once within 30 seconds, as whoever asked for it. For browsers, which cannot send a header with a WebSocket; a permanent key has no place in a URL.
   *
   * **Who:** the access token of a user or an API key or the key of a device. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/ws/ticket`
   *
   * @returns Created: what opens one WebSocket
   * @throws {ApiError} 400 INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, DEVICE_MISMATCH
   * @throws {ApiError} 404 ROUTE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { ticket, expires_at } = await client.sockets.createTicket();
   */
  createTicket(options?: RequestOptions): ApiPromise<SocketTicket> {
    return this.call({ method: 'POST', path: '/v1/ws/ticket' }, options);
  }
}

/** What the service tells a user: tasks that began and ended, devices that came and went. */
export class Messages extends Resource {
  /**
   * List your messages.
   *
   * The newest first.
   *
   * **Who:** the access token of a user or an API key with the scope `user:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/messages`
   *
   * @returns One page of the list, and where the next begins
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * for await (const message of client.messages.list({ limit: 100 })) console.log(message.id);
   */
  list(query: MessagesListQuery = {}, options?: RequestOptions): PagePromise<Message> {
    return this.page({ method: 'GET', path: '/v1/messages', query }, 'messages', options);
  }

  /**
   * Mark a message as read.
   *
   * Repeating it changes nothing.
   *
   * **Who:** the access token of a user or an API key with the scope `user:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/messages/{message_id}/read`
   *
   * @returns What the service tells a user
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 MESSAGE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const message = await client.messages.read(messageId);
   */
  read(messageId: string, options?: RequestOptions): ApiPromise<Message> {
    return this.call({ method: 'POST', path: `/v1/messages/${at(messageId)}/read` }, options);
  }

  /**
   * Mark all your messages as read.
   *
   * All that have come until now.
   *
   * **Who:** the access token of a user or an API key with the scope `user:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/messages/read-all`
   *
   * @returns How many were unread
   * @throws {ApiError} 400 INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { messages_read } = await client.messages.readAll();
   */
  readAll(options?: RequestOptions): ApiPromise<MessagesReadAllData> {
    return this.call({ method: 'POST', path: '/v1/messages/read-all' }, options);
  }

  /**
   * Delete a message.
   *
   * The task or device of which it tells stays.
   *
   * **Who:** the access token of a user or an API key with the scope `user:write`. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/messages/{message_id}`
   *
   * @returns The message; it is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 MESSAGE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { message_id } = await client.messages.remove(messageId);
   */
  remove(messageId: string, options?: RequestOptions): ApiPromise<MessagesRemoveData> {
    return this.call({ method: 'DELETE', path: `/v1/messages/${at(messageId)}` }, options);
  }
}

/** Commands by mail. A device takes them from the address in its mail settings: the subject begins with `[CCJK]`, or
`[CCJK:name of a device]`, the body is the command, up to a line that is `--` or `___`. The result is mailed back. */
export class Email extends Resource {
  /**
   * Set the mail settings of a device.
   *
   * A device has one set; posting again replaces it whole, the password too. An address that you have not verified gets a code by mail, up to five in an hour; until somebody has verified it, it works for its only claimant.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/email/config`
   *
   * @returns Mail settings of a device, without their password
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 ROUTE_NOT_FOUND, DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const emailConfig = await client.email.saveConfig({
   *   device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11',
   *   email_address: 'user@gmail.com',
   *   imap_host: 'imap.gmail.com',
   *   imap_port: 993,
   *   smtp_host: 'smtp.gmail.com',
   *   smtp_port: 587,
   * });
   */
  saveConfig(body: NewEmailConfig, options?: RequestOptions): ApiPromise<EmailConfig> {
    return this.call({ method: 'POST', path: '/v1/email/config', body, idempotent: true }, options);
  }

  /**
   * Read the mail settings of a device.
   *
   * All but the password.
   *
   * **Who:** the access token of a user or an API key with the scope `config:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/email/config/{device_id}`
   *
   * @returns Mail settings of a device, without their password
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 ROUTE_NOT_FOUND, DEVICE_NOT_FOUND, EMAIL_CONFIG_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const emailConfig = await client.email.getConfig(deviceId);
   */
  getConfig(deviceId: string, options?: RequestOptions): ApiPromise<EmailConfig> {
    return this.call({ method: 'GET', path: `/v1/email/config/${at(deviceId)}` }, options);
  }

  /**
   * Verify a mail address.
   *
   * With the code that was mailed to it. From then on the address works for you.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/email/verify`
   *
   * @returns The address whose mails are commands for the device; whether the address is verified
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 ROUTE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { email_address } = await client.email.verify({
   *   code: 'mt_o3vD1kq0l2c9S6yBq1xJv8b5n4W7eR2tYzUaHgFdKiM',
   * });
   */
  verify(body: AddressVerification, options?: RequestOptions): ApiPromise<EmailVerifyData> {
    return this.call({ method: 'POST', path: '/v1/email/verify', body }, options);
  }

  /**
   * Send a test mail.
   *
   * To the address of a device, through its own SMTP server, or the service's where it has none. Five in an hour.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/email/test`
   *
   * @returns How the test mail was taken
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 ROUTE_NOT_FOUND, DEVICE_NOT_FOUND, EMAIL_CONFIG_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 502 MAIL_REJECTED
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { to, via, reply } = await client.email.test({ device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11' });
   */
  test(body: MailTestOrder, options?: RequestOptions): ApiPromise<MailTest> {
    return this.call({ method: 'POST', path: '/v1/email/test', body }, options);
  }

  /**
   * Hand in a mail that asks for a task.
   *
   * For a mail gateway, which signs the body with EMAIL_WEBHOOK_SECRET and has made sure of the sender. A mail that was handed in before is answered with its task and 200. Its result is mailed to the sender.
   *
   * **Who:** anyone. **Rate:** RATE_LIMIT_WEBHOOK_MAX by IP address.
   *
   * `POST /v1/email/incoming`
   *
   * @returns The task, queued
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED
   * @throws {ApiError} 404 ROUTE_NOT_FOUND, DEVICE_NOT_FOUND, EMAIL_CONFIG_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 PLAN_LIMIT_REACHED, RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { task_id, status, estimated_start } = await client.email.incoming({
   *   from: 'user@gmail.com',
   *   subject: '[CCJK] Run Tests',
   *   body: 'npm test',
   *   message_id: 'email_message_id',
   * });
   */
  incoming(body: PostedMail, options?: RequestOptions): ApiPromise<QueuedTask> {
    return this.call({ method: 'POST', path: '/v1/email/incoming', body }, options);
  }
}

/** Backups of the configuration of a device. They count against the storage of your plan. */
export class Config extends Resource {
  /**
   * Back up a configuration.
   *
   * Keeps the configuration of a device until you delete it. It counts against your storage.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/config/backup`
   *
   * @returns Created: a backup of a configuration, without its content
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE, STORAGE_QUOTA_EXCEEDED
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 422 IDEMPOTENCY_KEY_REUSED
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const configBackup = await client.config.backup({
   *   device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11',
   *   config_name: 'claude-code-config',
   *   config_data: { theme: 'dark' },
   * });
   */
  backup(body: NewConfigBackup, options?: RequestOptions): ApiPromise<ConfigBackup> {
    return this.call({ method: 'POST', path: '/v1/config/backup', body, idempotent: true }, options);
  }

  /**
   * List your backups.
   *
   * The newest first, without their data.
   *
   * **Who:** the access token of a user or an API key with the scope `config:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/config/backups`
   *
   * @returns One page of the list, and where the next begins
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * for await (const configBackup of client.config.listBackups({ limit: 100 })) console.log(configBackup.id);
   */
  listBackups(query: ConfigListBackupsQuery = {}, options?: RequestOptions): PagePromise<ConfigBackup> {
    return this.page({ method: 'GET', path: '/v1/config/backups', query }, 'backups', options);
  }

  /**
   * Read a backup.
   *
   * One backup with its data.
   *
   * **Who:** the access token of a user or an API key with the scope `config:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/config/backups/{backup_id}`
   *
   * @returns A backup of a configuration, with its content
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 BACKUP_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const configBackupWithData = await client.config.getBackup(backupId);
   */
  getBackup(backupId: string, options?: RequestOptions): ApiPromise<ConfigBackupWithData> {
    return this.call({ method: 'GET', path: `/v1/config/backups/${at(backupId)}` }, options);
  }

  /**
   * Delete a backup.
   *
   * Its storage is free again. A device that was to restore it and has not yet will not.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/config/backups/{backup_id}`
   *
   * @returns The backup; it is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 BACKUP_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { backup_id } = await client.config.removeBackup(backupId);
   */
  removeBackup(backupId: string, options?: RequestOptions): ApiPromise<ConfigRemoveBackupData> {
    return this.call({ method: 'DELETE', path: `/v1/config/backups/${at(backupId)}` }, options);
  }

  /**
   * Restore a backup.
   *
   * Answers the backup and leaves it for its device, which finds it in each sync of its settings until it has confirmed it. A later restore takes its place.
   *
   * **Who:** the access token of a user or an API key with the scope `config:write`. **Rate:** counted in the budget of the credential.
   *
   * `POST /v1/config/restore/{backup_id}`
   *
   * @returns A backup of a configuration, with its content
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND, BACKUP_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const configBackupWithData = await client.config.restore(backupId);
   */
  restore(backupId: string, query: ConfigRestoreQuery = {}, options?: RequestOptions): ApiPromise<ConfigBackupWithData> {
    return this.call({ method: 'POST', path: `/v1/config/restore/${at(backupId)}`, query }, options);
  }
}

/** Log files that devices have sent: to view and to download. They count against the storage of your plan, which also says how long they are kept. */
export class Logs extends Resource {
  /**
   * List your logs.
   *
   * The newest first.
   *
   * **Who:** the access token of a user or an API key with the scope `log:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/logs`
   *
   * @returns One page of the list, and where the next begins
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * for await (const log of client.logs.list({ limit: 100 })) console.log(log.log_id);
   */
  list(query: LogsListQuery = {}, options?: RequestOptions): PagePromise<Log> {
    return this.page({ method: 'GET', path: '/v1/logs', query }, 'logs', options);
  }

  /**
   * View a log.
   *
   * Up to 256 KiB of its text, inflated: from a byte on, to be continued at next_from, or the last lines of it.
   *
   * **Who:** the access token of a user or an API key with the scope `log:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/logs/{log_id}`
   *
   * @returns A part of the text of a log
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 LOG_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const logView = await client.logs.get(logId);
   */
  get(logId: string, query: LogsGetQuery = {}, options?: RequestOptions): ApiPromise<LogView> {
    return this.call({ method: 'GET', path: `/v1/logs/${at(logId)}`, query }, options);
  }

  /**
   * Delete a log.
   *
   * Its storage is free again. Logs that are older than your plan keeps them are deleted by themselves.
   *
   * **Who:** the access token of a user. **Rate:** counted in the budget of the credential.
   *
   * `DELETE /v1/logs/{log_id}`
   *
   * @returns The log; it is deleted
   * @throws {ApiError} 400 VALIDATION_ERROR, INVALID_JSON
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL
   * @throws {ApiError} 404 LOG_NOT_FOUND
   * @throws {ApiError} 413 PAYLOAD_TOO_LARGE
   * @throws {ApiError} 415 UNSUPPORTED_MEDIA_TYPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { log_id } = await client.logs.remove(logId);
   */
  remove(logId: string, options?: RequestOptions): ApiPromise<LogsRemoveData> {
    return this.call({ method: 'DELETE', path: `/v1/logs/${at(logId)}` }, options);
  }

  /**
   * Download a log.
   *
   * The file as it was sent. A Range of bytes gives that part of it, so that a download can go on.
   *
   * **Who:** the access token of a user or an API key with the scope `log:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/logs/{log_id}/download`
   *
   * @returns The file as it was sent
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 LOG_NOT_FOUND
   * @throws {ApiError} 416 RANGE_NOT_SATISFIABLE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const { body } = await client.logs.download(logId); // a stream of bytes
   */
  download(logId: string, options?: RequestOptions): ApiPromise<Response> {
    return this.call({ method: 'GET', path: `/v1/logs/${at(logId)}/download`, raw: true }, options);
  }
}

/** How many tasks finished on each UTC day, and how long they ran. */
export class Stats extends Resource {
  /**
   * Read your statistics.
   *
   * The tasks of all your devices that finished in the period, and how things are now.
   *
   * **Who:** the access token of a user or an API key with the scope `stats:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/stats/summary`
   *
   * @returns The tasks of all devices in a period, and how things are now
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const statsSummary = await client.stats.summary();
   */
  summary(query: StatsSummaryQuery = {}, options?: RequestOptions): ApiPromise<StatsSummary> {
    return this.call({ method: 'GET', path: '/v1/stats/summary', query }, options);
  }

  /**
   * Read the statistics of a device.
   *
   * The tasks of this device that finished in the period.
   *
   * **Who:** the access token of a user or an API key with the scope `stats:read`. **Rate:** counted in the budget of the credential.
   *
   * `GET /v1/stats/device/{device_id}`
   *
   * @returns The tasks of one device in a period
   * @throws {ApiError} 400 VALIDATION_ERROR
   * @throws {ApiError} 401 AUTH_REQUIRED, AUTH_FAILED, TOKEN_EXPIRED
   * @throws {ApiError} 403 WRONG_CREDENTIAL, INSUFFICIENT_SCOPE
   * @throws {ApiError} 404 DEVICE_NOT_FOUND
   * @throws {ApiError} 429 RATE_LIMIT_EXCEEDED
   * @throws {ApiError} 500 INTERNAL_ERROR
   * @throws {ApiError} 503 SERVICE_UNAVAILABLE
   * @example
   * const deviceStats = await client.stats.device(deviceId);
   */
  device(deviceId: string, query: StatsDeviceQuery = {}, options?: RequestOptions): ApiPromise<DeviceStats> {
    return this.call({ method: 'GET', path: `/v1/stats/device/${at(deviceId)}`, query }, options);
  }
}
