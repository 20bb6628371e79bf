/** Words as a POSIX shell reads them. */

const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word, quoted where it must be. */
export const quoteWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The line that a shell splits into just these words. */
export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');
