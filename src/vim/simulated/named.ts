/** The item with the id, else the first with the name. */
export function named<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  key: string,
): Item | undefined {
  return items.find((item) => item.id === key) ?? items.find((item) => item.name === key);
}
