/** What `deploy/` asks of Prometheus: each query names metrics that the service shows, with labels that they have. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Happening } from '../../server/ports.ts';
import { openApp, type TestApp } from '../setup/app.ts';

/** One of each kind, so that every metric has a series with its labels. */
const ONE_OF_EACH = [
  { what: 'task.created', source: 'api' },
  { what: 'task.handed-out', waitedMs: 1 },
  { what: 'task.ended', status: 'completed', ranMs: 1 },
  { what: 'task.retried' },
  { what: 'messages.published', count: 1 },
  { what: 'subscriber.dropped', why: 'stalled' },
  { what: 'socket.opened', holder: 'user' },
  { what: 'socket.dropped', why: 'slow' },
  { what: 'letter.sent', outcome: 'accepted' },
  { what: 'request.shed' },
  { what: 'swept' },
  { what: 'job.ended', job: 'send-mail', outcome: 'completed', ranMs: 1 },
] satisfies Happening[];

/** Which Prometheus adds itself, and the one series that it makes of each target. */
const OF_THE_TARGET = ['instance'];
const UP = ['up', new Set(['job', ...OF_THE_TARGET])] as const;

const folder = path.resolve(import.meta.dirname, '../../deploy');

type Panel = { title: string; targets?: { expr: string }[] };

const dashboard = JSON.parse(readFileSync(path.join(folder, 'grafana/dashboards/ccjk-cloud.json'), 'utf8')) as {
  panels: Panel[];
};
const ofDashboard = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

/** `- alert:` and its `expr:`, in one line or as a block. */
const ALERT = /- alert: (\w+)\n\s+expr: (?:\|\n((?:\s{10,}.*\n)+)|(.+)\n)/g;
const rules = readFileSync(path.join(folder, 'prometheus/alerts.yml'), 'utf8');
const ofAlerts = [...rules.matchAll(ALERT)].map(
  ([, name, block, line]) => [name as string, block ?? line ?? ''] as const,
);

/** The labels of each series name that is shown. */
let shown: Map<string, Set<string>>;
let app: TestApp;

const readMetrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`)).text();

beforeAll(async () => {
  app = await openApp({ env: { METRICS_PORT: '0', DATABASE_MAX_BYTES: '1' } });
  await app.makeDevice(await app.makeUser());
  app.service.meter.note(...ONE_OF_EACH);
  shown = new Map([UP]);
  for (const [, name = '', labels = ''] of (await readMetrics()).matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = shown.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label as string);
    shown.set(name, known);
  }
  return app.close;
});

const faultsOf = (expression: string): string[] => {
  const selectors = [...expression.matchAll(/\b((?:ccjk|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g)];
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/));
  const known = new Set(selectors.flatMap(([, name = '']) => [...(shown.get(name) ?? [])]).concat(OF_THE_TARGET));
  return [
    ...(selectors.length === 0 ? ['it asks for nothing of ours'] : []),
    ...selectors.filter(([, name = '']) => !shown.has(name)).map(([, name]) => `no metric ${name}`),
    ...selectors.flatMap(([, name = '', labels = '']) =>
      [...labels.matchAll(/(\w+)\s*[=!]/g)]
        .filter(([, label = '']) => !shown.get(name)?.has(label))
        .map(([, label]) => `${name} has no label ${label}`),
    ),
    ...grouped.filter((label) => !known.has(label)).map((label) => `nothing there has the label ${label}`),
  ];
};

it('has a dashboard and alerts to check', () => {
  expect(ofDashboard.length).toBeGreaterThan(30);
  expect(ofAlerts.map(([name]) => name)).toEqual([...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name));
});

it.each(ofDashboard)('the panel «%s» asks for what is shown: %s', (_, expression) => {
  expect(faultsOf(expression)).toEqual([]);
});

it.each(ofAlerts)('the alert %s asks for what is shown', (_, expression) => {
  expect(faultsOf(expression)).toEqual([]);
});

it.each(ofAlerts)('deploy/README.md says what to do for %s', (name) => {
  expect(readFileSync(path.join(folder, 'README.md'), 'utf8')).toContain(`| \`${name}\`:`);
});

it('every metric of ours has a panel or an alert', () => {
  const asked = [...ofDashboard, ...ofAlerts].map(([, expression]) => expression).join('\n');
  const families = [...new Set([...shown.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
  expect(families.filter((name) => name.startsWith('ccjk_') && !asked.includes(name))).toEqual([]);
});

it('an alert of a dead process names the job under which Prometheus reads the processes', () => {
  const jobs = [...rules.matchAll(/\bup\{job="([^"]*)"\}/g)].map(([, job]) => job);
  expect(jobs).toHaveLength(1);
  expect(readFileSync(path.join(folder, 'prometheus/prometheus.yml'), 'utf8')).toContain(`job_name: ${jobs[0]}\n`);
});

it('what supervisors ask is no request for the alerts, under the names that its routes have', async () => {
  const left = new Set([...rules.matchAll(/route!~"([^"]*)"/g)].map(([, routes]) => routes));
  expect(left.size).toBe(1);
  const probes = [...left].join().split('|');
  for (const probe of probes) await fetch(`${app.url}${probe}`);
  const routes = new Set(
    [...(await readMetrics()).matchAll(/^ccjk_http_requests_total\{.*route="([^"]*)"/gm)].map(([, route]) => route),
  );
  // Whose page is on a port of its own here.
  expect(probes.filter((probe) => !routes.has(probe))).toEqual(['/metrics']);
});

it('a query with a misspelt name or label is found', () => {
  expect(faultsOf('sum(ccjk_tusks)')).toEqual(['no metric ccjk_tusks']);
  expect(faultsOf('ccjk_tasks{state="queued"}')).toEqual(['ccjk_tasks has no label state']);
  expect(faultsOf('sum by (route) (ccjk_tasks)')).toEqual(['nothing there has the label route']);
});
