/** `node --import` of this, with the name of a guard in PROOF_WITHOUT, runs any of our programs without that guard. */
import { registerHooks } from 'node:module';
import { GUARDS } from './guards.ts';

/** The environment variable that says which. */
export const WITHOUT = 'PROOF_WITHOUT';

const name = process.env[WITHOUT];
if (name) switchOff(name);

function switchOff(guardName: string): void {
  const guard = GUARDS[guardName];
  if (!guard) throw new Error(`There is no guard ${guardName}: choose of ${Object.keys(GUARDS).join(', ')}`);
  const url = new URL(`../../${guard.file}`, import.meta.url).href;
  registerHooks({
    load(loaded, context, nextLoad) {
      const result = nextLoad(loaded, context);
      if (loaded !== url) return result;
      const source = String(result.source);
      const parts = source.split(guard.from);
      if (parts.length !== 2) {
        throw new Error(
          `The guard ${guardName} stands ${parts.length - 1} times in ${guard.file}, not once: ${guard.from}`,
        );
      }
      return { ...result, source: parts.join(guard.to) };
    },
  });
}
