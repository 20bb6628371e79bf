/**
 * Presence — when each device was last heard of. Sightings are kept in memory and written every 500 ms in one statement,
 * which costs an eighteenth of a statement each. What a crash loses is half a second of presence. Whether a device counts
 * as online is written at once, elsewhere.
 */
import { isIP } from 'node:net';
import { sql } from 'kysely';
import type { Service } from '../context.ts';
import type { Presence } from '../ports.ts';

const FLUSH_EVERY_MS = 500;
/** Per statement, far within its time limit; more are waiting only after an outage. */
const MAX_DEVICES = 5_000;

type Sighting = Parameters<Presence['seen']>[1];

/** The later time; what either knows, the later first. */
const joined = (one: Sighting, other: Sighting): Sighting => {
  const [later, earlier] = one.at > other.at ? [one, other] : [other, one];
  return {
    at: later.at,
    systemInfo: later.systemInfo ?? earlier.systemInfo,
    ipAddress: later.ipAddress ?? earlier.ipAddress,
    hasSocket: Boolean(later.hasSocket || earlier.hasSocket),
  };
};

/** PostgreSQL knows no zones, and one address that it refuses would hold up everyone's sightings. */
const storableAddress = (ipAddress: string | undefined): string | null => {
  const [address = ''] = ipAddress?.split('%', 1) ?? [];
  return isIP(address) ? address : null;
};

/** SQLSTATE class 22: the data, not the database, is at fault. */
const isDataFault = (error: unknown): boolean => String((error as { code?: unknown }).code ?? '').startsWith('22');

export function openPresence({ db, log }: Pick<Service, 'db' | 'log'>): Presence & {
  /** Writes what has been seen until now; rejects when it could not, and keeps it. */
  flush(): Promise<void>;
  close(): Promise<void>;
} {
  let sightings = new Map<string, Sighting>();
  let flushing: Promise<void> | undefined;
  let fails = false;

  let timer: NodeJS.Timeout | undefined;

  const note = (deviceId: string, sighting: Sighting) => {
    const known = sightings.get(deviceId);
    sightings.set(deviceId, known ? joined(known, sighting) : sighting);
    // Only while there is something to write: a timer that goes on for ever costs an idle process more than its work.
    timer ??= setTimeout(flushInTime, FLUSH_EVERY_MS);
  };

  const writeAll = async () => {
    const entries = [...sightings];
    sightings = new Map();
    while (entries.length > 0) {
      const batch = entries.slice(0, MAX_DEVICES);
      try {
        await write(db, batch);
      } catch (error) {
        if (!isDataFault(error)) {
          for (const [deviceId, sighting] of entries) note(deviceId, sighting);
          throw error;
        }
        log.error({ err: error }, 'what devices said of themselves cannot be stored; only their times are');
        for (const [deviceId, { at, hasSocket }] of batch) note(deviceId, { at, hasSocket: Boolean(hasSocket) });
      }
      entries.splice(0, batch.length);
    }
  };

  const flush = async (): Promise<void> => {
    await flushing?.catch(() => {});
    flushing ??= writeAll().finally(() => {
      flushing = undefined;
    });
    await flushing;
  };

  const flushInTime = async (): Promise<void> => {
    timer = undefined;
    try {
      await flush();
      if (fails) log.info('presence is written again');
      fails = false;
    } catch (error) {
      if (!fails) log.warn({ err: error }, 'presence cannot be written for now');
      fails = true;
    }
  };

  return {
    seen: note,
    flush,
    async close() {
      await flush().catch((error) => log.warn({ err: error }, 'the last presence could not be written'));
      clearTimeout(timer);
    },
  };
}

/** Rows are locked in the order of their ids, so that two processes that saw the same devices do not lock each other out. */
async function write(db: Service['db'], batch: readonly (readonly [string, Sighting])[]): Promise<void> {
  const ids = batch.map(([deviceId]) => deviceId);
  const times = batch.map(([, { at }]) => at.toISOString());
  const infos = batch.map(([, { systemInfo }]) => (systemInfo ? JSON.stringify(systemInfo) : null));
  const sockets = batch.map(([, { hasSocket }]) => Boolean(hasSocket));
  const addresses = batch.map(([, { ipAddress }]) => storableAddress(ipAddress));
  await sql`
    update devices set
      last_heartbeat = greatest(last_heartbeat, seen.at),
      system_info = coalesce(seen.info::jsonb, system_info),
      ip_address = coalesce(seen.address::inet, ip_address),
      last_socket = case when seen.has_socket then greatest(last_socket, seen.at) else last_socket end
    from (
      select news.* from unnest(
        ${ids}::uuid[], ${times}::timestamptz[], ${infos}::text[], ${addresses}::text[], ${sockets}::boolean[]
      ) as news (id, at, info, address, has_socket)
      join devices on devices.id = news.id
      order by news.id
      for no key update of devices
    ) seen
    where devices.id = seen.id`.execute(db);
}
