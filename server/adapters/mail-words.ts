/**
 * What mail servers say — people and logs get to read it, so it goes on without the password that the server was told: one
 * that repeats what it hears, for debugging or to do harm, shows it to nobody.
 */
import { rewriteTexts } from './error-texts.ts';

export type Login = { username: string; password: string };

const HIDDEN = '***';

/** `words` with no form of the password in which we send it. */
export const withoutPassword = (words: string, login: Login | undefined): string =>
  formsOf(login).reduce((text, form) => text.replaceAll(form, HIDDEN), words);

/** The same error, of which no text is with it, nor any of the errors that it brings along. */
export const hushed = <Failure extends Error>(error: Failure, login: Login | undefined): Failure =>
  rewriteTexts(error, (text) => withoutPassword(text, login));

/** By AUTH PLAIN, AUTH LOGIN, in quotes, and as it is: the longest first, since one may hold another. */
function formsOf(login: Login | undefined): string[] {
  if (!login?.password) return [];
  const { username, password } = login;
  const inBase64 = (text: string) => Buffer.from(text).toString('base64');
  return [
    inBase64(`\0${username}\0${password}`),
    inBase64(password),
    password.replaceAll(/["\\]/g, '\\$&'),
    password,
  ].sort((one, other) => other.length - one.length);
}
