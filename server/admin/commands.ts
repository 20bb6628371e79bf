/** What `npm run admin` can do: each command by its words. */
import type { Settings } from '../config.ts';
import type { Ctx } from '../context.ts';
import {
  changePlan,
  disableAccount,
  enableAccount,
  findAccount,
  listAccounts,
  listAllDevices,
  queueStatus,
  verifyAccount,
} from '../domain/administration.ts';
import { audit } from '../domain/audit.ts';
import { pauseDispatch, resumeDispatch } from '../domain/pauses.ts';
import { PLANS, type Plan } from '../domain/plans.ts';
import { auditRestore, backUp, restore } from './backup.ts';
import { drill } from './drill.ts';
import { AdministrationFailed, asOperator, openPlace, openPlaceAlone } from './place.ts';
import { rotate } from './rotation.ts';
import { type Cell, tableOf } from './tables.ts';

export type Options = { limit: number; search: string | undefined; user: string | undefined; tasks: number };

/** `document` is what --json prints, `text` what people read. */
export type Answer = { document: unknown; text: string };

export type Command = {
  /** Words that follow its own; all must be there. */
  words: readonly string[];
  summary: string;
  run(settings: Settings, words: readonly string[], options: Options): Promise<Answer>;
};

type Work = (ctx: Ctx, words: readonly string[], options: Options) => Promise<Answer>;

/** Runs beside the service. */
const beside =
  (work: Work): Command['run'] =>
  async (settings, words, options) => {
    const { config, close } = await openPlace(settings);
    try {
      return await asOperator(config, (ctx) => work(ctx, words, options));
    } finally {
      await close();
    }
  };

const listed = (name: string, rows: readonly Record<string, Cell>[]): Answer => ({
  document: { [name]: rows },
  text: tableOf(rows),
});

const said = (text: string, document: Record<string, unknown>): Answer => ({ document, text });

/** @throws AdministrationFailed */
async function accountOf(ctx: Ctx, name: string): Promise<{ id: string; email: string }> {
  const account = await findAccount(ctx, name);
  if (account) return account;
  throw new AdministrationFailed(`There is no account "${name}". Name it by its address or its id.`);
}

/** Does something to the account that the first word names. */
const toAccount =
  (does: (ctx: Ctx, userId: string) => Promise<boolean>, done: string): Work =>
  async (ctx, [name = '']) => {
    const { id, email } = await accountOf(ctx, name);
    const changed = await does(ctx, id);
    return said(changed ? `${email} is now ${done}` : `${email} was ${done} already`, { id, email, changed });
  };

function planOf(word: string): Plan {
  if (Object.hasOwn(PLANS, word)) return word as Plan;
  throw new AdministrationFailed(`A plan is one of: ${Object.keys(PLANS).join(', ')}`);
}

export const commands: Record<string, Command> = {
  'user list': {
    words: [],
    summary: 'the accounts, the newest first; --search TEXT: those with it in their address',
    run: beside(async (ctx, _, { limit, search }) =>
      listed('users', await listAccounts(ctx, { containing: search, limit })),
    ),
  },
  'user plan': {
    words: ['USER', 'PLAN'],
    summary: `moves the account to another plan: ${Object.keys(PLANS).join(', ')}`,
    run: beside(async (ctx, [name = '', word = '']) => {
      const plan = planOf(word);
      return toAccount((_, id) => changePlan(ctx, id, plan), `on the plan ${plan}`)(ctx, [name], {} as Options);
    }),
  },
  'user disable': {
    words: ['USER'],
    summary: 'nothing of the account opens anything, from the next request on; its sessions end',
    run: beside(toAccount(disableAccount, 'disabled')),
  },
  'user enable': {
    words: ['USER'],
    summary: 'its password, keys and devices work again',
    run: beside(toAccount(enableAccount, 'enabled')),
  },
  'user verify': {
    words: ['USER'],
    summary: 'its address counts as verified',
    run: beside(toAccount(verifyAccount, 'verified')),
  },
  'device list': {
    words: [],
    summary: 'the devices, those heard of last first; --user USER: those of one account',
    run: beside(async (ctx, _, { limit, user }) => {
      const userId = user === undefined ? undefined : (await accountOf(ctx, user)).id;
      return listed('devices', await listAllDevices(ctx, { userId, limit }));
    }),
  },
  'queue status': {
    words: [],
    summary: 'how many tasks wait and run, and whether dispatch is paused',
    run: beside(async (ctx) => {
      const status = await queueStatus(ctx);
      const { tasks, ...rest } = status;
      return { document: status, text: tableOf([{ ...tasks, ...rest }]) };
    }),
  },
  'queue pause': {
    words: [],
    summary: 'hands out no tasks, in all processes, until resumed; what runs goes on',
    run: beside(async (ctx) => {
      const since = await pauseDispatch(ctx);
      return said(`Dispatch is paused since ${since.toISOString()}`, { paused_since: since });
    }),
  },
  'queue resume': {
    words: [],
    summary: 'hands out tasks again; devices that wait have them within 5 s',
    run: beside(async (ctx) => {
      const changed = await resumeDispatch(ctx);
      return said(changed ? 'Dispatch goes on' : 'Dispatch was not paused', { changed });
    }),
  },
  'secrets rotate': {
    words: [],
    summary: 'new secrets for signing and sealing, the service being stopped; with DATABASE_URL only seals anew',
    run: async (settings) => {
      const done = await rotate(settings);
      const text = `${done.rotated ? 'The secrets are new. ' : ''}Passwords sealed anew: ${done.sealed}, unreadable: ${done.unreadable}`;
      return said(text, done);
    },
  },
  backup: {
    words: ['FILE'],
    summary: 'writes every row into FILE; the service may run',
    run: async (settings, [file = '']) => {
      const { config, close } = await openPlace(settings);
      try {
        // First, so that nobody's data leaves without it.
        await asOperator(config, (ctx) => audit(ctx, 'backup.begun'));
        const done = await backUp(config.DATABASE_URL, file);
        return said(`${file}: ${done.rows} rows of ${done.tables} tables, ${done.bytes} bytes`, done);
      } finally {
        await close();
      }
    },
  },
  restore: {
    words: ['FILE'],
    summary: 'fills an empty database from FILE and compares every table; the service must be stopped',
    run: async (settings, [file = '']) => {
      const { config, close } = await openPlaceAlone(settings);
      try {
        const done = await restore(config.DATABASE_URL, file, auditRestore);
        return said(`${done.rows} rows of ${done.tables} tables are back, with equal checksums`, done);
      } finally {
        await close();
      }
    },
  },
  drill: {
    words: [],
    summary: 'backup, wipe, restore, equal checksums: of a database of its own, or of a copy of DATABASE_URL',
    run: async (settings, _, { tasks }) => {
      const done = await drill(settings, { tasks });
      return { document: done, text: `${tableOf([done])}\nEqual checksums` };
    },
  },
};
