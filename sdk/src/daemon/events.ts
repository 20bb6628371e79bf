/** What a daemon tells of its work. */
import type { DeviceConfig } from '../generated/types.ts';

export type DaemonEvent =
  /** The service has answered; `held` tasks were taken over from the daemon before. */
  | { type: 'ready'; held: number }
  | {
      type: 'started';
      task_id: string;
      attempt: number;
      command: string;
      pid: number | null;
      /** Of the request that created the task; it is in the log of the service too. */
      request_id: string | null;
    }
  /** A command that an earlier daemon started still runs, and is looked after again. */
  | { type: 'adopted'; task_id: string; attempt: number; command: string; pid: number; request_id: string | null }
  /** SIGTERM was sent, or is about to be. */
  | { type: 'stopping'; task_id: string; message: string }
  | {
      type: 'finished';
      task_id: string;
      attempt: number;
      status: 'completed' | 'failed' | 'cancelled' | 'timeout';
      exit_code: number | null;
      message: string | null;
      duration_ms: number;
    }
  /** It was ours and is not any more; nothing ran. */
  | { type: 'dropped'; task_id: string; message: string }
  /** The service has the result, or has said that it wants none. */
  | { type: 'reported'; task_id: string; outcome: 'recorded' | 'unwanted' }
  | { type: 'config'; config: DeviceConfig }
  /** The configuration of the machine has changed and is backed up. */
  | { type: 'config-backup'; backup_id: string }
  /** A backup is in place, and the service knows it. */
  | { type: 'config-restore'; backup_id: string; config_name: string }
  /** A closed file of the daemon's own log is at the service. */
  | { type: 'log-upload'; log_id: string }
  /** Told once, however long it lasts. */
  | { type: 'outage'; message: string }
  | { type: 'restored' }
  /** Something that the daemon got around, and that somebody should look at. */
  | { type: 'problem'; message: string; task_id?: string }
  /** The daemon has ended; `running` commands go on, and the next daemon takes them over. */
  | { type: 'stopped'; running: number };

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
