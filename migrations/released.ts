/** Which migrations have been released, and how they were: `npm run generate -- --release` writes them to released.json. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The SHA-256 of each migration, by name, in their order. */
export function hashesOfMigrations(): Record<string, string> {
  const files = readdirSync(import.meta.dirname).filter((file) => /^Migration\d+\.ts$/.test(file));
  return Object.fromEntries(
    files.toSorted().map((file) => {
      const text = readFileSync(new URL(file, import.meta.url), 'utf8');
      return [file.replace('.ts', ''), createHash('sha256').update(text).digest('hex')];
    }),
  );
}
