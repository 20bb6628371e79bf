/** For the MikroORM command line, which writes migrations: `DATABASE_URL=… npm run migration`. */
import { defineConfig } from '@mikro-orm/postgresql';
import { ormOptions } from './server/db/orm.ts';

export default defineConfig(ormOptions(process.env.DATABASE_URL ?? 'postgres://localhost:5432/ccjk'));
