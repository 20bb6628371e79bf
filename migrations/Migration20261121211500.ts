import { IndexBesideWriters } from './index-beside-writers.ts';

/** For databases that ran Migration20261121175000 while it still dropped what the release before reads by. */
export class Migration20261121211500 extends IndexBesideWriters {
  override name = 'Migration20261121211500';
  protected override table = 'tasks';
  protected override index = 'tasks_held';
  protected override over = `("user_id", "device_id") where status in ('assigned', 'running')`;

  /** Databases that were made before have it by their first migration. */
  override down(): void {}
}
