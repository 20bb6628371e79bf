/**
 * Backups that need no program but this one: every row of the service and of its job queue, in one snapshot, as text.
 *
 *   the file   gzip of lines of JSON: a header, then for each table its name and columns and its rows, then the sequences,
 *              and at the end the checksum of each table. Without its end it is no backup.
 *   a row      its values as PostgreSQL writes them (or null), so that nothing is lost on the way through another language
 *   restored   in one transaction, into a database that this version has just migrated and nobody has used; the rows must
 *              have the checksums of the backup, or nothing is changed
 *
 * pg_dump does the same and more where it is installed; the embedded PostgreSQL comes without it. Objects (log files) lie
 * in DATA_DIR or a bucket, and are copied by the means of those.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import pg from 'pg';
import { migrate } from '../db/migrate.ts';
import { MIGRATIONS } from '../db/orm.ts';
import { VERSION } from '../version.ts';
import { AdministrationFailed } from './place.ts';

const FORMAT = 'ccjk-cloud backup 1';
const SCHEMAS = ['public', 'pgboss'];
const FETCH_ROWS = 500;
/** Of one insert: a row of output may have MiBs. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ROWS = 1_000;

type Table = { table: string; columns: { name: string; type: string }[] };
type Checksums = Record<string, string>;
type Header = { format: string; version: string; made_at: string; migrations: string[] };
type Sequence = { sequence: string; value: string | null };
type End = { end: Checksums; rows: number };
type Line = Table | Sequence | End | (string | null)[];

export type Done = { tables: number; rows: number; bytes: number };

const migrations = MIGRATIONS.map(({ name }) => name);

/** Writes `file`, whole or not at all. */
export async function backUp(databaseUrl: string, file: string): Promise<Done> {
  const draft = `${file}.unfinished`;
  let end: End | undefined;
  try {
    await connected(databaseUrl, async (client) => {
      await client.query('begin isolation level repeatable read, read only');
      const lines = async function* () {
        for await (const line of linesOf(client)) {
          if (isObject(line) && 'end' in line) end = line;
          yield `${asLine(line)}\n`;
        }
      };
      await pipeline(lines, createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }));
    });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const { end: checksums, rows } = end as End;
  return { tables: Object.keys(checksums).length, rows, bytes: (await stat(file)).size };
}

/** Readers of lines take these two for ends of lines; within JSON they may be escaped. */
const asLine = (line: Header | Line): string =>
  JSON.stringify(line).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

async function* linesOf(client: pg.Client): AsyncGenerator<Header | Line> {
  yield { format: FORMAT, version: VERSION, made_at: new Date().toISOString(), migrations };
  const tables = await readTables(client);
  let rows = 0;
  for (const table of tables) {
    yield table;
    for await (const row of rowsOf(client, table)) {
      rows += 1;
      yield row;
    }
  }
  yield* await readSequences(client);
  yield { end: await readChecksums(client, tables), rows };
}

/**
 * `andThen` is done in the transaction of the restore, once everything is back.
 * @throws AdministrationFailed when the database is in use, or the file is no whole backup of this version
 */
export async function restore(
  databaseUrl: string,
  file: string,
  andThen: (client: pg.Client) => Promise<unknown> = async () => {},
): Promise<Done> {
  await migrate(databaseUrl);
  const { size: bytes } = await stat(file);
  return connected(databaseUrl, async (client) => {
    await client.query('begin');
    const tables = await readTables(client);
    await client.query(`lock table ${tables.map(({ table }) => table).join()} in access exclusive mode`);
    const { rows: users } = await client.query('select from users limit 1');
    if (users.length > 0) {
      throw new AdministrationFailed(
        'The database has accounts already. Restore into an empty one, and nothing is lost.',
      );
    }
    const constraints = await dropForeignKeys(client);
    await client.query(`truncate ${tables.map(({ table }) => table).join()}`);
    const { end, rows } = await load(client, file, new Set(tables.map(({ table }) => table)));
    requireEqual(end, await readChecksums(client, tables));
    for (const { relation, name, definition } of constraints) {
      await client.query(`alter table ${relation} add constraint ${name} ${definition}`);
    }
    await andThen(client);
    await client.query('commit');
    return { tables: tables.length, rows, bytes };
  });
}

/** In SQL, as all is here: there is no service on a database that is being restored. */
export const auditRestore = (client: pg.Client): Promise<unknown> =>
  client.query(`insert into audit_logs (actor, action, created_at) values ('admin', 'backup.restored', now())`);

async function load(client: pg.Client, file: string, known: ReadonlySet<string>): Promise<End> {
  let table: Table | undefined;
  let batch: string[] = [];
  let bytes = 0;
  const flush = async () => {
    if (table && batch.length > 0) await insert(client, table, batch);
    batch = [];
    bytes = 0;
  };
  let isFirst = true;
  for await (const written of readLines(file)) {
    if (isFirst) {
      requireSameVersion(written);
      isFirst = false;
      continue;
    }
    if (written.startsWith('[')) {
      batch.push(written);
      bytes += written.length;
      if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await flush();
      continue;
    }
    await flush();
    const line = parsed(written) as Exclude<Line, unknown[]>;
    if ('end' in line) return line;
    if ('sequence' in line) {
      if (line.value !== null) await client.query('select setval($1, $2)', [line.sequence, line.value]);
      continue;
    }
    if (!known.has(line.table))
      throw new AdministrationFailed(`The backup has a table that this version does not know: ${line.table}`);
    table = line;
  }
  throw new AdministrationFailed('The backup ends in the middle; it is not whole.');
}

async function* readLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file);
  const unzipped = createGunzip();
  input.on('error', (error) => unzipped.destroy(error));
  try {
    yield* createInterface({ input: input.pipe(unzipped), crlfDelay: Number.POSITIVE_INFINITY });
    if (unzipped.errored) throw unzipped.errored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    throw new AdministrationFailed(`The backup cannot be read: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
}

function requireSameVersion(line: string): void {
  const header = parsed(line) as Partial<Header>;
  if (header.format !== FORMAT) throw new AdministrationFailed('This file is no backup of CCJK Cloud.');
  if (JSON.stringify(header.migrations) === JSON.stringify(migrations)) return;
  throw new AdministrationFailed(
    `The backup was made by version ${header.version}, whose tables are others. Restore it with that version, then start this one.`,
  );
}

function requireEqual(expected: Checksums, found: Checksums): void {
  const differing = Object.keys({ ...expected, ...found }).filter((table) => expected[table] !== found[table]);
  if (differing.length === 0) return;
  throw new AdministrationFailed(`Nothing was restored: the checksums differ in ${differing.join(', ')}.`);
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    throw new AdministrationFailed('This file is no backup of CCJK Cloud.');
  }
};

const isObject = (line: object): line is Exclude<Header | Line, unknown[]> => !Array.isArray(line);

// ---- What the database says of itself -------------------------------------------------------------------------------

/** Those that hold rows: of a partitioned one its parts. The migrations are those of this version. */
async function readTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select format('%I.%I', n.nspname, c.relname) as "table",
            json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod))
                     order by a.attname collate "C") as columns
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relkind = 'r' and n.nspname = any($1) and c.relname <> 'migrations'
      group by 1 order by 1`,
    [SCHEMAS],
  );
  return rows;
}

const asText = ({ columns }: Table): string =>
  `json_build_array(${columns.map(({ name }) => `${name}::text`).join()})::text`;

async function* rowsOf(client: pg.Client, table: Table): AsyncGenerator<(string | null)[]> {
  await client.query(`declare rows no scroll cursor for select ${asText(table)} as row from ${table.table}`);
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${FETCH_ROWS} from rows`);
    for (const { row } of rows) yield JSON.parse(row);
    if (rows.length < FETCH_ROWS) break;
  }
  await client.query('close rows');
}

async function insert(client: pg.Client, { table, columns }: Table, rows: readonly string[]): Promise<void> {
  const names = columns.map(({ name }) => name).join();
  const values = columns.map(({ type }, at) => `(line ->> ${at})::${type}`).join();
  await client.query(
    `insert into ${table} (${names}) overriding system value select ${values} from unnest($1::json[]) line`,
    [rows],
  );
}

async function readSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(
    `select format('%I.%I', schemaname, sequencename) as sequence, last_value::text as value
       from pg_sequences where schemaname = any($1) order by 1`,
    [SCHEMAS],
  );
  return rows;
}

/** Rows and what they hold, whatever their order. */
async function readChecksums(client: pg.Client, tables: readonly Table[]): Promise<Checksums> {
  const checksums: Checksums = {};
  for (const table of tables) {
    const { rows } = await client.query<{ sum: string }>(
      `select count(*) || ':' || coalesce(md5(string_agg(row, '' order by row)), '') as sum
         from (select md5(${asText(table)}) as row from ${table.table}) all_rows`,
    );
    checksums[table.table] = rows[0]?.sum ?? '';
  }
  return checksums;
}

type ForeignKey = { relation: string; name: string; definition: string };

/** Rows then come in any order. Their definitions bring them back, and check every row. */
async function dropForeignKeys(client: pg.Client): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `select conrelid::regclass::text as relation, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
       from pg_constraint
      where contype = 'f' and conparentid = 0 and connamespace = any($1::regnamespace[])`,
    [SCHEMAS],
  );
  for (const { relation, name } of rows) await client.query(`alter table ${relation} drop constraint ${name}`);
  return rows;
}

/** Values are written in one way, whatever the server or the user prefer. What is not committed is undone. */
async function connected<Result>(databaseUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(
      "set datestyle = 'ISO'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set bytea_output = 'hex'; set extra_float_digits = 1",
    );
    return await work(client);
  } finally {
    await client.end();
  }
}
