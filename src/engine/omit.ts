/** `Omit` of each member of a union by itself. */
type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** A copy of an object without some of its properties. */
export function omit<T extends object, Key extends keyof T & string>(
  from: T,
  ...keys: readonly Key[]
): DistributiveOmit<T, Key> {
  const kept = Object.entries(from).filter(([key]) => !keys.some((each) => each === key));
  // Cast: what is left of the entries is what Omit says.
  return Object.fromEntries(kept) as DistributiveOmit<T, Key>;
}
