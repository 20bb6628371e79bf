import { sendReset, sendVerification } from '../domain/account-recovery.ts';
import { sendAddressCode } from '../domain/email-addresses.ts';
import { mailResult } from '../domain/email-results.ts';
import { mailMessages } from '../domain/messages.ts';
import type { MailOrder } from '../ports.ts';
import type { DeclaredJob } from './registry.ts';

/** Sends one mail. A server that is away or says «later» is asked again, for about three hours. */
export const sendMailJob: DeclaredJob<MailOrder> = {
  retries: 12,
  backoffSeconds: 5,
  maxBackoffSeconds: 3600,
  expirySeconds: 300,
  atOnce: 5,
  handle: (ctx, order) => {
    switch (order.about) {
      case 'verification':
        return sendVerification(ctx, order.userId);
      case 'reset':
        return sendReset(ctx, order.email);
      case 'messages':
        return mailMessages(ctx, order.messageIds);
      case 'address':
        return sendAddressCode(ctx, order.userId, order.address);
      case 'result':
        return mailResult(ctx, order.taskId);
    }
  },
};
