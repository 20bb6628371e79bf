/** From the text of an answer to its data, or to the error that it stands for. */
import { ApiError, type ErrorCode } from './errors.ts';
import { retryAfterSeconds } from './retries.ts';

/** What a call brought back. */
export type Answer<T> = {
  data: T;
  /** Its body has been read; status and headers remain. */
  response: Response;
  /** Names this request in the log of the service. */
  requestId: string | null;
};

/**
 * The `data` of the envelope, or all of it.
 *
 * @throws ApiError for anything but success in the service's own JSON
 */
export const dataOf = <T>(response: Response, text: string, requestId: string | null, isWhole = false): T => {
  const { ok, status, headers } = response;
  const envelope = envelopeOf(text);
  if (ok && envelope?.success === true) return (isWhole ? envelope : envelope.data) as T;
  const { code, message, details } = envelope?.error ?? {};
  const isOurs = !ok && typeof code === 'string' && typeof message === 'string';
  throw new ApiError({
    status,
    code: isOurs ? (code as ErrorCode) : ok ? 'INVALID_RESPONSE' : `HTTP_${status}`,
    sentence: isOurs ? message : foreignAnswer(response),
    details,
    requestId,
    headers,
    retryAfterSeconds: retryAfterSeconds(headers.get('retry-after'), Date.now()),
  });
};

type Envelope = {
  success?: unknown;
  data?: unknown;
  error?: { code?: unknown; message?: unknown; details?: unknown } | null;
};

const envelopeOf = (text: string): Envelope | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

/** What to do about an answer that the service itself would not give. */
const foreignAnswer = ({ ok, status, type }: Response): string => {
  if (type === 'opaqueredirect' || (status >= 300 && status < 400))
    return 'The address redirects elsewhere; set baseUrl to where it leads';
  if (ok) return 'What answered is not CCJK Cloud; check baseUrl and any proxy before it';
  return 'The answer is not from CCJK Cloud; check baseUrl and any proxy before it';
};
