/**
 * Metrics — what Prometheus reads of this process. Only a process that is to be measured loads this room.
 *
 * Names begin with `ccjk_`, labels have few values: nothing that a client sends becomes one.
 */
import { Registry } from 'prom-client';
import type { Meter } from '../ports.ts';
import { openDatabaseMetrics, type Sources } from './database-metrics.ts';
import { openProcessMetrics } from './process-metrics.ts';
import { openRequestMetrics, type RequestMetrics } from './request-metrics.ts';
import { openMeter } from './work-metrics.ts';

export type Metrics = {
  meter: Meter;
  answered: RequestMetrics['answered'];
  refused: RequestMetrics['refused'];
  /** From here on the database is measured too. */
  watch(sources: Sources): void;
  /** All of it, as Prometheus reads it. */
  read(): Promise<{ text: string; contentType: string }>;
  close(): void;
};

export function openMetrics(): Metrics {
  const registry = new Registry();
  const requests = openRequestMetrics(registry);
  const ofProcess = openProcessMetrics(registry);
  let ofDatabase: ReturnType<typeof openDatabaseMetrics> | undefined;
  return {
    meter: openMeter(registry),
    answered: requests.answered,
    refused: requests.refused,
    watch(sources) {
      ofDatabase = openDatabaseMetrics(registry, sources);
    },
    async read() {
      requests.update();
      ofProcess.update();
      await ofDatabase?.update();
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    close: () => ofProcess.close(),
  };
}
