/**
 * Machine ids — what a machine calls itself, in `X-Device-ID`, unique among those of its user.
 *
 *   registered by the machine    the device has the id from the beginning
 *   made ahead of time           it has none, takes the first that its key presents, and keeps it
 *
 * The id of the device does as well as that of its machine. Whatever else is presented names another device.
 */
import { sql } from 'kysely';
import { atomically, type Ctx } from '../context.ts';
import { Failed } from '../failed.ts';
import { audit } from './audit.ts';
import { lockUser } from './devices.ts';
import { deviceOf } from './dispatch.ts';

/** Of the column. */
const MAX_LENGTH = 100;

/**
 * Holds that `presented` is the machine of the device that acts, which takes it when it has none.
 * @throws Failed DEVICE_MISMATCH
 */
export async function requireMachine(ctx: Ctx, presented: string): Promise<void> {
  const {
    deviceId,
    device: { machineId },
  } = deviceOf(ctx);
  if (presented === machineId || presented.toLowerCase() === deviceId) return;
  const canBeTaken = machineId === null && presented.length > 0 && presented.length <= MAX_LENGTH;
  if (!canBeTaken) throw new Failed('DEVICE_MISMATCH');
  const taken = await takeFirst(ctx, presented);
  if (taken === null) {
    const message = 'Another device of yours has this X-Device-ID; use the key of that one, or delete it first';
    throw new Failed('DEVICE_MISMATCH', { message });
  }
  if (taken !== presented) throw new Failed('DEVICE_MISMATCH');
}

/** The machine id that the device has from now on: the first that came; null when another device has it. */
const takeFirst = (ctx: Ctx, presented: string): Promise<string | null> =>
  atomically(ctx, async (tx) => {
    const { deviceId } = deviceOf(tx);
    // As a registration does: two of one user's machines cannot take one id at the same moment.
    await lockUser(tx);
    const { rows } = await sql`
      update devices d set device_id = ${presented}, updated_at = ${tx.now()}
       where d.id = ${deviceId} and d.device_id is null
         and not exists (
           select from devices other
            where other.user_id = d.user_id and (other.device_id = ${presented} or other.id::text = lower(${presented}))
         )
      returning d.id`.execute(tx.db);
    if (rows.length > 0) await audit(tx, 'device.machine_known', `device:${deviceId}`);
    const device = await tx.db.selectFrom('devices').select('device_id').where('id', '=', deviceId).executeTakeFirst();
    return device?.device_id ?? null;
  });
