import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

/** The smallest window, in device-independent pixels; everything still works at this size. */
export const MIN_SIZE = { width: 480, height: 320 } as const;
const DEFAULT_SIZE = { width: 1100, height: 720 } as const;

const stateSchema = z.strictObject({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1).max(100_000),
  height: z.int().min(1).max(100_000),
  maximized: z.boolean(),
});
export type WindowState = z.infer<typeof stateSchema>;

/** A screen area without docks and bars. */
export interface WorkArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where to open the window. Without `x` and `y` the system decides. */
export interface WindowPlace {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
  readonly maximized: boolean;
}

/** How much of the window's top edge must be on a screen, so that it can be moved with the mouse. */
const GRIP = { width: 100, height: 40 } as const;

/** Where a remembered window goes on today's screens: as it was, if it can still be reached there. */
export function placeWindow(state: WindowState | null, workAreas: readonly WorkArea[]): WindowPlace {
  if (state === null) return { ...DEFAULT_SIZE, maximized: false };
  const { x, y, maximized } = state;
  const width = Math.max(MIN_SIZE.width, state.width);
  const height = Math.max(MIN_SIZE.height, state.height);
  const reachable = workAreas.some((area) => {
    const overlap = Math.min(x + width, area.x + area.width) - Math.max(x, area.x);
    return overlap >= GRIP.width && y >= area.y && y + GRIP.height <= area.y + area.height;
  });
  return reachable ? { x, y, width, height, maximized } : { width, height, maximized };
}

/** Null: nothing (valid) was remembered. */
export function readWindowState(file: string): WindowState | null {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // A first start, or a file that somebody changed: the default place does no harm.
    return null;
  }
}

/** @throws when the file cannot be written */
export function writeWindowState(file: string, state: WindowState): void {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
}
