/** A real SMTP server for one test. */
import type { SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { type Place, startSmtp } from './smtp-server.ts';

/** A refusal in the words of SMTP. */
export const smtpError = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

/** Takes everything that `behaviour` does not refuse. Closed when the test has finished. */
export async function openSmtp(behaviour: SMTPServerOptions = {}, place: Place = {}) {
  const server = await startSmtp(behaviour, place);
  onTestFinished(server.close);
  return server;
}
