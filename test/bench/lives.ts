/** One task led from its creation to the reading of its result, call by call. */
import { CALLS, type CallName, callOf, type Given } from './calls.ts';
import { type Caller, call } from './service.ts';

/** `after` sees each call answered. What the calls have given. */
export async function leadTask(
  url: string,
  caller: Caller,
  after: (name: CallName) => Promise<void> = async () => {},
): Promise<Given> {
  const given: Given = { taskId: '', leaseId: '', claimId: crypto.randomUUID() };
  for (const name of CALLS) {
    const { method, path, ...content } = callOf[name](caller, given);
    const data = await call<{ task_id: string; tasks: { lease_id: string }[] }>(url, method, path, content);
    if (name === 'create') given.taskId = data.task_id;
    if (name === 'claim') given.leaseId = data.tasks[0]?.lease_id ?? '';
    await after(name);
  }
  return given;
}
