/** Objects as files: `<root>/<key>`. They appear by a rename, which is whole or did not happen, and which is on the disk when it counts. */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ObjectStore } from './objects.ts';

export const openFileStore = (root: string): ObjectStore => {
  const fileOf = (key: string) => path.join(root, key);
  return {
    async put(key, file) {
      const target = fileOf(key);
      const directory = path.dirname(target);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await rename(file, target);
      await syncDirectory(directory);
    },

    async read(key, range) {
      const file = fileOf(key);
      const found = await stat(file).catch(unlessMissing);
      if (!found) return undefined;
      if (!range) return createReadStream(file);
      return range.end > range.start
        ? createReadStream(file, { start: range.start, end: range.end - 1 })
        : Readable.from([]);
    },

    async remove(key) {
      await rm(fileOf(key), { force: true });
    },

    close: () => {},
  };
};

const unlessMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/** Without it the new name can be lost with the power. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
