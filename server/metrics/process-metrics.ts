/** This process: its CPU, memory and event loop, under the names that dashboards for Node know. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Milliseconds between looks at the event loop. Each 10 ms, an idle process would use half a percent of a core for it. */
const LOOP_RESOLUTION_MS = 50;

export function openProcessMetrics(registry: Registry): { update(): void; close(): void } {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });

  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time, user and system',
    registers: [registry],
  });
  const resident = gauge('process_resident_memory_bytes', 'Memory of the process');
  const heap = gauge('nodejs_heap_size_used_bytes', 'Heap of V8 that is in use');
  const external = gauge('nodejs_external_memory_bytes', 'Buffers outside of the heap');
  const lag = {
    mean: gauge('nodejs_eventloop_lag_mean_seconds', 'How late the event loop was on average, since the last reading'),
    p99: gauge(
      'nodejs_eventloop_lag_p99_seconds',
      'How late it was at most in 99 of 100 looks, since the last reading',
    ),
    max: gauge('nodejs_eventloop_lag_max_seconds', 'How late it was at most, since the last reading'),
  };
  const utilization = gauge('nodejs_eventloop_utilization', 'Share of its time that the event loop is busy, 0 to 1');
  gauge('process_start_time_seconds', 'When the process began, in seconds since 1970').set(
    performance.timeOrigin / 1000,
  );

  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  let before = performance.eventLoopUtilization();
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - LOOP_RESOLUTION_MS / 1000) || 0;

  return {
    update() {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      const memory = process.memoryUsage();
      resident.set(memory.rss);
      heap.set(memory.heapUsed);
      external.set(memory.external);
      lag.mean.set(late(loop.mean));
      lag.p99.set(late(loop.percentile(99)));
      lag.max.set(loop.count > 0 ? late(loop.max) : 0);
      loop.reset();
      const now = performance.eventLoopUtilization();
      utilization.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
    close: () => void loop.disable(),
  };
}
