/**
 * Files that survive a power cut: written beside their place, synced, renamed into it, and the folder synced. A reader
 * sees the old text or the new one, never a part.
 */
import { chmod, type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What `fs` failed with, such as ENOENT. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** Makes a folder that only its owner can enter, or makes an old one so. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}

type Text = string | Uint8Array;

/**
 * When this returns, `text` is on the disk; it may be made from the file that it is to lie in. Only its owner can read it,
 * unless `mode` says otherwise.
 */
export async function writeDurably(
  path: string,
  text: Text | ((file: FileHandle) => Promise<Text>),
  mode = 0o600,
): Promise<void> {
  const draft = `${path}.tmp`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', mode);
  try {
    await file.writeFile(typeof text === 'function' ? await text(file) : text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** When this returns, the file is gone for good. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** The text of a file; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The `.json` files of a folder; those that cannot be read are left where they are and reported. */
export async function readEntries<T>(folder: string, onUnreadable: (path: string) => void): Promise<T[]> {
  const entries: T[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.json')) continue;
    const path = join(folder, name);
    try {
      entries.push(JSON.parse(await readFile(path, 'utf8')) as T);
    } catch {
      onUnreadable(path);
    }
  }
  return entries;
}

/** Makes new names in a folder durable. Windows has no such call, and its file system needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error; // some network file systems know no such thing
  } finally {
    await folder.close();
  }
}
