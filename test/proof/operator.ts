/** Who runs the service: what only they do, and what a user has from their own mailbox. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { asOperator } from '../../server/admin/place.ts';
import { readSettings } from '../../server/config.ts';
import { disableAccount } from '../../server/domain/administration.ts';
import { withClient } from '../setup/cluster.ts';

export type Operator = {
  block(userId: string): Promise<void>;
  /** The token of the letter with which they set a new password: it is in the database as a hash alone. */
  resetToken(userId: string): Promise<string>;
};

export const operatorOf = (databaseUrl: string): Operator => ({
  async block(userId) {
    // They sign nothing: any secret does.
    const JWT_SECRET = randomBytes(32).toString('hex');
    const config = {
      ...readSettings({ DATABASE_URL: databaseUrl, JWT_SECRET }, []),
      DATABASE_URL: databaseUrl,
      JWT_SECRET,
    };
    if (!(await asOperator(config, (ctx) => disableAccount(ctx, userId))))
      throw new Error('The account was blocked before');
  },
  async resetToken(userId) {
    const token = `mt_${randomBytes(24).toString('base64url')}`;
    const hash = createHash('sha256').update(token).digest('hex');
    await withClient(databaseUrl, (client) =>
      client.query(
        `insert into mail_tokens (id, user_id, purpose, hash, expires_at)
         values ($1, $2, 'reset', $3, now() + interval '1 hour')`,
        [randomUUID(), userId, hash],
      ),
    );
    return token;
  },
});
