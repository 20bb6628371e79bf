import { CcjkError } from '../core/errors.ts';

/** Why something cannot be sealed or opened. */
export type SealingFailure =
  /** The key cannot be read, or is of another kind than the message needs. */
  | 'KEY_INVALID'
  /** The text has lone surrogates, which would not arrive as they are. */
  | 'TEXT_INVALID'
  /** The message is no sealed one, or sealed in a way that the relay does not know. */
  | 'NOT_SEALED'
  /** The message is sealed for another key, or was changed on its way. */
  | 'CANNOT_OPEN'
  /** The runtime lacks what it takes: WebCrypto, or for secp256k1 `node:crypto`. */
  | 'UNSUPPORTED_RUNTIME';

/**
 * A text could not be sealed, or a message not be opened. No message carries a key or a text.
 *
 * @example
 * try { await open(privateKey, message) } catch (error) {
 *   if (error instanceof SealingError && error.code === 'CANNOT_OPEN') console.error('Not for this key');
 * }
 */
export class SealingError extends CcjkError {
  override readonly name: string = 'SealingError';
  readonly code: SealingFailure;

  constructor(code: SealingFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
