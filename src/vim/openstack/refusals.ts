/**
 * What an OpenStack service says when it does not do what it was asked, as a VimError.
 *
 * The bodies differ: Nova and Cinder answer `{KIND: {code, message}}` (API guide, "Faults"), Keystone `{error: {code, message, title}}`,
 * Neutron `{NeutronError: {type, message, detail}}`, Placement `{errors: [{status, title, detail, code}]}` (api-sig "Errors"), Aodh
 * `{error_message: {faultstring}}` or a plain string.
 */
import { VimError } from '../vim.ts';
import type { VimErrorKind } from '../vim.ts';
import type { HttpAnswer } from './transport.ts';

/** Nova's, Neutron's and Cinder's words for a quota that is exhausted; Nova says the second of Neutron's ports. */
const OVER_QUOTA = /quota|maximum number of (ports|instances|volumes|floating)/i;
const NO_VALID_HOST = /no valid host/i;

/** @param what the request in words of the API, such as `POST /servers`; never anything secret. */
export function refusal(service: string, what: string, answer: HttpAnswer): VimError {
  const said = messageIn(answer.body);
  const message = said === '' ? `${service} answered ${what} with status ${answer.status}.` : `${service}: ${said}`;
  return new VimError(kindOf(answer.status, said), message);
}

/** What only some accounts may see, or some clouds have: undefined where it is forbidden or not there. @throws VimError otherwise. */
export async function ifShown<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VimError && (error.kind === 'forbidden' || error.kind === 'not-found')) return undefined;
    throw error;
  }
}

function kindOf(status: number, said: string): VimErrorKind {
  if (NO_VALID_HOST.test(said)) return 'no-valid-host';
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return OVER_QUOTA.test(said) ? 'over-quota' : 'forbidden';
    case 404:
    case 410:
      return 'not-found';
    case 409:
      return OVER_QUOTA.test(said) ? 'over-quota' : 'conflict';
    case 413:
      return 'over-quota';
    case 429:
      return 'unreachable';
    default:
      return status >= 400 && status < 500 ? 'refused' : 'failed';
  }
}

/** The sentence in an error's body; empty when there is none. */
export function messageIn(body: unknown): string {
  if (typeof body === 'string') return body.trim();
  if (typeof body !== 'object' || body === null) return '';
  for (const value of Object.values(body)) {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string' && first !== '') return clean(first);
    if (typeof first !== 'object' || first === null) continue;
    for (const member of ['message', 'detail', 'faultstring']) {
      const text: unknown = Reflect.get(first, member);
      if (typeof text === 'string' && text !== '') return clean(text);
    }
  }
  return '';
}

function clean(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
