/** Lists that a service gives in pages (api-sig "Pagination, Filtering, and Sorting"). */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/** How many pages are read before a list is taken for endless. */
const MOST_PAGES = 10_000;

const link = z.object({ rel: z.string(), href: z.string() });

/**
 * The most items of a page where there may be thousands. The JSON of a page is read in one go, while nothing else is done: of servers, the
 * longest of all items, so many take some 2 ms.
 */
export const SHORT_PAGE = 200;

export interface ListRequest<Item> {
  /** Without the query that continues a list. */
  readonly path: string;
  /** The most items of a page; absent: as many as the service gives. */
  readonly limit?: number;
  /** The member that holds the list. */
  readonly key: string;
  /** The member in which the next page is named. Default: `KEY_links`, or Glance's `next`. */
  readonly links?: string;
  readonly item: z.ZodType<Item>;
  readonly version?: string;
}

/** All items of a list, page after page. @throws VimError. */
export async function list<Item>(
  service: Service,
  { path, limit, key, links = `${key}_links`, item, version }: ListRequest<Item>,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | undefined = limit === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;
  for (let pages = 0; next !== undefined; pages += 1) {
    if (pages === MOST_PAGES) throw new VimError('failed', `${service.title}'s list ${path} does not end.`);
    const at: string = next;
    const body = await service.call({ method: 'GET', path: at, ...(version === undefined ? {} : { version }) }, signal);
    const read = decoded(`${service.title}'s answer to GET ${path.replace(/\?.*/, '')}`, () =>
      decodePage(body, key, links, item),
    );
    items.push(...read.items);
    next = following(at, read.next);
  }
  return items;
}

const page = z.record(z.string(), z.unknown());
const pageLinks = z.array(link).optional();
const nextLink = z.string().optional();
/** Making a schema costs more than reading with it. */
const lists = new WeakMap<z.ZodType, z.ZodType<readonly unknown[]>>();

function decodePage<Item>(
  body: unknown,
  key: string,
  links: string,
  item: z.ZodType<Item>,
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const found = page.parse(body);
  const next = pageLinks.parse(found[links])?.find(({ rel }) => rel === 'next')?.href ?? nextLink.parse(found['next']);
  return { items: listOf(item).parse(found[key]), next };
}

function listOf<Item>(item: z.ZodType<Item>): z.ZodType<Item[]> {
  const known = lists.get(item);
  // What is kept for the schema of an item is that of a list of such items.
  if (known !== undefined) return known as z.ZodType<Item[]>;
  const made = z.array(item);
  lists.set(item, made);
  return made;
}

/** Only the query is taken over: the address in a link may be one that is reached from inside the cloud alone. */
function following(path: string, href: string | undefined): string | undefined {
  if (href === undefined) return undefined;
  return `${path.replace(/\?.*/, '')}${new URL(href, 'http://service').search}`;
}
