/** The metrics of a service, as Prometheus reads them. */
import { expect } from 'vitest';
import type { TestApp } from './app.ts';

/** Series as they are written, `name{label="value"}`, with their values. */
export const seriesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
  );

export const readSeries = async (app: TestApp): Promise<Map<string, number>> => {
  const answer = await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return seriesOf(await answer.text());
};
