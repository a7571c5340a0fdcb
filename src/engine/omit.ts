/** A copy of an object without some of its properties. */
export function omit<T extends object, Key extends keyof T & string>(from: T, ...keys: readonly Key[]): Omit<T, Key> {
  const kept = Object.entries(from).filter(([key]) => !keys.some((each) => each === key));
  // Cast: what is left of the entries is what Omit says.
  return Object.fromEntries(kept) as Omit<T, Key>;
}
