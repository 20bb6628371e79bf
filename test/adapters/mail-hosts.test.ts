import { expect, test } from 'vitest';
import { addressesBy, type Lookup, openMailHosts } from '../../server/adapters/mail-hosts.ts';
import { zoneOf } from '../setup/dns.ts';

const PUBLIC = '142.250.27.108';

/** Where nothing inside is allowed. Names are looked up in `zone`; what is not there has no address. */
const outside = (zone: Record<string, string[]> = {}) =>
  openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: false }, async (name) => zone[name] ?? []);

const REFUSED = { code: 'MAIL_REJECTED', message: expect.stringContaining('private network') };

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.19.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:142.250.27.108',
  '::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '2001::1',
  '2002:7f00:1::',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
])('%s lies inside, as it is written and as the answer for a name', async (address) => {
  const hosts = outside({ 'mail.example.com': [address] });
  for (const host of [address, 'mail.example.com']) {
    expect(await hosts.leadsInside(host)).toBe(true);
    await expect(hosts.checkedAddress(host)).rejects.toMatchObject(REFUSED);
  }
});

test.each([
  'localhost',
  'LocalHost',
  'mail.localhost',
  'localhost.',
  '2130706433',
  '0x7f000001',
  '127.1',
  '0177.0.0.1',
  '0',
])('%s is this machine, whatever the DNS says', async (host) => {
  const hosts = openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: false }, async () => [PUBLIC]);
  expect(await hosts.leadsInside(host)).toBe(true);
  await expect(hosts.checkedAddress(host)).rejects.toMatchObject(REFUSED);
});

test.each([
  PUBLIC,
  '8.8.8.8',
  '172.32.0.1',
  '192.169.0.1',
  '2607:f8b0:4004:c07::6c',
  '2a00:1450:4010:c0f::6d',
])('%s is the open internet', async (address) => {
  const hosts = outside({ 'mail.example.com': [address] });
  expect(await hosts.leadsInside('mail.example.com')).toBe(false);
  expect(await hosts.checkedAddress('mail.example.com')).toBe(address);
  expect(await hosts.checkedAddress(address)).toBe(address);
});

test('one bad address among good ones is enough to refuse a name', async () => {
  const hosts = outside({ 'mail.example.com': [PUBLIC, '10.0.0.1'] });
  expect(await hosts.leadsInside('mail.example.com')).toBe(true);
  await expect(hosts.checkedAddress('mail.example.com')).rejects.toMatchObject(REFUSED);
});

test('a name is asked of the DNS lower-cased and in ASCII', async () => {
  const asked: string[] = [];
  const lookup: Lookup = async (name) => {
    asked.push(name);
    return [PUBLIC];
  };
  const hosts = openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: false }, lookup);
  await hosts.checkedAddress('Mail.Example.COM');
  await hosts.checkedAddress('bücher.example');
  expect(asked).toEqual(['mail.example.com', 'xn--bcher-kva.example']);
});

test.each([
  'nowhere.example.com',
  'two words',
  'mail.example.com:25',
  'user@10.0.0.1',
  '',
])('%j leads nowhere: not inside, and to no connection', async (host) => {
  const hosts = outside();
  expect(await hosts.leadsInside(host)).toBe(false);
  await expect(hosts.checkedAddress(host)).rejects.toMatchObject({
    code: 'MAIL_REJECTED',
    message: expect.stringContaining('has no address'),
  });
});

test('each question is asked anew: a name that led outside and now leads inside is refused', async () => {
  const answers = [[PUBLIC], ['127.0.0.1']];
  const hosts = openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: false }, async () => answers.shift() ?? []);
  expect(await hosts.checkedAddress('rebinding.example.com')).toBe(PUBLIC);
  await expect(hosts.checkedAddress('rebinding.example.com')).rejects.toMatchObject(REFUSED);
});

test('where it is allowed, a name may lead inside', async () => {
  const hosts = openMailHosts({ ALLOW_PRIVATE_MAIL_HOSTS: true }, async () => ['10.0.0.1']);
  expect(await hosts.leadsInside('mail.example.com')).toBe(false);
  expect(await hosts.checkedAddress('mail.example.com')).toBe('10.0.0.1');
  expect(await hosts.checkedAddress('localhost')).toBe('127.0.0.1');
});

test('a name has its addresses of both kinds; one that is not answered in time counts as none', async () => {
  const both = zoneOf({ 'a.example A': [PUBLIC], 'a.example AAAA': ['2a00::1'], 'b.example AAAA': ['2a00::2'] });
  expect(await addressesBy(both)('a.example')).toEqual([PUBLIC, '2a00::1']);
  expect(await addressesBy(both)('b.example')).toEqual(['2a00::2']);
  expect(await addressesBy(both)('c.example')).toEqual([]);
  const slow = addressesBy((name, type) => (type === 'A' ? both(name, type) : new Promise(() => {})), 20);
  expect(await slow('a.example')).toEqual([PUBLIC]);
});
