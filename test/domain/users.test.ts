import { expect, test } from 'vitest';
import { login } from '../../server/domain/accounts.ts';
import { changePassword, deleteAccount } from '../../server/domain/users.ts';
import { openContext, PASSWORD } from '../setup/context.ts';

const NEW_PASSWORD = 'another horse, another staple';

test('wrong passwords are counted with those of the login and slowed down like them, also the right one after them', async () => {
  const { pauses, signUp, ctx } = await openContext();
  const { user, ctx: own } = await signUp();
  for (let n = 0; n < 5; n += 1) {
    await expect(login(ctx, { email: user.email, password: 'wrong' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    await expect(deleteAccount(own, 'wrong')).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  }
  const change = { oldPassword: 'wrong', newPassword: NEW_PASSWORD };
  await expect(changePassword(own, change)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  await changePassword(own, { ...change, oldPassword: PASSWORD });
  expect(pauses.filter((ms) => ms > 0)).toEqual([250, 500]);
});

test('a password that is replaced while the old one is checked is not replaced again', async () => {
  const { db, signUp, ctx } = await openContext();
  const { actor } = await signUp();
  const pause = async () => void (await db.updateTable('users').set({ password_hash: '-' }).execute());
  const racing = { ...ctx, actor, passwords: { ...ctx.passwords, pause } };
  const change = { oldPassword: PASSWORD, newPassword: NEW_PASSWORD };
  await expect(changePassword(racing, change)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  expect(await db.selectFrom('users').select('password_hash').execute()).toEqual([{ password_hash: '-' }]);
});
