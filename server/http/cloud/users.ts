import type { users } from '../../../contracts/cloud/users.ts';
import { changePassword, deleteAccount, updateProfile } from '../../domain/users.ts';
import type { Handlers } from '../contract.ts';
import { presentUser } from './auth.ts';

export const userHandlers: Handlers<typeof users> = {
  update: async (ctx, { body }) => {
    const user = await updateProfile(ctx, {
      displayName: body.display_name,
      avatarUrl: body.avatar_url,
      notifyByEmail: body.notify_by_email,
    });
    return { status: 200, data: { user: presentUser(user) } };
  },

  changePassword: async (ctx, { body }) => {
    const passwords = { oldPassword: body.old_password, newPassword: body.new_password };
    return { status: 200, data: { sessions_ended: await changePassword(ctx, passwords) } };
  },

  remove: async (ctx, { body }) => {
    await deleteAccount(ctx, body.password);
    return { status: 200, data: { deleted: true } };
  },
};
