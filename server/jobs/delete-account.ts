import { deleteClosedAccount } from '../domain/users.ts';
import type { DeclaredJob } from './registry.ts';

/** Deletes the rows of a closed account. */
export const deleteAccountJob: DeclaredJob<{ userId: string }> = {
  retries: 20,
  backoffSeconds: 5,
  maxBackoffSeconds: 3600,
  expirySeconds: 1800,
  atOnce: 1,
  handle: (ctx, { userId }) => deleteClosedAccount(ctx, userId),
};
