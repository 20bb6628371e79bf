/**
 * Rotation of the secrets for signing and sealing.
 *
 * With the embedded database they lie in secrets.json, and the service must be stopped, so that no process signs or seals
 * with what has been replaced. What is sealed with the key before last is sealed anew first: a rotation that died half
 * way loses nothing when it is repeated. With DATABASE_URL the secrets are the operator's: this only seals with
 * SECRETS_KEY what SECRETS_KEY_PREVIOUS has sealed.
 */
import { rotateSecrets } from '../adapters/secrets.ts';
import type { Config, Settings } from '../config.ts';
import { audit } from '../domain/audit.ts';
import { resealPasswords } from '../domain/email-configs.ts';
import { AdministrationFailed, asOperator, openPlaceAlone, requireData } from './place.ts';

export type Rotated = { rotated: boolean; sealed: number; unreadable: number };

/** @throws AdministrationFailed | PostgresUnavailable when a service runs on the embedded database */
export async function rotate(settings: Settings): Promise<Rotated> {
  if (settings.DATABASE_URL) {
    if (!settings.SECRETS_KEY)
      throw new AdministrationFailed('Set SECRETS_KEY, and SECRETS_KEY_PREVIOUS to the one before.');
    return sealAnew(settings as Config, false);
  }
  requireData(settings);
  const given = (['JWT_SECRET', 'SECRETS_KEY'] as const).filter((name) => settings[name] !== undefined);
  if (given.length > 0)
    throw new AdministrationFailed(`${given.join(' and ')} is set in the environment: change it there.`);
  const { config, close } = await openPlaceAlone(settings);
  try {
    if (config.SECRETS_KEY_PREVIOUS) await sealAnew(config, false);
    return await sealAnew({ ...config, ...rotateSecrets(settings.DATA_DIR) }, true);
  } finally {
    await close();
  }
}

const sealAnew = (config: Config, rotated: boolean): Promise<Rotated> =>
  asOperator(config, async (ctx) => {
    const done = await resealPasswords(ctx);
    await audit(ctx, rotated ? 'secrets.rotated' : 'secrets.resealed', null, done);
    return { rotated, ...done };
  });
