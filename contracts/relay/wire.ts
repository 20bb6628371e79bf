/** What all endpoints of `/api` share: the shorter envelope, its failures, and the names of channels and messages. */
import { z } from 'zod';
import { codeOnTheWire, type FailureCode } from '../failures.ts';
import { access, type CredentialKind, failureCodes, failuresIn, queryNumber, type RelayRate, text } from '../wire.ts';

// ---- Envelope -------------------------------------------------------------------------------------------------------

/** The envelope of an answer that succeeded. */
export const ok = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });

/** With a sentence for people. */
export const okWithMessage = <Data extends z.ZodType>(data: Data) =>
  z.object({ success: z.literal(true), message: z.string(), data });

/** The envelope of an answer that failed with one of `codes`. */
export const relayFailure = (codes: readonly FailureCode[]) => {
  const onTheWire = [...new Set(codes.map(codeOnTheWire))] as [string, ...string[]];
  return z
    .object({
      success: z.literal(false),
      error: z.object({
        code: z.enum(onTheWire),
        message: z.string().meta({ description: 'One sentence that says what to do' }),
        details: z.unknown().optional().meta({ description: 'VALIDATION_ERROR: a list of {path, message, code}' }),
      }),
    })
    .register(failureCodes, { codes });
};

export const relayFailures = failuresIn(relayFailure);

// ---- Values ---------------------------------------------------------------------------------------------------------

/** Checked by the service, so that a wrong one has its own code, `INVALID_CHANNEL_FORMAT`. */
export const ChannelId = z.string().meta({
  description: 'The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and -',
  examples: ['my-channel'],
});

export const ChannelType = z.enum(['public', 'encrypted', 'private', 'temporary']);

const MAX_LIFETIME_SECONDS = 30 * 86_400;

export const Lifetime = z.int().min(1).max(MAX_LIFETIME_SECONDS);

/** Its size is the service's to judge, so that too much of it has its own code, `METADATA_TOO_LARGE`. */
export const Name = text(255);

export const Pagination = z
  .object({ total: z.int(), limit: z.int(), offset: z.int(), hasMore: z.boolean() })
  .meta({ id: 'RelayPagination' });

/** `limit` and `offset` of a list. */
export const page = { limit: queryNumber(1, 100).default(50), offset: queryNumber(0, 1_000_000_000).default(0) };

// ---- Who may call ---------------------------------------------------------------------------------------------------

/** Anyone, or a relay key with the permission. */
export const open = (permission: 'read' | 'write', rate: RelayRate, more: Partial<Parameters<typeof access>[0]> = {}) =>
  access({ auth: ['relayKey'], isOpen: true, permission, rate, ...more });

/** Whoever may manage keys: the operator, a user for their own, a relay key with the permission. */
export const KEEPERS: readonly CredentialKind[] = ['relayKey', 'user', 'admin'];
