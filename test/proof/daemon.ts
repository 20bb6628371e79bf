/**
 * A daemon in a process of its own: `node daemon.ts BASE_URL DEVICE_KEY STATE_DIR`, started by fleet.ts. It says in lines
 * of JSON what it does and how it was refused, and freezes itself at the point that it is told.
 */
import { type DaemonEvent, runDaemon } from '../../sdk/src/daemon/index.ts';

/** What it says: its events, and each answer that was no success. */
export type Said =
  | DaemonEvent
  | { type: 'refused'; path: string; status: number; code: string | null }
  /** It has heard what it was told. */
  | { type: 'told' };

/** What it is told: a point of attempt.ts or runner.ts at which it stops as by SIGSTOP, once. */
export type Told = { freezeAt: string };

const [baseUrl, deviceKey, stateDir] = process.argv.slice(2) as [string, string, string];
const say = (said: Said) => void process.stdout.write(`${JSON.stringify(said)}\n`);

let freezeAt: string | undefined;
process.on('message', (told: Told) => {
  freezeAt = told.freezeAt;
  say({ type: 'told' });
});
// The harness is gone: nobody would end this process.
process.on('disconnect', () => process.exit());

await runDaemon({
  baseUrl,
  deviceKey,
  stateDir,
  onEvent: say,
  fetch: async (url, init) => {
    const answer = await fetch(url, init);
    if (answer.status >= 400) {
      const code = /"code":"(\w+)"/.exec(await answer.clone().text())?.[1] ?? null;
      say({ type: 'refused', path: new URL(url).pathname, status: answer.status, code });
    }
    return answer;
  },
  faults: (point) => {
    if (point !== freezeAt) return;
    freezeAt = undefined;
    process.kill(process.pid, 'SIGSTOP');
  },
}).done;
