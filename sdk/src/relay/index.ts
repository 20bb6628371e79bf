/**
 * The relay of CCJK Cloud: messages between programs and pages, over channels, and end to end where you want it. Runs
 * wherever there are `fetch` and WebCrypto.
 */

export {
  ApiError,
  type ApiErrorByCode,
  CcjkError,
  ConnectionError,
  type ErrorCode,
  type FailureDetails,
  TimeoutError,
} from '../core/errors.ts';
export { CcjkRelay, type ChannelsQuery } from './relay-client.ts';
export { type Algorithm, generateKeys, type KeyPair, open, type PrivateKey, sealTo } from './sealing.ts';
export { SealingError, type SealingFailure } from './sealing-error.ts';
export type { RelayEvent, SubscribeOptions } from './subscription.ts';
