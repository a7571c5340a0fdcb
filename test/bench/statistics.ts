/** One measurement of a closed loop: so many callers, each with one request under way at any time. */
export interface Measurement {
  readonly callers: number;
  /** Answers a second. */
  readonly rate: number;
  /** Latency in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the process that loops, in microseconds for each answer; what it calls over a wire is not in it. */
  readonly ownMicros: number;
  /** Answers that were not what was expected, and failures. */
  readonly failed: number;
}

export interface LoopOptions {
  readonly callers: number;
  /** Seconds that are measured. */
  readonly seconds: number;
  /** Seconds before that. */
  readonly warmUp: number;
}

/**
 * Runs a closed loop and measures what is answered after the warm-up.
 * @param call carries out one request; false when the answer is not what was expected
 */
export async function closedLoop(
  options: LoopOptions,
  call: (caller: number) => Promise<boolean>,
): Promise<Measurement> {
  const { callers, seconds, warmUp } = options;
  const latencies: number[] = [];
  let failed = 0;
  const begin = performance.now() + warmUp * 1000;
  const end = begin + seconds * 1000;
  const used = process.cpuUsage();
  let answers = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let before = performance.now(); before < end;) {
        const good = await call(caller);
        const after = performance.now();
        answers += 1;
        if (!good) failed += 1;
        if (after >= begin && after < end) latencies.push(after - before);
        before = after;
      }
    }),
  );
  const { user, system } = process.cpuUsage(used);
  latencies.sort((a, b) => a - b);
  return {
    callers,
    rate: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    ownMicros: (user + system) / answers,
    failed,
  };
}

/** @param sorted ascending; 0 for none */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Milliseconds on a clock that all processes of the machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Mulberry32: a seeded generator of numbers in [0, 1), so that runs compare. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
