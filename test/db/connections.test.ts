import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../server/db/orm.ts';
import { cloneDatabase } from '../setup/database.ts';

async function openWith(query: string) {
  const { url, drop } = await cloneDatabase();
  const database = await openDatabase(`${url}${url.includes('?') ? '&' : '?'}${query}`);
  onTestFinished(async () => {
    await database.close();
    await drop();
  });
  return database.db;
}

it('a database that has to speak TLS and does not is never spoken to', async () => {
  const db = await openWith('sslmode=require');
  await expect(sql`select 1`.execute(db)).rejects.toThrow('The server does not support SSL connections');
});

it('options of the URL reach the server', async () => {
  const db = await openWith(`options=${encodeURIComponent('-c work_mem=7MB')}`);
  expect((await sql`show work_mem`.execute(db)).rows).toEqual([{ work_mem: '7MB' }]);
});
