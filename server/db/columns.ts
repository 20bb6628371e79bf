/** The columns of a table as this release knows them, for hot statements that read whole rows: those with `*` are not prepared. */
import type { EntitySchema } from '@mikro-orm/core';
import { type RawBuilder, sql } from 'kysely';

export const columnsOf = ({ meta }: Pick<EntitySchema, 'meta'>): RawBuilder<unknown> =>
  sql.raw(
    Object.entries(meta.properties as Record<string, { kind?: string }>)
      .map(([name, { kind }]) => `"${inSnakeCase(name)}${kind === 'm:1' ? '_id' : ''}"`)
      .join(', '),
  );

const inSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
