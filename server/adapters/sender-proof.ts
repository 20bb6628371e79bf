/**
 * Who wrote a message, proven as DMARC (RFC 7489) has it: by a signature of the domain in From (DKIM), or by the address
 * that brought it, which that domain lets send its mail (SPF).
 *
 * A command runs by it, so this asks for more than the delivery of mail does:
 *   - the domain publishes a DMARC record; `adkim=s` and `aspf=s` are kept to the letter;
 *   - a signature counts when it is over the whole body (no `l=`) and over From, Subject and Message-ID, and with SHA-256:
 *     nobody can give a message of old another end, or make a new one of it;
 *   - it counts when it is over a To or Cc that names us, too: else a command that was written to another service, which
 *     kept it, could be brought here as well. Who let a message be brought here by SPF meant it for us;
 *   - headers that count are there once, and From names one address.
 * Of mail that lies in a mailbox nobody knows who brought it, since anybody can write a Received header: there signatures
 * decide alone.
 */
import { domainToASCII } from 'node:url';
import { type DKIMResult, dkimVerify, dmarc, spf } from 'mailauth';
import { addressParser } from 'postal-mime';
import { type Dns, withDeadline } from './dns.ts';

/** For all that one message makes us ask. */
const DNS_MS = 20_000;
/** In bytes. Lists and gateways make about ten thousand; the readers of headers are slow with what is very much longer. */
export const MAX_HEADER = 64 * 1024;
/** Each one costs a question and a verification. */
const MAX_SIGNATURES = 10;

const RECIPIENTS = ['to', 'cc'];
const ONCE = ['from', ...RECIPIENTS, 'subject', 'message-id', 'in-reply-to', 'auto-submitted', 'content-type'];
const SIGNED = ['from', 'subject', 'message-id'];
const ALGORITHMS = ['rsa-sha256', 'ed25519-sha256'];

/** What an SMTP client said of itself; `address` is its IP address, `returnPath` what it gave as MAIL FROM. */
export type Bringer = { address: string; helo: string; returnPath: string };

/** Not proven. `isFinal` false: the DNS did not answer, and may later. The message is for the sender. */
export class SenderUnproven extends Error {
  override name = 'SenderUnproven';
  readonly isFinal: boolean;

  constructor(message: string, { isFinal = true } = {}) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** Where a message has come to: whether an address, in lower case, is one of those that it may be written to. */
export type Here = { isOurs: (address: string) => boolean; bringer: Bringer | undefined };

/**
 * The address in From, which has been proven to be the sender's.
 * @throws SenderUnproven
 */
export async function proveSender(raw: Buffer, { isOurs, bringer }: Here, dns: Dns): Promise<string> {
  const { header, body } = split(raw);
  if (header.length > MAX_HEADER) throw new SenderUnproven(`A header may have ${MAX_HEADER} bytes`);
  demandOnce(header);
  const resolver = withDeadline(dns, DNS_MS);
  const [{ headerFrom, results }, bySpf] = await Promise.all([
    dkimVerify(Buffer.concat([wholeSignatures(header), body]), { resolver }) as Promise<Verified>,
    bringer && spf({ sender: bringer.returnPath, ip: bringer.address, helo: bringer.helo, resolver }),
  ]);
  const [from = ''] = headerFrom;
  const domain = asciiDomain(from);
  if (headerFrom.length !== 1 || !domain) throw new SenderUnproven('From must name one address');

  const sound = results.filter(isSound);
  const toUs = RECIPIENTS.filter((name) => recipientsIn(header, name).some(isOurs));
  const signers = sound
    .filter((signature) => toUs.some((name) => signs(signature, name)))
    .map(({ signingDomain }) => signingDomain.toLowerCase());
  const senders = bySpf?.status.result === 'pass' ? [bySpf.domain.toLowerCase()] : [];
  const verdict = await dmarc({
    headerFrom: from,
    dkimDomains: signers.map((signer) => ({ domain: signer })),
    spfDomains: senders,
    resolver,
  });
  if (verdict && verdict.status.result === 'pass') {
    const { dkim, spf: sent } = verdict.alignment;
    // mailauth lets a subdomain through even where the record is strict.
    const agrees = ({ result, strict }: Alignment, domains: string[]) =>
      Boolean(result) && (!strict || domains.some((each) => each === domain));
    if (agrees(dkim, signers) || agrees(sent, senders)) return from;
  }
  const checks = [...results, ...(bySpf ? [bySpf] : [])];
  throw unproven(domain, verdict ? verdict.status.result : 'none', checks, sound.length > signers.length);
}

type Verified = { headerFrom: string[]; results: Signature[] };
type Signature = DKIMResult & { algo?: string; signingHeaders?: { headers: string[] } };
type Alignment = { result: string | false; strict: boolean };

function unproven(
  domain: string,
  verdict: string,
  checks: { status: { result: string } }[],
  isForOthers: boolean,
): SenderUnproven {
  const isUnclear = verdict.startsWith('temp') || checks.some(({ status }) => status.result.startsWith('temp'));
  if (verdict === 'none')
    return new SenderUnproven(`${domain} publishes no DMARC record, so nobody can prove to write from there`);
  if (isUnclear)
    return new SenderUnproven(`The DNS of ${domain} did not answer, so the sender is not known yet`, {
      isFinal: false,
    });
  if (isForOthers)
    return new SenderUnproven('Write the mail to the address that takes commands: no signed To or Cc names it');
  return new SenderUnproven(`It is not proven that this comes from ${domain}: no DKIM or SPF that DMARC accepts`);
}

const isSound = (signature: Signature): boolean =>
  signature.status.result === 'pass' &&
  ALGORITHMS.includes(signature.algo?.toLowerCase() ?? '') &&
  SIGNED.every((name) => signs(signature, name));

const signs = ({ signingHeaders }: Signature, name: string): boolean =>
  signingHeaders?.headers.some((line) => nameOf(line) === name) ?? false;

/** The addresses in a header that is there once, or not at all. */
const recipientsIn = (header: string, name: string): string[] => {
  const field = fieldsOf(header).find((each) => nameOf(each) === name) ?? '';
  return addressParser(field.slice(field.indexOf(':') + 1), { flatten: true }).map(({ address }) =>
    (address ?? '').toLowerCase(),
  );
};

const asciiDomain = (address: string): string =>
  domainToASCII(address.slice(address.lastIndexOf('@') + 1).toLowerCase());

/** The header up to its last line end, and the rest, which begins with the empty line. */
function split(raw: Buffer): { header: string; body: Buffer } {
  const text = raw.toString('latin1');
  const end = /\r?\n(?=\r?\n)/.exec(text);
  const at = end ? end.index + end[0].length : raw.length;
  return { header: text.slice(0, at), body: raw.subarray(at) };
}

/** Header fields as they stand, with the lines that continue them. */
const fieldsOf = (header: string): string[] => header.match(/[^\n]*\n(?:[ \t][^\n]*(?:\n|$))*|[^\n]+$/g) ?? [];

const nameOf = (field: string): string =>
  field
    .slice(0, Math.max(0, field.indexOf(':')))
    .trim()
    .toLowerCase();

function demandOnce(header: string): void {
  const names = fieldsOf(header).map(nameOf);
  const count = (name: string) => names.filter((each) => each === name).length;
  const twice = ONCE.find((name) => count(name) > 1);
  if (twice) throw new SenderUnproven(`The header ${twice} is there more than once`);
  if (count('dkim-signature') > MAX_SIGNATURES) throw new SenderUnproven('There are too many signatures');
}

/** Without the signatures over a part of the body, behind which anybody could have written more. */
const wholeSignatures = (header: string): Buffer =>
  Buffer.from(
    fieldsOf(header)
      .filter((field) => nameOf(field) !== 'dkim-signature' || !/[:;]\s*l\s*=/.test(field))
      .join(''),
    'latin1',
  );
