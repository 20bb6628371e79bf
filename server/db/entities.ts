import { ApiKey } from './api-key.ts';
import { AuditLog } from './audit-log.ts';
import { Channel } from './channel.ts';
import { ConfigBackup } from './config-backup.ts';
import { ConfigRestore } from './config-restore.ts';
import { Device } from './device.ts';
import { DeviceLog } from './device-log.ts';
import { EmailConfig } from './email-config.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { KeyRevocation } from './key-revocation.ts';
import { MailToken } from './mail-token.ts';
import { Message } from './message.ts';
import { Pause } from './pause.ts';
import { PublicKey } from './public-key.ts';
import { RateCounter } from './rate-counter.ts';
import { ReceivedMail } from './received-mail.ts';
import { RelayFloor } from './relay-floor.ts';
import { RelayMessage } from './relay-message.ts';
import { Session } from './session.ts';
import { SocketTicket } from './socket-ticket.ts';
import { SpentRefreshToken } from './spent-refresh-token.ts';
import { Statistic } from './statistic.ts';
import { Task } from './task.ts';
import { TaskAttempt } from './task-attempt.ts';
import { TaskEvent } from './task-event.ts';
import { TaskOutput } from './task-output.ts';
import { User } from './user.ts';
import { VerifiedAddress } from './verified-address.ts';

/** Every table, in one list: MikroORM discovers nothing by itself. */
export const entities = [
  ApiKey,
  AuditLog,
  Channel,
  ConfigBackup,
  ConfigRestore,
  Device,
  DeviceLog,
  EmailConfig,
  IdempotencyKey,
  KeyRevocation,
  MailToken,
  Message,
  Pause,
  PublicKey,
  RateCounter,
  ReceivedMail,
  RelayFloor,
  RelayMessage,
  Session,
  SocketTicket,
  SpentRefreshToken,
  Statistic,
  Task,
  TaskAttempt,
  TaskEvent,
  TaskOutput,
  User,
  VerifiedAddress,
] as const;
