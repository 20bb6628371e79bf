/** Lists: one page at a time, or all items by cursor. */
import type { Pagination } from '../generated/types.ts';
import { ApiPromise } from './api-promise.ts';

/** The data of a list, as it arrives; its items lie under a name of their own. */
export type PageData = { pagination: Pagination; next_cursor?: string | null; [name: string]: unknown };

/** Some items of a list. */
export type Page<Item> = {
  items: Item[];
  /** `total` counts the whole list. */
  pagination: Pagination;
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
  /**
   * Fetches the next page; null when this is the last. Fails as the call for the list did.
   *
   * @example
   * for (let page: Page<Device> | null = await client.devices.list(); page; page = await page.nextPage()) show(page.items);
   */
  nextPage(): Promise<Page<Item> | null>;
};

/**
 * The promise of the first page. `for await` walks all items, and fetches each next page when the one before is used up.
 *
 * @example
 * const { items, pagination } = await client.tasks.list({ status: 'running' });
 * for await (const task of client.tasks.list({ limit: 100 })) console.log(task.id);
 */
export class PagePromise<Item> extends ApiPromise<Page<Item>> {
  /** All items, from the first page to the last. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (let page: Page<Item> | null = await this; page; page = await page.nextPage()) yield* page.items;
  }
}

/** The page that `data` holds under `name`; `load` fetches the one at a cursor. */
export const pageOf = <Item>(
  data: PageData,
  name: string,
  load: (cursor: string) => Promise<Page<Item>>,
): Page<Item> => {
  const nextCursor = data.next_cursor ?? null;
  return {
    items: (data[name] ?? []) as Item[],
    pagination: data.pagination,
    nextCursor,
    nextPage: async () => (nextCursor === null ? null : load(nextCursor)),
  };
};
