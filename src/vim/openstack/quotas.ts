/** Quotas as OpenStack's services have them. */
import type { VimQuotas } from '../vim.ts';

/** Without those that are -1, which stands for no limit. */
export function limited(quotas: VimQuotas): VimQuotas {
  return Object.fromEntries(Object.entries(quotas).filter(([, amount]: [string, number]) => amount >= 0));
}
