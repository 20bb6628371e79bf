/** A zone for tests: what is not in it does not exist. */
import type { Dns } from '../../server/adapters/dns.ts';

/** Records by `name TYPE`. An error is what the question ends with. */
export type Zone = Record<string, string[] | Error>;

export const zoneOf =
  (zone: Zone): Dns =>
  async (name, type) => {
    const found = zone[`${name.toLowerCase()} ${type}`];
    if (found instanceof Error) throw found;
    if (!found) throw Object.assign(new Error(`${name} ${type}`), { code: 'ENOTFOUND' });
    return type === 'TXT' ? found.map((text) => [text]) : found;
  };
