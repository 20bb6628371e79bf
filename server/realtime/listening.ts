/**
 * The connection on which a process hears PostgreSQL's notifications: its own, since a pool would lend it to others. It
 * comes back by itself for as long as the process lives. What was told meanwhile is lost, so it says when it is back.
 */
import pg from 'pg';
import type { Service } from '../context.ts';

const CONNECT_TIMEOUT_MS = 3_000;
/** A connection that a network has swallowed says nothing; asking is the only way to find out. */
const CHECK_EVERY_MS = 10_000;
const CHECK_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

type Options = {
  databaseUrl: string;
  channel: string;
  log: Service['log'];
  onNotification: (payload: string) => void;
  /** The connection stands again after it was lost. */
  onReturn: () => void;
};

export type Listening = {
  /** Whether PostgreSQL answers on this connection now, within 5 s. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
};

/** Resolves after the first attempt, whatever came of it: the next ones follow by themselves. */
export async function keepListening(options: Options): Promise<Listening> {
  const { databaseUrl, channel, log, onNotification, onReturn } = options;
  let current: pg.Client | undefined;
  let closed = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let check: NodeJS.Timeout | undefined;

  const lose = (client: pg.Client, error: unknown) => {
    if (current !== client) return;
    current = undefined;
    clearInterval(check);
    void client.end().catch(() => {});
    if (closed) return;
    if (failures === 0) log.warn({ err: error }, 'notifications of other processes are not heard for now');
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
    failures += 1;
    retry = setTimeout(() => void connect(), delayMs * (0.75 + Math.random() / 2));
  };

  const connect = async (): Promise<void> => {
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CHECK_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'ccjk-cloud-listen',
    });
    current = client;
    client.on('error', (error) => lose(client, error));
    client.on('end', () => lose(client, new Error('The connection has ended')));
    client.on('notification', ({ payload }) => {
      if (payload !== undefined && current === client) onNotification(payload);
    });
    try {
      await client.connect();
      await client.query(`listen "${channel}"`);
    } catch (error) {
      lose(client, error);
      return;
    }
    if (current !== client) return;
    check = setInterval(() => void client.query('select 1').catch((error) => lose(client, error)), CHECK_EVERY_MS);
    if (failures > 0) {
      failures = 0;
      log.info('notifications of other processes are heard again');
      onReturn();
    }
  };

  await connect();
  return {
    async answers() {
      if (!current) return false;
      return current.query('select 1').then(
        () => true,
        () => false,
      );
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      clearInterval(check);
      const client = current;
      current = undefined;
      await client?.end().catch(() => {});
    },
  };
}
