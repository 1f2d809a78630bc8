import type { Summary } from './statistics.ts';

/** One line of the table. */
export interface Result {
  /** What was measured, for people. */
  readonly name: string;
  readonly unit: string;
  readonly product: Summary;
  /** What it is compared with; null where there is nothing that does the same without the product. */
  readonly floor: { readonly name: string; readonly value: Summary } | null;
  /** Product to floor, round by round. */
  readonly ratio: Summary | null;
  /** The target for the ratio, or for the product's own median. */
  readonly target: { readonly of: 'ratio' | 'value'; readonly at: 'least' | 'most'; readonly bound: number } | null;
}

/** Whether a result meets its target; null without one. */
export function meets({ product, ratio, target }: Result): boolean | null {
  if (target === null) return null;
  const value = target.of === 'ratio' ? ratio?.median : product.median;
  if (value === undefined) return null;
  return target.at === 'least' ? value >= target.bound : value <= target.bound;
}

function number(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function percent(share: number): string {
  return `±${Math.round(share * 100)} %`;
}

function targetText({ target, unit }: Result): string {
  if (target === null) return '';
  const sign = target.at === 'least' ? '≥' : '≤';
  return `${sign} ${target.bound}${target.of === 'value' ? ` ${unit}` : ''}`;
}

/** The results as a Markdown table. */
export function table(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { name, unit, product, floor, ratio } = result;
    const met = meets(result);
    return [
      name,
      `${number(product.median)} ${unit} ${percent(product.spread)}`,
      floor === null ? '' : `${floor.name}: ${number(floor.value.median)} ${unit} ${percent(floor.value.spread)}`,
      ratio === null ? '' : `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)})`,
      targetText(result),
      met === null ? '' : met ? 'met' : 'missed',
    ];
  });
  const head = ['Figure', 'Sandglass', 'Floor', 'Ratio (range)', 'Target', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
