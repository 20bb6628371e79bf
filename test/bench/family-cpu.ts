/** The CPU of a process and its children, such as PostgreSQL's, as Linux counts it. */
import fs from 'node:fs';

/** Of `/proc/…/stat`: USER_HZ, which is 100 wherever Node runs. */
const TICK_MS = 10;

/** Milliseconds since it started: of those that live to the nanosecond, of those that have ended to the tick. */
export function familyCpuMs(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The fields after the name, which may hold anything: state, parent, …
  const [cutime, cstime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .map(Number);
  const ended = ((cutime ?? 0) + (cstime ?? 0)) * TICK_MS;
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [String(pid), ...children].reduce((sum, each) => sum + livingMsOf(each), ended);
}

/** 0 of one that has ended since it was named: then it is counted with the ended ones. */
function livingMsOf(pid: string): number {
  try {
    return Number(fs.readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ', 1)[0]) / 1e6;
  } catch {
    return 0;
  }
}
