/** The calls of a task's life, as clients send them. */
import type { Caller } from './service.ts';

export type Call = { method: 'GET' | 'POST'; path: string; credential: string; body?: unknown };

export const CALLS = ['create', 'claim', 'start', 'result', 'read'] as const;
export type CallName = (typeof CALLS)[number];

/** What the calls before have given. */
export type Given = { taskId: string; leaseId: string; claimId: string };

const RESULT = {
  status: 'completed',
  exit_code: 0,
  stdout: 'built module\n'.repeat(80),
  stderr: '',
  started_at: '2026-01-20T10:01:00Z',
  completed_at: '2026-01-20T10:01:30Z',
};

/** Of a task with its arguments, as a user of the CLI queues it; reported with 1 KiB of output. */
export const callOf: Record<CallName, (caller: Caller, given: Given) => Call> = {
  create: ({ token, deviceId }) => ({
    method: 'POST',
    path: '/v1/tasks',
    credential: token,
    body: {
      device_id: deviceId,
      type: 'bash',
      command: 'npm run build',
      args: { cwd: '/home/someone/project', env: { NODE_ENV: 'production' } },
      priority: 7,
      timeout: 300_000,
    },
  }),
  claim: ({ deviceKey }, { claimId }) => ({
    method: 'GET',
    path: `/v1/daemon/tasks/pending?limit=1&claim_id=${claimId}`,
    credential: deviceKey,
  }),
  start: ({ deviceKey }, { taskId, leaseId }) => ({
    method: 'POST',
    path: `/v1/daemon/tasks/${taskId}/start`,
    credential: deviceKey,
    body: { lease_id: leaseId },
  }),
  result: ({ deviceKey }, { taskId, leaseId }) => ({
    method: 'POST',
    path: `/v1/daemon/tasks/${taskId}/result`,
    credential: deviceKey,
    body: { ...RESULT, lease_id: leaseId },
  }),
  read: ({ token }, { taskId }) => ({ method: 'GET', path: `/v1/tasks/${taskId}`, credential: token }),
};
