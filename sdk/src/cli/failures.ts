/** What went wrong and what to do about it, in two sentences and an exit code. */
import { ApiError, CcjkError, ConnectionError } from '../core/errors.ts';
import { connectionCode } from '../core/retries.ts';
import { KeyRefusedError } from '../daemon/index.ts';
import { UsageError } from './arguments.ts';
import { note, PROGRAM, paint, plain } from './output.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2, notSignedIn: 3, unreachable: 4 } as const;

/** Something that the user can put right; `advice` says how. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly advice: string;
  readonly exitCode: number;

  constructor(message: string, advice: string, exitCode: number = EXIT.failure) {
    super(message);
    this.advice = advice;
    this.exitCode = exitCode;
  }
}

export const notSignedIn = (url: string): Failure =>
  new Failure(`You are not signed in at ${url}.`, `Sign in with: ${PROGRAM} login`, EXIT.notSignedIn);

const ADVICE: Record<string, string> = {
  EMAIL_TAKEN: `Sign in with: ${PROGRAM} login`,
  TASK_NOT_FOUND: `See your tasks with: ${PROGRAM} tasks list`,
  TASK_FINISHED: `Run it again with: ${PROGRAM} tasks retry ID`,
  TASK_NOT_FINISHED: `Cancel it with: ${PROGRAM} tasks cancel ID`,
  MESSAGE_NOT_FOUND: `See your messages with: ${PROGRAM} messages`,
  BACKUP_NOT_FOUND: `See your backups with: ${PROGRAM} backup list`,
  LOG_NOT_FOUND: `See your logs with: ${PROGRAM} logs`,
  API_KEY_NOT_FOUND: `See your keys with: ${PROGRAM} api-keys`,
  SESSION_NOT_FOUND: `See your sessions with: ${PROGRAM} sessions`,
  STORAGE_QUOTA_EXCEEDED: `Delete logs or backups with: ${PROGRAM} logs delete ID, or ${PROGRAM} backup delete ID`,
  DEVICE_NOT_FOUND: `See your devices with: ${PROGRAM} devices`,
  EMAIL_CONFIG_NOT_FOUND: `Make some with: ${PROGRAM} email set ADDRESS`,
  INSUFFICIENT_SCOPE: 'Use an API key with that scope, or unset CCJK_API_KEY and sign in.',
  WRONG_CREDENTIAL: `Sign in with: ${PROGRAM} login (CCJK_API_KEY beats a login while it is set).`,
  PLAN_LIMIT_REACHED: 'Remove what you no longer need, or change your plan.',
  CHANNEL_NOT_FOUND: `See the channels with: ${PROGRAM} channels (private ones are open to the key of their owner alone)`,
  CONFIRMATION_LOCKED: `Ask anew with: ${PROGRAM} keys revoke ID --reason TEXT`,
  ROUTE_NOT_FOUND: 'Check --url and CCJK_URL: they must name the root of a CCJK Cloud service.',
};

/** Commands of the relay, which has keys of its own. */
const OF_THE_RELAY = ['publish', 'subscribe', 'channels', 'keys'];
const RELAY_KEY_ADVICE = `Check CCJK_RELAY_KEY; a key comes from: ${PROGRAM} keys create`;

/** Says it on stderr; gives the exit code. */
export function report(error: unknown, command: string): number {
  const { message, advice, requestId, exitCode } = explain(error, command);
  note(`${paint('red', 'Error:', process.stderr)} ${plain(message)}`);
  if (advice) note(advice);
  if (requestId) note(`Request ${plain(requestId)}`);
  return exitCode;
}

type Explained = { message: string; advice?: string; requestId?: string | null; exitCode: number };

function explain(error: unknown, command: string): Explained {
  if (error instanceof UsageError)
    return {
      message: `${error.message}.`,
      advice: `See: ${PROGRAM} ${command} --help`.replace('  ', ' '),
      exitCode: EXIT.usage,
    };
  if (error instanceof Failure) return error;
  if (error instanceof KeyRefusedError)
    return { message: error.message, advice: `Do so with: ${PROGRAM} daemon --register`, exitCode: EXIT.notSignedIn };
  if (error instanceof ApiError) return explainApi(error, command);
  if (error instanceof ConnectionError) return explainConnection(error);
  if (error instanceof CcjkError) return { message: error.message, exitCode: EXIT.failure };
  const { message, code } = error as NodeJS.ErrnoException;
  return { message: code ? message : ((error as Error)?.stack ?? String(error)), exitCode: EXIT.failure };
}

function explainApi(error: ApiError, command: string): Explained {
  const { code, status, requestId } = error;
  const isLogin = command === 'login' && code === 'AUTH_FAILED';
  if (code === 'AUTH_REQUIRED' && OF_THE_RELAY.includes(command))
    return { ...whoIsIt(command), requestId, exitCode: EXIT.notSignedIn };
  return {
    message: isLogin ? 'The email address or the password is wrong.' : sentenceWithFaults(error),
    advice: isLogin ? `Try again, or make an account with: ${PROGRAM} register` : adviceFor(error, command),
    requestId,
    exitCode: status === 401 ? EXIT.notSignedIn : EXIT.failure,
  };
}

function adviceFor({ code, status, retryAfterSeconds }: ApiError, command: string): string {
  const isRefused = code === 'INSUFFICIENT_SCOPE' || (status === 401 && process.env.CCJK_RELAY_KEY);
  if (isRefused && OF_THE_RELAY.includes(command)) return RELAY_KEY_ADVICE;
  if (status === 401)
    return process.env.CCJK_API_KEY
      ? `Check CCJK_API_KEY, or unset it and sign in with: ${PROGRAM} login`
      : `Sign in again with: ${PROGRAM} login`;
  if (status === 429 && retryAfterSeconds) return `Try again in ${Math.ceil(retryAfterSeconds)} seconds.`;
  return ADVICE[code] ?? '';
}

/** A key of the relay opens everything there but the making of such keys. */
const whoIsIt = (command: string): Pick<Explained, 'message' | 'advice'> =>
  command === 'keys'
    ? { message: 'You are not signed in.', advice: `Sign in with: ${PROGRAM} login` }
    : {
        message: 'This takes a key of the relay.',
        advice: `Set CCJK_RELAY_KEY; a key comes from: ${PROGRAM} keys create`,
      };

function explainConnection(error: ConnectionError): Explained {
  const refused = connectionCode(error.cause) === 'ECONNREFUSED';
  const at = /https?:\/\/\S+/.exec(error.message)?.[0] ?? 'the address of the service';
  return {
    message: refused ? `Nothing answers at ${at}.` : `${error.message}.`,
    advice: refused
      ? 'Is the service running? Start it with: npm start (and check --url or CCJK_URL if it runs elsewhere)'
      : '',
    exitCode: EXIT.unreachable,
  };
}

/** The message of an `ApiError` without code and request, and what is wrong with which field. */
const sentenceWithFaults = ({ message, code, status, requestId, details }: ApiError): string => {
  const sentence = message.replace(`${code} (${status}): `, '').replace(` [request ${requestId}]`, '');
  const faults = Array.isArray(details) ? details.map(faultOf).filter(Boolean).join('; ') : '';
  return [sentence, faults]
    .filter(Boolean)
    .map((part) => `${part}.`.replace(/\.\.$/, '.'))
    .join(' ');
};

const faultOf = (issue: { path?: unknown[]; message?: unknown }): string =>
  issue?.message ? `${(issue.path ?? []).slice(1).join('.')}: ${issue.message}` : '';
