/**
 * Upload — how much more memory the service takes while a log of 50 MiB is sent to it, and when it has it. One upload
 * before makes Node load and compile what it needs.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { Bench } from './bench.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { judged, type Row } from './report.ts';
import { spreadOf } from './rounds.ts';
import { type Caller, headersOf, makeCallers, startService } from './service.ts';

const MIB = 1024 * 1024;
const SIZE = 50 * MIB;
const MOST_GROWTH_MIB = { most: 30 };
const LOOK_EVERY_MS = 5;

const CHUNK = Buffer.from('2026-01-20T10:00:00.000Z the daemon has heard of a task\n'.repeat(1200)).subarray(0, 65_536);
const BOUNDARY = 'a boundary that no log has in it'.replaceAll(' ', '-');
const part = (head: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
const BEFORE =
  part('name="metadata"') +
  `{"type":"daemon","date":"2026-01-20"}\r\n${part('name="log_file"; filename="daemon.log"')}`;
const AFTER = `\r\n--${BOUNDARY}--\r\n`;

export async function upload({ cluster, quick, profileDir, say }: Bench): Promise<Row[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'ccjk-bench-'));
  const service = await startService(await cluster.create('upload'), profileDir, { DATA_DIR: directory });
  try {
    const [caller] = (await makeCallers(service.url, 1)) as [Caller];
    await send(service.url, caller);
    const count = quick ? 2 : 5;
    say(`${count} uploads of ${SIZE / MIB} MiB`);
    const uploads: { most: number; after: number }[] = [];
    while (uploads.length < count) uploads.push(await growthDuring(service, () => send(service.url, caller)));
    const rowOf = (when: string, values: number[]) =>
      judged({
        scenario: 'upload',
        what: `upload of a log of ${SIZE / MIB} MiB: growth of the process ${when}`,
        unit: 'MiB',
        ours: spreadOf(values),
        target: MOST_GROWTH_MIB,
      });
    return [
      rowOf(
        'at most',
        uploads.map(({ most }) => most),
      ),
      rowOf(
        'afterwards',
        uploads.map(({ after }) => after),
      ),
    ];
  } finally {
    await service.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function growthDuring(service: MeasuredProcess, work: () => Promise<void>) {
  const before = await service.memoryMiB();
  let most = before;
  const look = async () => {
    most = Math.max(most, await service.memoryMiB());
  };
  const looking = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  await work().finally(() => clearInterval(looking));
  await look();
  return { most: most - before, after: (await service.memoryMiB()) - before };
}

async function send(url: string, { deviceKey }: Caller): Promise<void> {
  const length = Buffer.byteLength(BEFORE) + SIZE + Buffer.byteLength(AFTER);
  const sending = request(`${url}/v1/daemon/logs`, {
    method: 'POST',
    headers: {
      ...headersOf(deviceKey),
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': length,
    },
  });
  const answered = once(sending, 'response');
  answered.catch(() => {});
  sending.write(BEFORE);
  for (let sent = 0; sent < SIZE; sent += CHUNK.byteLength) if (!sending.write(CHUNK)) await once(sending, 'drain');
  sending.end(AFTER);
  const [response] = await answered;
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  if (response.statusCode !== 201) throw new Error(`The upload was answered ${response.statusCode}: ${text}`);
}
