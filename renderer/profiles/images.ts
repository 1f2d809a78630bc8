import type { ImageInfo } from '../../shared/backends.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How old something is, for people: “today”, “9 days old”, “3 months old”. */
export function describeAge(createdAt: number, now: number): string {
  const days = Math.floor(Math.max(0, now - createdAt) / DAY_MS);
  const old = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'} old`;
  if (days < 1) return 'today';
  if (days < 60) return old(days, 'day');
  if (days < 730) return old(Math.floor(days / 30), 'month');
  return old(Math.floor(days / 365), 'year');
}

/** The images to offer for a text: all of them until something else is typed than what the list was opened with. */
export function offeredImages(images: readonly ImageInfo[], text: string, openedWith: string | null): ImageInfo[] {
  const typed = text.trim().toLowerCase();
  if (typed === '' || openedWith === null || text === openedWith) return [...images];
  return images.filter(({ name }) => name.toLowerCase().includes(typed));
}
