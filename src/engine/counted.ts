/** Numbers of things in words, such as `1 pool` and `3 pools`. */
export function counted(number: number, thing: string): string {
  return `${number} ${number === 1 ? thing : `${thing}s`}`;
}
