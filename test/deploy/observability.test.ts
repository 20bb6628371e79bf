/** The profile `observability`: Prometheus, Grafana and the service find each other as docker-compose.yml sets them up. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openAppForTest } from '../setup/app.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => parse(readFileSync(path.join(ROOT, file), 'utf8'), { merge: true });

type Service = {
  build?: string;
  profiles?: string[];
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  read_only?: boolean;
  cap_drop?: string[];
  volumes: string[];
  ports: string[];
};
const { services } = read('docker-compose.yml') as { services: Record<string, Service> };
const prometheus = services.prometheus as Service;
const grafana = services.grafana as Service;

type Scrape = {
  metrics_path?: string;
  dns_sd_configs: { names: string[]; type: string; port: number }[];
};
const config = read('deploy/prometheus/prometheus.yml') as { rule_files: string[]; scrape_configs: Scrape[] };
const [scrape] = config.scrape_configs as [Scrape];
const [found] = scrape.dns_sd_configs as [Scrape['dns_sd_configs'][number]];

/** Where a file of a container lies in the repository. */
const inRepository = ({ volumes }: Service, file: string): string => {
  for (const volume of volumes) {
    const [from = '', to = ''] = volume.split(':');
    if (from.startsWith('./') && `${file}/`.startsWith(`${to}/`)) return path.join(ROOT, from, path.relative(to, file));
  }
  throw new Error(`Nothing of the repository is at ${file}`);
};

test.each(['prometheus', 'grafana'])('%s runs where it is asked for, and cannot write but into its volume', (name) => {
  expect(services[name]).toMatchObject({ profiles: ['observability'], read_only: true, cap_drop: ['ALL'] });
});

test('every process of the service is scraped, at the port where it shows its metrics to other containers', () => {
  const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
  expect(ours.length).toBeGreaterThan(2);
  expect(found.names.toSorted()).toEqual(ours.map(([name]) => name).toSorted());
  for (const [, { environment, ports = [] }] of ours) {
    expect(environment).toMatchObject({ METRICS_HOST: '0.0.0.0', METRICS_PORT: String(found.port), METRICS_TOKEN: '' });
    // Without a token, so nobody else may reach it.
    expect(ports.filter((port) => port.endsWith(`:${found.port}`))).toEqual([]);
  }
});

test('the metrics are where Prometheus asks for them', async () => {
  const app = await openAppForTest({ env: { METRICS_PORT: '0' } });
  const answer = await fetch(`http://127.0.0.1:${app.metricsPort}${scrape.metrics_path ?? '/metrics'}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
});

test('Prometheus starts with the configuration and the alerts of deploy/, and keeps what it reads in its volume', () => {
  const flags = Object.fromEntries((prometheus.command ?? []).map((flag) => flag.replace(/^--/, '').split('=')));
  const file = flags['config.file'] as string;
  expect(inRepository(prometheus, file)).toBe(path.join(ROOT, 'deploy/prometheus/prometheus.yml'));
  expect(config.rule_files).toEqual(['alerts.yml']);
  for (const rules of config.rule_files)
    expect(existsSync(inRepository(prometheus, path.join(path.dirname(file), rules)))).toBe(true);
  expect(prometheus.volumes).toContain(`prometheus_data:${flags['storage.tsdb.path']}`);
});

test('Grafana knows that Prometheus and shows the dashboard', () => {
  const folder = '/etc/grafana/provisioning';
  const only = (directory: string) => {
    const files = readdirSync(inRepository(grafana, `${folder}/${directory}`));
    expect(files).toHaveLength(1);
    return read(path.relative(ROOT, inRepository(grafana, `${folder}/${directory}/${files[0]}`)));
  };
  const { datasources } = only('datasources') as { datasources: { type: string; url: string; isDefault: boolean }[] };
  const [, port] = (prometheus.ports[0] as string).split(':').slice(1);
  expect(datasources).toMatchObject([{ type: 'prometheus', url: `http://prometheus:${port}`, isDefault: true }]);
  const { providers } = only('dashboards') as { providers: { options: { path: string } }[] };
  const shown = `${providers[0]?.options.path}/ccjk-cloud.json`;
  expect(existsSync(inRepository(grafana, shown))).toBe(true);
  expect(grafana.environment).toMatchObject({ GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: shown });
});

test('Grafana does not start with the password that everybody knows, and says what to set', () => {
  expect(grafana.environment?.GF_SECURITY_ADMIN_PASSWORD).toMatch(/^\$\{GRAFANA_PASSWORD:-\}$/);
  const [shell = '', ...words] = (grafana.entrypoint ?? []).map((word) => word.replaceAll('$$', '$'));
  const start = (password: string) =>
    spawnSync(shell, words, {
      env: { PATH: process.env.PATH, GF_SECURITY_ADMIN_PASSWORD: password },
      encoding: 'utf8',
    });
  expect(start('')).toMatchObject({ status: 1, stderr: 'set GRAFANA_PASSWORD in .env\n' });
  expect(start('one of its own').stderr).toContain('/run.sh');
});
