import { z } from 'zod';
import { access, c, failures, Id, ok, openJson, PageQuery, page, Time, text } from '../wire.ts';

const summary = {
  id: Id,
  device_id: Id.nullable().meta({ description: 'Null when the device has been deleted' }),
  config_name: z.string(),
  size: z.int().meta({ description: 'Bytes of the data as JSON; they count against your storage' }),
  is_auto: z.boolean().meta({ description: 'Made by the device itself' }),
  created_at: Time,
};

export const ConfigBackup = z.object(summary).meta({ id: 'ConfigBackup' });

const WholeBackup = z.object({ ...summary, config_data: openJson() }).meta({ id: 'ConfigBackupWithData' });

export const backupContent = {
  config_name: text(100, 1),
  config_data: openJson().meta({ description: 'Any JSON object; kept whole' }),
};

const BackupPath = z.object({ backup_id: Id });

const reads = access({ auth: ['user', 'apiKey'], scope: 'config:read' });
const writes = access({ auth: ['user', 'apiKey'], scope: 'config:write' });

/** Backups of the configuration of a device. */
export const config = c.router(
  {
    backup: {
      method: 'POST',
      path: '/config/backup',
      summary: 'Back up a configuration',
      description: 'Keeps the configuration of a device until you delete it. It counts against your storage.',
      body: z.object({ device_id: Id, ...backupContent }).meta({
        id: 'NewConfigBackup',
        examples: [
          {
            device_id: '6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11',
            config_name: 'claude-code-config',
            config_data: { theme: 'dark' },
          },
        ],
      }),
      responses: { 201: ok(ConfigBackup), ...failures('DEVICE_NOT_FOUND', 'STORAGE_QUOTA_EXCEEDED') },
      metadata: { ...writes, idempotent: true },
    },
    listBackups: {
      method: 'GET',
      path: '/config/backups',
      summary: 'List your backups',
      description: 'The newest first, without their data.',
      query: PageQuery.extend({ device_id: Id.optional() }),
      responses: { 200: ok(page('backups', ConfigBackup)) },
      metadata: reads,
    },
    getBackup: {
      method: 'GET',
      path: '/config/backups/:backup_id',
      summary: 'Read a backup',
      description: 'One backup with its data.',
      pathParams: BackupPath,
      responses: { 200: ok(WholeBackup), ...failures('BACKUP_NOT_FOUND') },
      metadata: reads,
    },
    restore: {
      method: 'POST',
      path: '/config/restore/:backup_id',
      summary: 'Restore a backup',
      description:
        'Answers the backup and leaves it for its device, which finds it in each sync of its settings until it has confirmed it. A later restore takes its place.',
      pathParams: BackupPath,
      query: z.object({ device_id: Id.optional().meta({ description: 'Restore it to another device of yours' }) }),
      body: c.noBody(),
      responses: { 200: ok(WholeBackup), ...failures('BACKUP_NOT_FOUND', 'DEVICE_NOT_FOUND') },
      metadata: writes,
    },
    removeBackup: {
      method: 'DELETE',
      path: '/config/backups/:backup_id',
      summary: 'Delete a backup',
      description: 'Its storage is free again. A device that was to restore it and has not yet will not.',
      pathParams: BackupPath,
      body: c.noBody(),
      responses: { 200: ok(z.object({ backup_id: Id, deleted: z.literal(true) })), ...failures('BACKUP_NOT_FOUND') },
      metadata: writes,
    },
  },
  { pathPrefix: '/v1' },
);
