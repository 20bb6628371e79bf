import { expect, it } from 'vitest';
import { type Bringer, proveSender, SenderUnproven } from '../../server/adapters/sender-proof.ts';
import { type Zone, zoneOf } from '../setup/dns.ts';
import { compose, signed, signingZone } from '../setup/signed-mail.ts';

const ZONE = signingZone('example.com');
const FROM = 'Ann <ann@example.com>';

const isOurs = (address: string) => address.endsWith('@tasks.example.org');

const prove = (message: string, zone: Zone = ZONE, bringer?: Bringer) =>
  proveSender(Buffer.from(message), { isOurs, bringer }, zoneOf(zone));

const refusalOf = async (...call: Parameters<typeof prove>): Promise<SenderUnproven> => {
  const error = await prove(...call).then(String, (refusal: unknown) => refusal);
  if (error instanceof SenderUnproven) return error;
  throw new Error(`proven, or failed otherwise: ${error}`);
};

const sentBy = (address: string, returnPath = 'ann@example.com'): Bringer => ({
  address,
  helo: 'mail.example.com',
  returnPath,
});

const timedOut = Object.assign(new Error('queryTxt ETIMEOUT'), { code: 'ETIMEOUT' });

it('proves who signed for the domain in From', async () => {
  expect(await prove(await signed(compose({ from: FROM }), { domain: 'example.com' }))).toBe('ann@example.com');
});

it('proves whom the domain lets send its mail, where it is known who brought it', async () => {
  const zone = { ...ZONE, 'example.com TXT': ['v=spf1 ip4:192.0.2.7 -all'] };
  expect(await prove(compose({ from: FROM }), zone, sentBy('192.0.2.7'))).toBe('ann@example.com');
  expect((await refusalOf(compose({ from: FROM }), zone, sentBy('192.0.2.8'))).isFinal).toBe(true);
  expect((await refusalOf(compose({ from: FROM }), zone)).isFinal).toBe(true);
});

it('refuses what is signed by nobody, by another domain, or was changed', async () => {
  const mail = compose({ from: FROM });
  const other = { ...ZONE, ...signingZone('evil.example') };
  const mine = await signed(mail, { domain: 'example.com' });
  for (const message of [
    mail,
    await signed(mail, { domain: 'evil.example' }),
    mine.replace('uptime', 'reboot'),
    mine.replace('ann@example.com', 'bob@example.com'),
    mine.replace('[CCJK] run', '[CCJK:other] run'),
  ]) {
    expect((await refusalOf(message, other)).message).toBe(
      'It is not proven that this comes from example.com: no DKIM or SPF that DMARC accepts',
    );
  }
});

it('refuses a return path of another domain, however it is allowed there', async () => {
  const zone = { ...ZONE, 'evil.example TXT': ['v=spf1 ip4:192.0.2.7 -all'] };
  const refusal = await refusalOf(compose({ from: FROM }), zone, sentBy('192.0.2.7', 'a@evil.example'));
  expect(refusal.isFinal).toBe(true);
});

it('refuses a domain without a DMARC record, even when it signs', async () => {
  const { '_dmarc.example.com TXT': _, ...zone } = ZONE;
  const message = await signed(compose({ from: FROM }), { domain: 'example.com' });
  expect((await refusalOf(message, zone)).message).toBe(
    'example.com publishes no DMARC record, so nobody can prove to write from there',
  );
});

it('lets a domain sign for its subdomains, unless its record is strict', async () => {
  const message = await signed(compose({ from: 'ann@mail.example.com' }), { domain: 'example.com' });
  expect(await prove(message)).toBe('ann@mail.example.com');
  expect((await refusalOf(message, signingZone('example.com', '; adkim=s'))).isFinal).toBe(true);
  const own = await signed(compose({ from: FROM }), { domain: 'example.com' });
  expect(await prove(own, signingZone('example.com', '; adkim=s'))).toBe('ann@example.com');
});

it.each(['Subject', 'Message-ID'])('does not count a signature that leaves out %s', async (left) => {
  const headerList = ['From', 'To', 'Subject', 'Message-ID', 'Date'].filter((name) => name !== left).join(':');
  const message = await signed(compose({ from: FROM }), { domain: 'example.com', headerList });
  expect((await refusalOf(message)).isFinal).toBe(true);
});

it('does not count a signature over a mail that was written to others', async () => {
  const reason = 'Write the mail to the address that takes commands: no signed To or Cc names it';
  const signedOver = (headers: string, draft: object) =>
    signed(compose({ from: FROM, ...draft }), {
      domain: 'example.com',
      headerList: `From:Subject:Message-ID${headers}`,
    });
  const cc = ['Cc: Bob <bob@example.com>, "Tasks, all" <Run@TASKS.example.org>'];
  for (const message of [
    await signedOver(':To', { to: 'run@other.example' }),
    await signedOver(':To', { to: '"run@tasks.example.org" <run@other.example>' }),
    await signedOver('', {}),
    await signedOver(':To', { to: 'run@other.example', headers: cc }),
    (await signedOver(':To', { to: 'x@y.example' })).replace('To: x@y.example\r\n', ''),
  ]) {
    const refusal = await refusalOf(message);
    expect(refusal.isFinal).toBe(true);
    expect([reason, 'It is not proven that this comes from example.com: no DKIM or SPF that DMARC accepts']).toContain(
      refusal.message,
    );
  }
  expect((await refusalOf(await signedOver(':To', { to: 'run@other.example' }))).message).toBe(reason);
  expect(await prove(await signedOver(':Cc', { to: 'run@other.example', headers: cc }))).toBe('ann@example.com');
  const twice = `To: run@tasks.example.org\r\n${await signedOver(':To', { to: 'run@other.example' })}`;
  expect((await refusalOf(twice)).message).toBe('The header to is there more than once');
});

it('takes a mail that was written to others from whom the domain lets send its mail', async () => {
  const zone = { ...ZONE, 'example.com TXT': ['v=spf1 ip4:192.0.2.7 -all'] };
  const message = compose({ from: FROM, to: 'run@other.example' });
  expect(await prove(message, zone, sentBy('192.0.2.7'))).toBe('ann@example.com');
});

it('does not count a signature over a part of the body', async () => {
  const message = await signed(compose({ from: FROM }), { domain: 'example.com', maxBodyLength: 4 });
  expect(message).toMatch(/l=4/);
  expect((await refusalOf(message)).isFinal).toBe(true);
});

it('does not count a signature with SHA-1', async () => {
  const message = await signed(compose({ from: FROM }), { domain: 'example.com', algorithm: 'rsa-sha1' });
  expect(message).toMatch(/a=rsa-sha1/);
  expect((await refusalOf(message)).isFinal).toBe(true);
});

it.each([
  'From: bob@example.com',
  'Subject: [CCJK] other',
  'Message-ID: <other@example.com>',
  'from : b@example.com',
])('refuses a second header: %s', async (line) => {
  const message = await signed(compose({ from: FROM }), { domain: 'example.com' });
  expect((await refusalOf(`${line}\r\n${message}`)).message).toMatch(/there more than once/);
});

it('refuses a From of two addresses, of none, and of no domain', async () => {
  for (const from of ['ann@example.com, bob@example.com', 'nobody', '<ann@>', '']) {
    expect((await refusalOf(await signed(compose({ from }), { domain: 'example.com' }))).isFinal).toBe(true);
  }
  expect((await refusalOf('no header at all')).isFinal).toBe(true);
  expect((await refusalOf('')).isFinal).toBe(true);
});

it('refuses more signatures than anybody needs, before it asks about them', async () => {
  const line = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=test; h=from; bh=AAAA; b=AAAA\r\n';
  expect((await refusalOf(line.repeat(11) + compose({ from: FROM }))).message).toBe('There are too many signatures');
});

it('refuses a header that is longer than any, before it reads it', async () => {
  const mail = compose({ from: FROM, headers: [`X-Long: ${'\r\n a'.repeat(20_000)}`] });
  expect((await refusalOf(mail)).message).toBe('A header may have 65536 bytes');
});

it('does not decide while the DNS does not answer', async () => {
  const message = await signed(compose({ from: FROM }), { domain: 'example.com' });
  const withoutKey = { ...ZONE, 'test._domainkey.example.com TXT': timedOut };
  const withoutPolicy = { ...ZONE, '_dmarc.example.com TXT': timedOut };
  for (const zone of [withoutKey, withoutPolicy]) expect((await refusalOf(message, zone)).isFinal).toBe(false);
});
