import { IndexBesideWriters } from './index-beside-writers.ts';

export class Migration20261121175000 extends IndexBesideWriters {
  override name = 'Migration20261121175000';
  protected override table = 'tasks';
  protected override index = 'tasks_open';
  protected override over =
    `("user_id", "status", "device_id") where status in ('pending', 'queued', 'assigned', 'running')`;
}
