/** Mail as a domain that signs sends it, and the zone that proves it. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { dkimSign } from 'mailauth';
import type { Zone } from './dns.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const SELECTOR = 'test';

/** That of a domain whose mail is signed by `signed`. `dmarc` adds to the record. */
export const signingZone = (domain: string, dmarc = ''): Zone => ({
  [`_dmarc.${domain} TXT`]: [`v=DMARC1; p=reject${dmarc}`],
  [`${SELECTOR}._domainkey.${domain} TXT`]: [`v=DKIM1; k=rsa; p=${KEY}`],
});

export type Draft = {
  from: string;
  to?: string;
  subject?: string;
  text?: string;
  messageId?: string;
  /** More header lines, each whole. */
  headers?: string[];
};

export const compose = ({
  from,
  to = 'run@tasks.example.org',
  subject = '[CCJK] run',
  text = 'uptime',
  messageId = `<${randomUUID()}@mail.example>`,
  headers = [],
}: Draft): string =>
  [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
    'Date: Sat, 21 Nov 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    ...headers,
    '',
    text.replaceAll('\n', '\r\n'),
    '',
  ].join('\r\n');

type SignOptions = { domain: string; headerList?: string; maxBodyLength?: number; algorithm?: string };

/** The message under a signature of `domain`. */
export async function signed(message: string, { domain, headerList, ...options }: SignOptions): Promise<string> {
  const { signatures } = await dkimSign(message, {
    canonicalization: 'relaxed/relaxed',
    headerList,
    signatureData: [
      {
        signingDomain: domain,
        selector: SELECTOR,
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        ...options,
      },
    ],
    // The types demand at the top what is read from signatureData alone.
  } as unknown as Parameters<typeof dkimSign>[1]);
  return signatures + message;
}
