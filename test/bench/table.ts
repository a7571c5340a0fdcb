export type Row = readonly (string | number)[];

/** Prints rows in columns: the first to the left, the others to the right; numbers with the digits that tell something. */
export function printTable(heading: Row, rows: readonly Row[]): void {
  const lines = [heading, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [head, ...body] = lines.map((line) => line.map((cell, column) => aligned(cell, widths[column] ?? 0, column)));
  for (const line of [head ?? [], rule, ...body]) console.log(`  ${line.join('  ').trimEnd()}`);
  console.log('');
}

function aligned(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function shown(value: number): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
