/**
 * Admission of a request in every one of its windows, or not at all. Each window is admitted as `parts.ts` does it for one; windows
 * of one reservation do not overlap, so that none stands in the way of another.
 *
 * What was found for a window is taken for those after it as well while it fits there, and is one set of claims then, however many
 * windows these are. Only where it does not fit, the request is placed anew. To make room for a request with many windows
 * nobody is placed anew, and nobody with many windows is.
 */
import { eligibleNodes, mostOf } from './admission.ts';
import type { Admission, Fitting } from './admission.ts';
import { addVectors, min, resourcesOf, zeroVector } from './capacity.ts';
import type { Capacity, CapacityVector } from './capacity.ts';
import type { Claim, Demand, ElementId } from './entities.ts';
import { amountsOf } from './debt.ts';
import { isElementFree } from './elements.ts';
import { namingMaintenance } from './maintenance.ts';
import { during } from './occurrence.ts';
import { omit } from './omit.ts';
import {
  admitOnce,
  earliestStart as earliestStartOnce,
  fittingOnce,
  hasParts,
  laterEffort,
  nextFit,
  refusalOf,
} from './parts.ts';
import type { AdmissionContext, Search } from './parts.ts';
import type { Refusal } from './requests.ts';
import type { Head } from './state.ts';
import { latestStart } from './terms.ts';
import type { Timeline } from './timeline.ts';
import { describeInstant, durationOf } from './window.ts';
import type { Instant, Window } from './window.ts';
import { countOf, eachOf, shifted, someOf, spanOfAll, windowAt } from './windows.ts';
import type { Windows } from './windows.ts';

/** Windows that fell short which a refusal lists, and how many are looked for where each takes a search for places. */
const SHORT_LISTED = 16;
const SHORT_PLACED = 4;

/** The search for a later start: how many are tried, and in how many windows in all, with and without places to be found. */
const STARTS_TRIED = 200;
const WINDOWS_TRIED = 200_000;
const WINDOWS_PLACED = 2_000;

/** As `admitOnce`, in all windows. */
export function admit(
  head: Head,
  demand: Demand,
  windows: Windows,
  now: Instant,
  context: AdmissionContext = {},
): Admission {
  const admission = admitAll(head, demand, windows, now, context);
  if (admission.outcome === 'placed') return admission;
  return { outcome: 'refused', refusal: namingMaintenance(head, demand, windows, admission.refusal) };
}

function admitAll(head: Head, demand: Demand, windows: Windows, now: Instant, context: AdmissionContext): Admission {
  if (countOf(windows) === 1) return admitOnce(head, demand, windows, now, context);
  const { runs, short, complete } = placeAll(head, demand, windows, now, context, 'all');
  if (short.length === 0) return { outcome: 'placed', claims: claimsOf(windows, runs) };
  return { outcome: 'refused', refusal: refuse(head, demand, windows, now, { short, complete }, context) };
}

/** As `fittingOnce`, in all windows. */
export function fittingOf(
  head: Head,
  demand: Demand,
  windows: Windows,
  now: Instant,
  context: AdmissionContext = {},
): Fitting {
  const first = fittingOnce(head, demand, windows, now, context);
  if (countOf(windows) === 1) return first;
  const claims = (): readonly Claim[] | undefined => {
    const { runs, short } = placeAll(head, demand, windows, now, context, 'one');
    return short.length === 0 ? claimsOf(windows, runs) : undefined;
  };
  return { nodes: first.nodes, claims };
}

/** Windows that follow each other, from an index on, and what is held in each of them: claims of the first. */
interface Run {
  readonly index: number;
  count: number;
  readonly claims: readonly Claim[];
}

interface Placed {
  readonly runs: readonly Run[];
  /** Indexes of windows in which the demand does not fit. */
  readonly short: readonly number[];
  /** Whether every window was looked at. */
  readonly complete: boolean;
}

/** Looks at the windows in order: at all of them, or until one falls short. */
function placeAll(
  head: Head,
  demand: Demand,
  windows: Windows,
  now: Instant,
  context: AdmissionContext,
  extent: 'all' | 'one',
): Placed {
  const most = extent === 'one' ? 1 : hasParts(demand) ? SHORT_PLACED : Number.POSITIVE_INFINITY;
  const runs: Run[] = [];
  const short: number[] = [];
  let run: Run | undefined;
  let fits: (window: Window) => boolean = () => false;
  for (let index = 0; index < countOf(windows); index++) {
    const window = windowAt(windows, index);
    if (run !== undefined && fits(window)) {
      run.count++;
      continue;
    }
    const near = run === undefined ? context : { ...context, near: run.claims };
    const claims = fittingOnce(head, demand, window, now, near).claims();
    run = claims === undefined ? undefined : { index, count: 1, claims };
    if (run === undefined) {
      if (short.push(index) === most) return { runs, short, complete: index === countOf(windows) - 1 };
    } else {
      runs.push(run);
      fits = fitsAgain(head, run.claims);
    }
  }
  return { runs, short, complete: true };
}

/** Whether claims fit in other windows too, each pool and host asked once for what all of them take there. */
export function fitsAgain(head: Head, claims: readonly Claim[]): (window: Window) => boolean {
  const loads = new Map<string, { readonly free: Timeline; readonly vector: CapacityVector }>();
  const elements: ElementId[] = [];
  for (const claim of claims) {
    if (claim.element !== undefined) elements.push(claim.element);
    for (const { bearer, amount } of amountsOf(head, claim)) {
      const load = loads.get(bearer.id) ?? { free: bearer.free, vector: zeroVector() };
      addVectors(load.vector, amount, 1);
      loads.set(bearer.id, load);
    }
  }
  const asked = [...loads.values()];
  return (window) =>
    asked.every(({ free, vector }) => free.fits(window, vector)) &&
    elements.every((element) => isElementFree(head, element, window));
}

function claimsOf(windows: Windows, runs: readonly Run[]): Claim[] {
  const claims = runs.flatMap((run) => run.claims.map((claim) => during(claim, someOf(windows, run.index, run.count))));
  return claims.map((claim, index) => ({ ...claim, id: `${index + 1}` }));
}

function refuse(
  head: Head,
  demand: Demand,
  windows: Windows,
  now: Instant,
  { short, complete }: Pick<Placed, 'short' | 'complete'>,
  context: AdmissionContext,
): Refusal {
  const [first = 0] = short;
  const refusal = refusalOf(head, demand, windowAt(windows, first), now, context);
  const rest = omit(refusal, 'nextWindow', 'searchedUntil', 'most');
  const shortWindows = short
    .slice(0, SHORT_LISTED)
    .map((index) => ({ occurrence: index + 1, window: windowAt(windows, index) }));
  const number = `${complete ? '' : 'At least '}${short.length} of the ${countOf(windows)} windows`;
  const which = `number ${first + 1} from ${describeInstant(windowAt(windows, first).start)} on`;
  const message = `${number} cannot be had; the first of these is ${which}. ${refusal.message}`;
  const most = hasParts(demand) ? {} : { most: mostInAll(head, demand, windows) };
  const notAfter = latestStart(head.policy, now, windows.start, durationOf(spanOfAll(windows)));
  return { ...rest, message, ...most, shortWindows, ...startOfAll(head, demand, windows, notAfter, now) };
}

/** The most of each resource that can be had in all windows. */
function mostInAll(head: Head, demand: Demand, windows: Windows): Capacity {
  const { nodes } = eligibleNodes(head, demand);
  const asked = resourcesOf(demand.capacity);
  let most = mostOf(nodes, asked, windows);
  for (const window of eachOf(windows)) most = min(most, mostOf(nodes, asked, window));
  return most;
}

/** The earliest start, from that of the windows to `notAfter`, with which a demand fits in all of them; undefined where none was found. */
export function earliestStart(
  head: Head,
  demand: Demand,
  windows: Windows,
  notAfter: Instant,
  now: Instant,
): Instant | undefined {
  if (countOf(windows) === 1) return earliestStartOnce(head, demand, windows, notAfter, now);
  return windows.start > notAfter ? undefined : startOfAll(head, demand, windows, notAfter, now).nextWindow?.start;
}

/** Why a demand that does not fit in all windows does not, and what could be had instead. */
export function whyNot(head: Head, demand: Demand, windows: Windows, now: Instant): Refusal {
  const admission = countOf(windows) === 1 ? undefined : admit(head, demand, windows, now, { mayMove: false });
  if (admission?.outcome === 'refused') return admission.refusal;
  return namingMaintenance(head, demand, windows, refusalOf(head, demand, windowAt(windows, 0), now));
}

/**
 * The earliest start with which the request fits in all windows. Where it does not fit in one of them, no start fits before the one
 * with which that window is where it fits next: this is tried next.
 */
function startOfAll(head: Head, demand: Demand, windows: Windows, notAfter: Instant, now: Instant): Search {
  let budget = hasParts(demand) ? WINDOWS_PLACED : WINDOWS_TRIED;
  const effort = laterEffort();
  let searchedUntil = notAfter;
  let { start } = windows;
  for (let tried = 0; tried < STARTS_TRIED && budget > 0 && !effort.spent; tried++) {
    const later = shifted(windows, start);
    const { short, runs } = placeAll(head, demand, later, now, {}, 'one');
    const [index] = short;
    if (index === undefined) {
      const nextWindow = windowAt(later, 0);
      return searchedUntil < start ? { nextWindow, searchedUntil } : { nextWindow };
    }
    budget -= index + runs.length;
    const ahead = start + (windowAt(windows, index).start - windows.start);
    const found = nextFit(head, demand, windowAt(later, index), notAfter + (ahead - start), now, effort);
    const back = (instant: Instant): Instant => instant - (ahead - start);
    if (found.searchedUntil !== undefined) searchedUntil = Math.min(searchedUntil, back(found.searchedUntil));
    if (found.nextWindow === undefined) return found.searchedUntil === undefined ? {} : { searchedUntil };
    start = back(found.nextWindow.start);
  }
  return { searchedUntil: Math.min(searchedUntil, start) };
}
