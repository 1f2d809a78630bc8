/** A size that a terminal can have: whole cells, at least one, and within an unsigned 16 bit number. Systems refuse others. */
export function terminalSize({ cols, rows }: { readonly cols: number; readonly rows: number }): {
  cols: number;
  rows: number;
} {
  const within = (cells: number): number => Math.min(Math.max(Math.round(cells), 1), 65_535);
  return { cols: within(cols), rows: within(rows) };
}
