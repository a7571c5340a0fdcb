/** Lists that a service gives in pages (api-sig "Pagination, Filtering, and Sorting"). */
import { z } from 'zod';
import { VimError } from '../vim.ts';
import { decoded } from './session.ts';
import type { Service } from './session.ts';

/** How many pages are read before a list is taken for endless. */
const MOST_PAGES = 10_000;

const link = z.object({ rel: z.string(), href: z.string() });

export interface ListRequest<Item> {
  /** Without the query that continues a list. */
  readonly path: string;
  /** The member that holds the list; where `next` is found is told from it: `KEY_links`, or Glance's `next`. */
  readonly key: string;
  readonly item: z.ZodType<Item>;
  readonly version?: string;
}

/** All items of a list, page after page. @throws VimError. */
export async function list<Item>(
  service: Service,
  { path, key, item, version }: ListRequest<Item>,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | undefined = path;
  for (let pages = 0; next !== undefined; pages += 1) {
    if (pages === MOST_PAGES) throw new VimError('failed', `${service.title}'s list ${path} does not end.`);
    const at: string = next;
    const body = await service.call({ method: 'GET', path: at, ...(version === undefined ? {} : { version }) }, signal);
    const page = decoded(`${service.title}'s answer to GET ${path.replace(/\?.*/, '')}`, () =>
      decodePage(body, key, item),
    );
    items.push(...page.items);
    next = following(at, page.next);
  }
  return items;
}

function decodePage<Item>(
  body: unknown,
  key: string,
  item: z.ZodType<Item>,
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const page = z.record(z.string(), z.unknown()).parse(body);
  const links = z.array(link).optional().parse(page[`${key}_links`]);
  const next = links?.find(({ rel }) => rel === 'next')?.href ?? z.string().optional().parse(page['next']);
  return { items: z.array(item).parse(page[key]), next };
}

/** Only the query is taken over: the address in a link may be one that is reached from inside the cloud alone. */
function following(path: string, href: string | undefined): string | undefined {
  if (href === undefined) return undefined;
  return `${path.replace(/\?.*/, '')}${new URL(href, 'http://service').search}`;
}
