/**
 * Mail hosts — where the mail servers are that users name, and whether we may go there.
 *
 * Whoever names a server would have us connect to it, from inside our network: so no name may lead to this machine, a
 * private network, or the data that clouds give their machines. A name can lead elsewhere a moment later; therefore each
 * connection asks anew and goes to the very address that was checked.
 *
 * Names are asked of the DNS alone, as they are written: neither the hosts file nor a search domain leads inside, and a
 * server of names that stalls holds up no thread.
 */
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Config } from '../config.ts';
import { Failed } from '../failed.ts';
import type { MailHosts } from '../ports.ts';
import { type Dns, withDeadline } from './dns.ts';

/** All addresses of a name; none when it has none, or nobody answers for it. */
export type Lookup = (name: string) => Promise<readonly string[]>;

type MailHostsConfig = Pick<Config, 'ALLOW_PRIVATE_MAIL_HOSTS'>;

export function openMailHosts(
  { ALLOW_PRIVATE_MAIL_HOSTS: isInsideAllowed }: MailHostsConfig,
  lookup: Lookup,
): MailHosts {
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    const name = canonical(host);
    if (name === '') return [];
    if (isIP(name)) return [name];
    // These need no DNS, and no other answer counts (RFC 6761, 6.3).
    return /(^|\.)localhost\.?$/.test(name) ? LOOPBACKS : lookup(name);
  };
  const isRefused = (addresses: readonly string[]): boolean => !isInsideAllowed && addresses.some(isInside);

  return {
    leadsInside: async (host) => isRefused(await addressesOf(host)),
    async checkedAddress(host) {
      const addresses = await addressesOf(host);
      const [address] = addresses;
      if (address === undefined) throw new Failed('MAIL_REJECTED', { message: `${host} has no address in the DNS` });
      if (isRefused(addresses))
        throw new Failed('MAIL_REJECTED', { message: `${host} leads to this machine or a private network` });
      return address;
    },
  };
}

const LOOPBACKS = ['127.0.0.1', '::1'];

/** As the URL standard reads it: lower-cased, and numbers such as 2130706433 or 0x7f.1 as the address that they are. */
const canonical = (host: string): string => (isIP(host) ? host : domainToASCII(host));

/** An answer that takes longer counts as none. */
const DNS_PATIENCE_MS = 2_000;

export const addressesBy =
  (dns: Dns, patienceMs = DNS_PATIENCE_MS): Lookup =>
  async (name) => {
    const ask = withDeadline(dns, patienceMs);
    const answers = await Promise.allSettled([ask(name, 'A'), ask(name, 'AAAA')]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value as string[]) : []));
  };

/** Not of the whole internet. Sources: the special-purpose registries of IANA; the wire server of Azure (168.63.129.16). */
const IPV4_INSIDE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** What the internet uses so far. IPv4 in other clothes (mapped, NAT64) lies outside of it. */
const IPV6_GLOBAL = '2000::/3';
/** Within it: Teredo and other protocols, documentation, 6to4. */
const IPV6_INSIDE = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const networks = (family: 'ipv4' | 'ipv6', written: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of written) {
    const [address, bits] = network.split('/') as [string, string];
    list.addSubnet(address, Number(bits), family);
  }
  return list;
};

const ipv4Inside = networks('ipv4', IPV4_INSIDE);
const ipv6Global = networks('ipv6', [IPV6_GLOBAL]);
const ipv6Inside = networks('ipv6', IPV6_INSIDE);

/** Whether it is none of the open internet. */
const isInside = (address: string): boolean =>
  isIP(address) === 4
    ? ipv4Inside.check(address, 'ipv4')
    : !ipv6Global.check(address, 'ipv6') || ipv6Inside.check(address, 'ipv6');
