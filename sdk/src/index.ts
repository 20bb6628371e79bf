/** The client of CCJK Cloud, its errors and its types. */

export type { Answer } from './core/answers.ts';
export type { ApiPromise } from './core/api-promise.ts';
export { CcjkCloud } from './core/client.ts';
export {
  ApiError,
  type ApiErrorByCode,
  type ApiFailure,
  CcjkError,
  ConnectionError,
  type ErrorCode,
  type FailureDetails,
  TimeoutError,
} from './core/errors.ts';
export type { FollowEvent, FollowOptions } from './core/follow.ts';
export type { FollowableTasks } from './core/followable-tasks.ts';
export type { Relay } from './core/lazy-relay.ts';
export type { ClientOptions, Fetch, IncomingResponse, Logger, OutgoingRequest } from './core/options.ts';
export type { Page, PagePromise } from './core/paging.ts';
export type { CallSpec, RequestOptions, UploadProgress } from './core/resource.ts';
export type { TokenSource, Tokens } from './core/session.ts';
export type { CloudSocket, SocketEvents, WebSocketConstructor, WebSocketLike } from './core/socket.ts';
export { VERSION } from './core/version.ts';
export type { FailureCode } from './generated/codes.ts';
export type * from './generated/types.ts';
export type { RelayEvent, SubscribeOptions } from './relay/subscription.ts';
