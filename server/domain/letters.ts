/**
 * Letters — what the service writes to people, as text and as HTML with the same words.
 *
 * Every Message-ID of ours begins with `ccjk.`, and every subject with words of ours and never with `[CCJK]`: so the
 * intake knows our own mail when it comes back, and no loop begins.
 */
import type { Ctx } from '../context.ts';
import type { Letter } from '../ports.ts';

/** A sentence or more; or what is to be copied as it stands. */
export type Paragraph = string | { verbatim: string };

/** In characters. Longer ones are cut by mail programs too. */
const MAX_SUBJECT = 200;

const OURS = /^<?ccjk\.[0-9a-f-]{36}@/i;

/** Letters that are sent again have the same. */
export const messageIdOf = (id: string, host: string): string => `<ccjk.${id}@${host}>`;

export const isOurMessageId = (messageId: string): boolean => OURS.test(messageId.trim());

/** What it says, before it is addressed. */
export type Words = { subject: string; paragraphs: readonly Paragraph[] };

type Draft = Words & Pick<Letter, 'id' | 'to' | 'inReplyTo'>;

export const writeLetter = ({ subject, paragraphs, ...address }: Draft): Letter => ({
  ...address,
  subject: [...oneLine(subject)].slice(0, MAX_SUBJECT).join(''),
  text: `${paragraphs.map(asText).join('\n\n')}\n`,
  html: `<!doctype html>\n<html><body>\n${paragraphs.map(asHtml).join('\n')}\n</body></html>\n`,
});

/** How clients reach the service, without a slash at the end. */
export const baseUrlOf = ({ config }: Ctx): string =>
  (config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/+$/, '');

/** Without what ends a line, or a header with it. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

const asText = (paragraph: Paragraph): string =>
  typeof paragraph === 'string' ? paragraph : paragraph.verbatim.replace(/^/gm, '    ');

const asHtml = (paragraph: Paragraph): string =>
  typeof paragraph === 'string'
    ? `<p>${escaped(paragraph).replaceAll('\n', '<br>\n')}</p>`
    : `<pre>${escaped(paragraph.verbatim)}</pre>`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
