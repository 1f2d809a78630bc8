import { formatMoment } from './format.ts';

/** “as of 14:02:11”, for what is no longer kept up to date. @param since a time of `performance.now()` */
export function AsOf({ since }: { since: number }) {
  const wall = performance.timeOrigin + since;
  return <span className="figures">as of {formatMoment(wall, Date.now(), true)}</span>;
}
