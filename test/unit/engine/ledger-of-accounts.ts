/**
 * A small domain for the ledger, the scheduler and the crash test: accounts that hold an amount and may not be overdrawn.
 */
import type { Decide, Decision, LedgerModel } from '../../../src/engine/ledger.ts';
import type { DueChange, DueItem, EventInput } from '../../../src/store/store.ts';

export type Accounts = Map<string, number>;

export interface Booking {
  readonly account: string;
  readonly amount: number;
}

export interface Booked extends Booking {
  readonly time: number;
}

/** What `decide` throws on request. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export const accounts: LedgerModel<Accounts, Booking> = {
  empty: () => new Map(),
  restore(head, { id, body }) {
    if ('amount' in body && typeof body.amount === 'number') head.set(id, body.amount);
  },
  apply(head, { account, amount }) {
    if (Number.isNaN(amount)) throw new Error('an amount that is no number');
    head.set(account, amount);
  },
  writes: ({ account, amount }) => [{ kind: 'pool', id: account, body: { amount } }],
};

export function recordBooked({ time, account, amount }: Booked): EventInput {
  return { time, module: 'bank', name: 'booked', content: { account, amount } };
}

type Step = Decision<number | 'too little', Booking, Booked>;
type AccountDecide = Decide<Accounts, Booking, Booked, number | 'too little'>;

/** Adds to an account, or takes from it when there is enough; answers what is there then. */
export function add(account: string, amount: number, due: readonly DueChange[] = []): AccountDecide {
  return (head, { now }): Step => {
    const sum = (head.get(account) ?? 0) + amount;
    if (sum < 0) return { result: 'too little', changes: [], events: [], due: [] };
    return { result: sum, changes: [{ account, amount: sum }], events: [{ time: now, account, amount: sum }], due };
  };
}

export function dueItem(id: string, at: number, rank = 0): DueItem {
  return { id, at, rank, task: 'add', subject: id };
}
