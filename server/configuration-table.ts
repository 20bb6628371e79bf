/** The settings as README.md and .env.example show them, from the schemas that read them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { settings } from './config.ts';

const BEGIN = '<!-- configuration: written by npm run generate -->';
const END = '<!-- /configuration -->';

type Setting = { name: string; value: string; description: string };

const all = (): Setting[] =>
  Object.entries(settings as Record<string, z.ZodType>).map(([name, schema]) => {
    const { default: value = '', description = '' } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return { name, value: String(value), description };
  });

const rowOf = ({ name, value, description }: Setting): string =>
  `| \`${name}\` | ${value && `\`${value}\``} | ${description} |`;

/** README.md as it is, with its table made anew. */
export function readmeWithConfiguration(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [before = '', rest = ''] = readme.split(BEGIN);
  const [, after = ''] = rest.split(END);
  const table = ['| variable | by default | what it is |', '|---|---|---|', ...all().map(rowOf)].join('\n');
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}

/** What docker-compose.yml sets itself. */
const OF_COMPOSE = [
  'HOST',
  'PORT',
  'DATA_DIR',
  'DATABASE_URL',
  'MAIL_HOST',
  'MAIL_PORT',
  'METRICS_HOST',
  'METRICS_PORT',
  'METRICS_TOKEN',
];

/** Without the first the service does not start; without one of the others, what it opens stays closed. */
const SECRETS = ['JWT_SECRET', 'SECRETS_KEY', 'EMAIL_WEBHOOK_SECRET', 'ADMIN_MASTER_KEY', 'CRON_SECRET'];

/** What a profile of docker-compose.yml does not start without. */
const OF_PROFILES = {
  'the profile mail': ['MAIL_DOMAIN'],
  'the profile s3, with S3_ENDPOINT=http://s3:9000': ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'],
};

/** `.env.example`: the secrets to be filled in, what a profile needs, then everything else, commented out with what holds without it. */
export function envExample(): string {
  const known = all().filter(({ name }) => !OF_COMPOSE.includes(name));
  const ofProfiles = Object.values(OF_PROFILES).flat();
  const hasDefault = ({ name }: Setting) => !SECRETS.includes(name) && !ofProfiles.includes(name);
  const named = (names: string[]) => known.filter(({ name }) => names.includes(name));
  const commented =
    (line: string) =>
    ({ name, value, description }: Setting) =>
      `# ${description}\n${line}${name}=${value}`;
  return [
    '# For docker-compose.yml: cp .env.example .env. Written by npm run generate, from server/config.ts.',
    '# To be filled in, each with its own: openssl rand -hex 32',
    '# Password of the database, which is made with it\nDB_PASSWORD=',
    '# Password of admin in Grafana, for the profile observability\nGRAFANA_PASSWORD=',
    ...named(SECRETS).map(commented('')),
    ...Object.entries(OF_PROFILES).flatMap(([profile, names]) => [
      `# Must be set for ${profile}.`,
      ...named(names).map(commented('#')),
    ]),
    '# Everything below has a default that works.',
    '# Ports of this machine for api, one for each: 3010-3012 for --scale api=3\n#API_PORTS=3000',
    ...known.filter(hasDefault).map(commented('#')),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
