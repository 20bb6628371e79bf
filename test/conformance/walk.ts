/** Walks every operation of the document, and every WebSocket, over a service that runs somewhere. */
import { openAccount, removeAccount } from './account.ts';
import { brokenCases, type Case, rightCases } from './cases.ts';
import type { Contract, Operation } from './document.ts';
import { type Answer, exchange } from './exchange.ts';
import { faultsOf } from './judge.ts';
import { walkSocket } from './sockets.ts';

/** With a token of somebody: what would end the account or the session is left out. */
const ENDING: readonly string[] = [
  'auth.logout',
  'auth.refresh',
  'auth.revokeSession',
  'users.changePassword',
  'users.remove',
];

/** Operations that are walked at the same time. */
const AT_ONCE = 4;

export type Report = {
  operations: number;
  passed: number;
  /** A sentence each. */
  failed: string[];
  /** Operations that were called as rightly as this program can, and refused as documented. */
  refused: string[];
};

type Options = {
  baseUrl: string;
  /** The access token of a user; without one each operation is walked in an account made for it, and deleted after. */
  token?: string | undefined;
  /** Only operations whose id begins so. */
  only?: string | undefined;
};

export async function walk(contract: Contract, { baseUrl, token, only = '' }: Options): Promise<Report> {
  const report: Report = { operations: 0, passed: 0, failed: [], refused: [] };
  const operations = contract.operations.filter(({ id }) => id.startsWith(only) && !(token && ENDING.includes(id)));
  const count = (label: string, faults: readonly string[]) => {
    if (faults.length === 0) report.passed += 1;
    else report.failed.push(`${label}: ${faults.join('; ')}`);
  };

  const walkOne = async (operation: Operation): Promise<void> => {
    const account = openAccount(contract, baseUrl, token);
    for (const each of brokenCases(contract, operation, account))
      count(`${operation.id} ${each.name}`, (await attempt(contract, baseUrl, operation, each)).faults);
    for (const each of rightCases(operation, account)) {
      const { answer, faults } = await attempt(contract, baseUrl, operation, each);
      count(`${operation.id} ${each.name}`, faults);
      const isRefused = answer && answer.status >= 400 && faults.length === 0;
      if (isRefused && each.name === 'rightly') report.refused.push(`${operation.id} ${answer.status}`);
      if (operation.id === 'auth.register' && answer?.status === 201)
        await removeAccount(contract, baseUrl, JSON.parse(answer.text).data.token);
    }
    await account.leave();
    report.operations += 1;
  };

  const queue = [...operations];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await walkOne(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (!only)
    for (const [path, socket] of Object.entries(contract.sockets)) {
      const account = openAccount(contract, baseUrl, token);
      for (const { name, faults } of await walkSocket(contract, account, new URL(path, baseUrl), socket))
        count(`${path} ${name}`, faults);
      await account.leave();
    }
  report.refused.sort();
  return report;
}

async function attempt(
  contract: Contract,
  baseUrl: string,
  operation: Operation,
  { statuses, request }: Case,
): Promise<{ answer?: Answer; faults: string[] }> {
  try {
    const answer = await exchange(baseUrl, await request());
    const isOther = statuses && !statuses.includes(answer.status);
    const expected = isOther ? [`answered ${answer.status} where ${statuses.join(' or ')} was expected`] : [];
    const isOurs = !statuses && answer.status >= 500 ? [`answered ${answer.status}`] : [];
    return { answer, faults: [...expected, ...isOurs, ...faultsOf(contract, operation, answer)] };
  } catch (error) {
    return { faults: [error instanceof Error ? `${error.message} ${error.cause ?? ''}`.trim() : String(error)] };
  }
}
