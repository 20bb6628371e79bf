/** What the daemon does besides its tasks, against the real service: configuration restored and backed up, its log sent. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type DaemonEvent, type DaemonOptions, type Restore, runDaemon } from '../../sdk/src/daemon/index.ts';
import { openApp, type TestApp } from '../setup/app.ts';

const PATIENCE = { timeout: 15_000, interval: 20 };
const BEFORE = { theme: 'light' };
const SAVED = { theme: 'dark', nested: { list: [1, 'ü', null] } };
const written = (data: object) => `${JSON.stringify(data, null, 2)}\n`;

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
  return app.close;
});

/** A machine with a configuration file, whose daemon may be started and die. */
async function openMachine() {
  const user = await app.makeUser();
  const device = await app.makeDevice(user);
  const folder = mkdtempSync(join(tmpdir(), 'ccjk-chores-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const stateDir = join(folder, 'state');
  const configFile = join(folder, 'settings.json');
  const start = (options: Partial<DaemonOptions> = { configFile }) => {
    const events: DaemonEvent[] = [];
    const daemon = runDaemon({
      baseUrl: app.url,
      deviceKey: device.key,
      stateDir,
      onEvent: (event) => events.push(event),
      ...options,
    });
    onTestFinished(() => daemon.stop());
    const told = <Type extends DaemonEvent['type']>(type: Type) =>
      vi.waitFor(() => {
        const event = events.find((one) => one.type === type);
        if (!event) throw new Error(`No ${type} among ${JSON.stringify(events)}`);
        return event as Extract<DaemonEvent, { type: Type }>;
      }, PATIENCE);
    return { ...daemon, events, told };
  };
  /** A daemon that dies at this point. */
  const dieAt = async (point: string) => {
    const faults = (reached: string) => {
      if (reached === point) throw new Error(`died: ${point}`);
    };
    const daemon = start({ configFile, faults });
    expect((await daemon.told('problem')).message).toBe(`died: ${point}`);
    await daemon.stop();
  };
  const order = async (config_data: Record<string, unknown> = SAVED): Promise<string> => {
    const { id } = await user.client.config.backup({ device_id: device.id, config_name: 'settings', config_data });
    await user.client.config.restore(id);
    return id;
  };
  const waits = async () => (await device.client.daemon.syncConfig()).restore !== null;
  const backups = async () => (await user.client.config.listBackups()).items.filter(({ is_auto }) => is_auto);
  /** The daemon made its last backup this long ago. */
  const ageBackup = (ms: number) => {
    const path = join(stateDir, 'config-backup.json');
    const last = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...last, at: Date.now() - ms }));
  };
  const logs = join(stateDir, 'logs');
  /** Has a daemon do each chore once: the log comes last. */
  const oneRound = async () => {
    writeFileSync(join(logs, `${yesterday()}.log`), LINE);
    const daemon = start();
    await daemon.told('log-upload');
    await daemon.stop();
  };
  return { user, device, folder, stateDir, logs, configFile, start, oneRound, dieAt, order, waits, backups, ageBackup };
}

const HOUR = 3_600_000;
const LINE = '{"type":"ready","held":0}\n';
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const today = () => dayOf(Date.now());
const yesterday = () => dayOf(Date.now() - 24 * HOUR);
const textOf = (path: string): string => readFileSync(path, 'utf8');

describe('a restore', () => {
  test('is written, confirmed, and what was there before is kept beside it, with its mode', async () => {
    const { start, order, waits, configFile } = await openMachine();
    writeFileSync(configFile, written(BEFORE), { mode: 0o640 });
    const backup_id = await order();
    const daemon = start();
    expect(await daemon.told('config-restore')).toMatchObject({ backup_id, config_name: 'settings' });
    expect(textOf(configFile)).toBe(written(SAVED));
    expect(textOf(`${configFile}.before-restore`)).toBe(written(BEFORE));
    for (const path of [configFile, `${configFile}.before-restore`]) expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(await waits()).toBe(false);
  });

  test('reaches a daemon at work with its next heartbeat', async () => {
    const { start, order, user, device, configFile } = await openMachine();
    await user.client.devices.updateConfig(device.id, { heartbeat_interval: 5 });
    const daemon = start();
    await daemon.told('ready');
    await order();
    await daemon.told('config-restore');
    expect(textOf(configFile)).toBe(written(SAVED));
  });

  test('goes through a link, and makes a file that is missing with its folders', async () => {
    const { start, order, folder, configFile } = await openMachine();
    const real = join(folder, 'real.json');
    writeFileSync(real, written(BEFORE));
    symlinkSync(real, configFile);
    await order();
    const first = start();
    await first.told('config-restore');
    await first.stop();
    expect(textOf(real)).toBe(written(SAVED));
    const elsewhere = join(folder, 'new', 'deep', 'settings.json');
    await order();
    await start({ configFile: elsewhere }).told('config-restore');
    expect(textOf(elsewhere)).toBe(written(SAVED));
    expect(statSync(elsewhere).mode & 0o777).toBe(0o600);
  });

  test.each(['former kept', 'restored'])('survives a death at «%s»: the next daemon ends it', async (point) => {
    const { start, dieAt, order, waits, configFile } = await openMachine();
    writeFileSync(configFile, written(BEFORE));
    await order();
    await dieAt(point);
    expect(await waits()).toBe(true);
    await start().told('config-restore');
    expect(textOf(configFile)).toBe(written(SAVED));
    expect(textOf(`${configFile}.before-restore`)).toBe(written(BEFORE));
    expect(await waits()).toBe(false);
  });

  test('waits, and it is said, while the daemon has no place for it', async () => {
    const { start, order, waits } = await openMachine();
    await order();
    expect((await start({}).told('problem')).message).toMatch(/"settings" is to be restored.*--config-file/);
    expect(await waits()).toBe(true);
  });

  test('may be the work of a handler; it is confirmed when that has ended well', async () => {
    const { start, order, waits, configFile } = await openMachine();
    const backup_id = await order();
    const failing = start({
      onRestore: () => {
        throw new Error('not now');
      },
    });
    expect((await failing.told('problem')).message).toBe('not now');
    await failing.stop();
    expect(await waits()).toBe(true);
    const given: Restore[] = [];
    await start({ configFile, onRestore: (restore) => void given.push(restore) }).told('config-restore');
    expect(given).toEqual([{ backup_id, config_name: 'settings', config_data: SAVED }]);
    expect(existsSync(configFile)).toBe(false);
  });
});

describe('a backup by the daemon itself', () => {
  test('is made when the file has changed, and never twice of the same', async () => {
    const { start, oneRound, backups, ageBackup, configFile, user } = await openMachine();
    writeFileSync(configFile, written(BEFORE));
    const first = start();
    const { backup_id } = await first.told('config-backup');
    expect(await backups()).toMatchObject([{ id: backup_id, config_name: 'settings.json', is_auto: true }]);
    expect(await user.client.config.getBackup(backup_id)).toMatchObject({ config_data: BEFORE });
    await first.stop();

    ageBackup(HOUR);
    writeFileSync(configFile, written(SAVED));
    const second = start();
    await second.told('config-backup');
    await second.stop();
    ageBackup(HOUR);
    await oneRound();
    expect(await backups()).toHaveLength(2);
  });

  test('comes at most once an hour', async () => {
    const { start, oneRound, backups, ageBackup, configFile } = await openMachine();
    writeFileSync(configFile, written(BEFORE));
    const first = start();
    await first.told('config-backup');
    await first.stop();
    ageBackup(HOUR - 60_000);
    writeFileSync(configFile, written(SAVED));
    await oneRound();
    expect(await backups()).toHaveLength(1);
    ageBackup(HOUR);
    await start().told('config-backup');
    expect(await backups()).toHaveLength(2);
  });

  test('is one, also when the daemon dies before it has noted that', async () => {
    const { start, dieAt, backups, configFile } = await openMachine();
    writeFileSync(configFile, written(BEFORE));
    await dieAt('backed up');
    await start().told('config-backup');
    expect(await backups()).toHaveLength(1);
  });

  test('of another file with the same content is another one', async () => {
    const { start, dieAt, backups, configFile } = await openMachine();
    writeFileSync(configFile, written(BEFORE));
    await dieAt('backed up');
    const other = `${configFile}.other`;
    writeFileSync(other, written(BEFORE));
    await start({ configFile: other }).told('config-backup');
    expect((await backups()).map(({ config_name }) => config_name).sort()).toEqual([
      'settings.json',
      'settings.json.other',
    ]);
  });

  test('is not made of what has just been restored', async () => {
    const { start, oneRound, order, backups, ageBackup, configFile } = await openMachine();
    await order();
    const first = start();
    await first.told('config-restore');
    await first.stop();
    ageBackup(HOUR);
    await oneRound();
    expect(textOf(configFile)).toBe(written(SAVED));
    expect(await backups()).toEqual([]);
  });

  test.each([
    ['is no JSON', '{"theme": '],
    ['is no object', '[1]'],
  ])('is not made of a file that %s; it is said', async (_, text) => {
    const { start, configFile } = await openMachine();
    writeFileSync(configFile, text);
    expect((await start().told('problem')).message).toContain('settings.json is no JSON object');
  });

  test('that has no room is tried again after an hour, and it is said', async () => {
    const { start, backups, ageBackup, configFile, user } = await openMachine();
    const allow = (bytes: number) =>
      app.service.db.updateTable('users').set({ storage_quota: bytes }).where('id', '=', user.id).execute();
    writeFileSync(configFile, written(BEFORE));
    await allow(3);
    const first = start();
    expect((await first.told('problem')).message).toMatch(/is not backed up.*STORAGE_QUOTA_EXCEEDED/);
    await first.stop();
    await allow(1000);
    ageBackup(HOUR);
    await start().told('config-backup');
    expect(await backups()).toHaveLength(1);
  });
});

describe("the daemon's own log", () => {
  const LONG_AGO = '2020-01-20';

  test('of a day that is over is sent as gzip, and goes', async () => {
    const { start, logs, user } = await openMachine();
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, `${yesterday()}.log`), LINE.repeat(1000));
    const { log_id } = await start().told('log-upload');
    const { text, ...log } = await user.client.logs.get(log_id);
    expect(log).toMatchObject({ type: 'daemon', date: yesterday(), compressed: true, text_size: LINE.length * 1000 });
    expect(log.size).toBeLessThan(1000);
    expect(text).toBe(LINE.repeat(1000));
    await vi.waitFor(() => expect(readdirSync(logs)).toEqual([`${today()}.log`]), PATIENCE);
  });

  test('of today is closed when it is full; what tells of it comes into the next file', async () => {
    const { start, logs, user } = await openMachine();
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, `${today()}.log`), LINE.repeat(400_000));
    const { log_id } = await start().told('log-upload');
    expect((await user.client.logs.get(log_id, { tail: 1 })).text).toContain('"ready"');
    expect(textOf(join(logs, `${today()}.log`))).toContain('"log-upload"');
  });

  test('that could not be packed or sent is sent by the next daemon', async () => {
    const { start, logs, user } = await openMachine();
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, `${yesterday()}.log`), LINE);
    writeFileSync(join(logs, `${yesterday()}.log.gz.tmp`), 'half a file');
    const fetchWithoutLogs: typeof fetch = (url, init) =>
      String(url).endsWith('/daemon/logs') ? Promise.reject(new TypeError('cut')) : fetch(url, init);
    const first = start({ fetch: fetchWithoutLogs });
    await first.told('outage');
    await first.stop();
    expect(readdirSync(logs)).toContain(`${yesterday()}.log.gz`);
    await start().told('log-upload');
    expect((await user.client.logs.list()).items).toHaveLength(1);
  });

  test('stays here while the device is not to send it, and goes after a week', async () => {
    const { start, logs, user, device, order } = await openMachine();
    await user.client.devices.updateConfig(device.id, { log_upload_enabled: false });
    mkdirSync(logs, { recursive: true });
    for (const day of [LONG_AGO, yesterday()]) writeFileSync(join(logs, `${day}.log`), LINE);
    await order();
    const daemon = start();
    await daemon.told('config-restore');
    await vi.waitFor(() => expect(readdirSync(logs)).not.toContain(`${LONG_AGO}.log`), PATIENCE);
    expect(readdirSync(logs)).toContain(`${yesterday()}.log`);
    expect((await user.client.logs.list()).items).toEqual([]);
  });

  test('holds what the daemon told, and no key', async () => {
    const { start, logs, device } = await openMachine();
    const daemon = start();
    await daemon.told('ready');
    await daemon.stop();
    const lines = textOf(join(logs, `${today()}.log`))
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(daemon.events.map(({ type }) => type));
    expect(lines.join('')).not.toContain(device.key);
    expect(statSync(join(logs, `${today()}.log`)).mode & 0o777).toBe(0o600);
  });
});
