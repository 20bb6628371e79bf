/**
 * The configuration: the only reader of the environment. Every fault is reported at once, before anything starts.
 * `npm run generate` writes the table in README.md from the descriptions here.
 */
import { z } from 'zod';

const SECRET_MIN = 32;

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

const DURATION = /^(\d{1,6})(s|m|h|d)?$/;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `15m`, `30d`, `3600s`, `12h`, or plain seconds. */
const duration = z
  .string()
  .regex(DURATION, 'must be a number with s, m, h or d, such as 15m')
  .transform((value) => {
    const [, amount, unit] = DURATION.exec(value) as unknown as [string, string, keyof typeof SECONDS | undefined];
    return Number(amount) * SECONDS[unit ?? 's'];
  });

const list = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

/** `name=value,name=value`, with values as in a URL. Source: OpenTelemetry, OTLP exporter configuration. */
const pairs = z
  .string()
  .default('')
  .refine((value) => value === '' || value.split(',').every((pair) => /^[\w-]+=[^\p{Cc}]*$/u.test(pair.trim())), {
    message: 'must be name=value, separated by commas',
  })
  .transform((value) =>
    Object.fromEntries(
      value
        .split(',')
        .filter(Boolean)
        .map((pair) => pair.trim())
        .map((pair) => [pair.slice(0, pair.indexOf('=')), decoded(pair.slice(pair.indexOf('=') + 1))]),
    ),
  );

/** What is no encoding stands for itself. */
const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};

const ADDRESS = /^[^\s<>@]+@[^\s<>@]+$/;
const SENDER = /^([^<>\p{Cc}]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/u;

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

const secret = z.string().min(SECRET_MIN, `must have at least ${SECRET_MIN} characters`);

/** What an operator or a scheduler types. */
const operatorSecret = z.string().min(16, 'must have at least 16 characters');

/** Environment variable → schema; the description is its line in the README. */
export const settings = {
  HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  PORT: whole(0, 65_535).default(3000).describe('Port to listen on; 0: any free one'),
  STOP_DELAY: whole(0, 60)
    .default(0)
    .describe('Seconds to go on serving, no longer ready, once told to stop: until balancers have noticed'),
  PUBLIC_URL: z.url().optional().describe('How clients reach the service, where that is not http://HOST:PORT'),
  DATA_DIR: z
    .string()
    .min(1)
    .default('.data')
    .describe('Where the embedded PostgreSQL, files and generated secrets lie'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional()
    .describe(
      'A PostgreSQL ≥ 15, with `?sslmode=require` by TLS alone; without it an embedded one runs under DATA_DIR',
    ),
  DATABASE_POOL: whole(2, 500).default(20).describe('Connections to the database at most'),
  JWT_SECRET: secret
    .optional()
    .describe('Signs access tokens, at least 32 characters; generated with the embedded database'),
  JWT_SECRET_PREVIOUS: secret.optional().describe('The secret before, while tokens signed with it are still about'),
  JWT_EXPIRES_IN: duration.prefault('15m').describe('Life of an access token'),
  REFRESH_TOKEN_EXPIRES_IN: duration.prefault('30d').describe('Life of a session'),
  DEFAULT_PLAN: z.enum(['free', 'pro', 'enterprise']).default('free').describe('Plan of a new account'),
  S3_ENDPOINT: z.url().optional().describe("Where the S3 server is, where it is not Amazon's"),
  S3_BUCKET: z.string().optional().describe('Log files lie in this bucket; without it, in files under DATA_DIR'),
  AWS_S3_BUCKET: z.string().optional().describe('Another name of S3_BUCKET'),
  S3_REGION: z.string().default('us-east-1').describe('Region of the bucket'),
  S3_ACCESS_KEY: z.string().optional().describe('Opens the bucket; without it, what the machine has of its own'),
  S3_SECRET_KEY: z.string().optional().describe('The secret to S3_ACCESS_KEY'),
  ENABLE_LOG_UPLOAD: flag.prefault('true').describe('Whether devices may send their logs'),
  RATE_LIMIT_TTL: whole(1, 3600).default(60).describe('Seconds of the window in which requests are counted'),
  RATE_LIMIT_MAX: whole(1, 1e9).default(100).describe('Requests of a signed-in user per window'),
  RATE_LIMIT_ANONYMOUS_MAX: whole(1, 1e9).default(100).describe('Requests without a credential per address and window'),
  RATE_LIMIT_DAEMON_MAX: whole(1, 1e9).default(1000).describe('Requests of a device per window'),
  RATE_LIMIT_SOCKET_MAX: whole(1, 1e9).default(100).describe('Frames of a WebSocket per window'),
  RATE_LIMIT_WEBHOOK_MAX: whole(1, 1e9).default(10).describe('Mails that a gateway may post per address and window'),
  ENABLE_WEBSOCKET: flag.prefault('true').describe('Whether /v1/ws is open'),
  SMTP_HOST: z
    .string()
    .optional()
    .describe('Server that takes our mail; without it mail is written to DATA_DIR/outbox'),
  SMTP_PORT: whole(1, 65_535).default(587).describe('Its port'),
  SMTP_SECURE: flag
    .optional()
    .describe('TLS from the first byte; by default on port 465. Else STARTTLS, demanded where SMTP_USER is set'),
  SMTP_USER: z.string().optional().describe('Account at that server; without it nobody logs in'),
  SMTP_PASS: z.string().optional().describe('Its password'),
  SMTP_FROM: z
    .string()
    .regex(SENDER, 'must be an address, or Name <address>')
    .optional()
    .describe('Sender of our mail; by default SMTP_USER, where that is an address'),
  ENABLE_EMAIL_SERVICE: flag.prefault('true').describe('Whether devices take commands by mail'),
  EMAIL_WEBHOOK_SECRET: operatorSecret
    .optional()
    .describe('Signs what a mail gateway posts to /v1/email/incoming, at least 16 characters; without it nobody may'),
  SECRETS_KEY: secret
    .optional()
    .describe('Seals the passwords of mail accounts, at least 32 characters; without it none is taken'),
  SECRETS_KEY_PREVIOUS: secret
    .optional()
    .describe('The key before, while passwords sealed with it are still about: npm run admin -- secrets rotate'),
  ALLOW_PRIVATE_MAIL_HOSTS: flag
    .prefault('false')
    .describe('true: mail servers of devices may lie on this machine or in private networks'),
  MAIL_DOMAIN: z
    .string()
    .toLowerCase()
    .regex(DOMAIN, 'must be a domain, such as mail.example.com')
    .optional()
    .describe('Commands may be mailed to any address at this domain; its MX leads to --role mail'),
  MAIL_PORT: whole(0, 65_535)
    .optional()
    .describe('Port to take mail on: 25 with --role mail; with --role all mail is taken where this is set'),
  MAIL_HOST: z.string().optional().describe('Address to take mail on; by default HOST'),
  MAIL_TLS_CERT: z
    .string()
    .optional()
    .describe('File with the certificate for STARTTLS, read at the start; without it mail comes in the clear'),
  MAIL_TLS_KEY: z.string().optional().describe('File with its key'),
  ADMIN_MASTER_KEY: operatorSecret
    .optional()
    .describe('Opens the administration of the relay as X-Admin-Key, at least 16 characters; without it nothing does'),
  CRON_SECRET: operatorSecret
    .optional()
    .describe('Opens /api/cron as X-Cron-Secret, at least 16 characters; without it nothing does'),
  RELAY_REQUIRE_KEY: flag
    .prefault('false')
    .describe('true: nothing of the relay is open without a key, but its probes'),
  RELAY_MAX_BYTES: whole(1, 1e15)
    .default(1024 ** 3)
    .describe('Bytes of stored messages that were published without a key; beyond, the oldest go'),
  RELAY_PUBLISH_MAX: whole(1, 1e9).default(10).describe('Publishes per address and window'),
  RELAY_REGISTER_MAX: whole(1, 1e9).default(5).describe('Registrations of public keys per address and window'),
  RELAY_SUBSCRIBE_MAX: whole(1, 1e9).default(5).describe('Subscriptions per address and window, without reconnects'),
  RELAY_CHANNELS_MAX: whole(1, 1e9).default(20).describe('Channels made per address and window'),
  RELAY_READ_MAX: whole(1, 1e9).default(100).describe('Reads of the relay per address and window'),
  CORS_ORIGINS: list.describe('Origins whose pages may call, separated by commas; *: any'),
  TRUSTED_PROXIES: list.describe('Addresses or networks whose X-Forwarded-For is believed, separated by commas'),
  METRICS_PORT: whole(0, 65_535)
    .optional()
    .describe('Port on which this process serves /metrics for Prometheus; 0: any free one'),
  METRICS_HOST: z.string().default('127.0.0.1').describe('Address to serve it on'),
  METRICS_TOKEN: operatorSecret
    .optional()
    .describe(
      'What Prometheus sends as a bearer token, at least 16 characters; without METRICS_PORT it opens /metrics on PORT. Without either nothing is measured',
    ),
  DATABASE_MAX_BYTES: whole(1, 1e16)
    .optional()
    .describe('How large the database may become: at 90 % of it there is an alert'),
  MAX_LOOP_DELAY: whole(0, 60_000)
    .default(250)
    .describe('Milliseconds that the event loop may lag before requests are refused with 503; 0: they never are'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'OpenTelemetry collector that takes spans by HTTP, such as http://127.0.0.1:4318; without it none are made',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.describe('What it is sent besides, name=value, separated by commas'),
  OTEL_SERVICE_NAME: z.string().default('ccjk-cloud').describe('What the service is called there'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the traces that begin here which is sent; callers decide about theirs'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is logged'),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .optional()
    .describe('json: a line each for machines; pretty: for people. By default pretty on a terminal, json elsewhere'),
  REDIS_URL: z.string().optional().describe('Not used: PostgreSQL does its work. Reported as ignored when set'),
} satisfies Record<string, z.ZodType>;

const Settings = z.object(settings);

/** The settings as they came, before the secrets are complete. */
export type Settings = z.output<typeof Settings>;

/** The settings of a running process: what could be missing has been found or made. */
export type Config = Settings & { DATABASE_URL: string; JWT_SECRET: string };

export class ConfigurationFailed extends Error {
  override name = 'ConfigurationFailed';
}

/**
 * Reads the settings from `env`, of which those in `needs` must be set. An empty variable counts as not set.
 * @throws ConfigurationFailed naming every fault
 */
export function readSettings(
  env: Record<string, string | undefined>,
  needs: readonly (keyof typeof settings)[] = [],
): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in settings && value !== ''));
  const result = Settings.safeParse(given);
  const faults = result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  for (const name of needs) if (given[name] === undefined) faults.push(`${name}: must be set for this role`);
  if (given.DATABASE_URL !== undefined && given.JWT_SECRET === undefined) {
    faults.push('JWT_SECRET: must be set when DATABASE_URL is; make one with: openssl rand -base64 48');
  }
  if (given.SMTP_HOST !== undefined && given.SMTP_FROM === undefined && !ADDRESS.test(given.SMTP_USER ?? '')) {
    faults.push('SMTP_FROM: must be set when SMTP_HOST is and SMTP_USER is no address');
  }
  if (given.S3_ENDPOINT !== undefined && given.S3_BUCKET === undefined && given.AWS_S3_BUCKET === undefined) {
    faults.push('S3_BUCKET: must be set when S3_ENDPOINT is');
  }
  if ((given.S3_ACCESS_KEY === undefined) !== (given.S3_SECRET_KEY === undefined)) {
    faults.push('S3_ACCESS_KEY, S3_SECRET_KEY: must be set both or neither');
  }
  if (given.MAIL_PORT !== undefined && given.MAIL_DOMAIN === undefined) {
    faults.push('MAIL_DOMAIN: must be set when MAIL_PORT is');
  }
  if ((given.MAIL_TLS_CERT === undefined) !== (given.MAIL_TLS_KEY === undefined)) {
    faults.push('MAIL_TLS_CERT, MAIL_TLS_KEY: must be set both or neither');
  }
  if (faults.length > 0 || !result.success) {
    throw new ConfigurationFailed(
      `The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
  return result.data;
}
