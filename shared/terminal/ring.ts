import type { Line, Lines, Region } from './core.ts';
import { sharing } from './rows.ts';

/** The classes of rings that know regions. */
const prepared = new WeakSet<object>();

/**
 * Lets rows scroll within a region of a terminal's ring of rows in one step, however many they are: the region is a ring
 * of its own, and scrolling changes where it begins. Its rows are put in order when the ring changes in any other way.
 */
export function scrollByRegions(lines: Lines): void {
  lines._region = undefined;
  const prototype: unknown = Object.getPrototypeOf(lines);
  if (!isRingClass(prototype) || prepared.has(prototype)) return;
  prepared.add(prototype);
  prototype.get = function (index) {
    const at = (this._startIndex + index) % this.maxLength;
    return this._array[this._region === undefined ? at : placeOf(this._region, at, this.maxLength)];
  };
  const { set, push, recycle, pop, splice, trimStart, shiftElements } = prototype;
  prototype.set = function (index, line) {
    putInOrder(this);
    set.call(this, index, line);
  };
  prototype.push = function (line) {
    putInOrder(this);
    push.call(this, line);
  };
  prototype.recycle = function () {
    putInOrder(this);
    return recycle.call(this);
  };
  prototype.pop = function () {
    putInOrder(this);
    return pop.call(this);
  };
  prototype.splice = function (start, deleteCount, ...items) {
    putInOrder(this);
    splice.call(this, start, deleteCount, ...items);
  };
  prototype.trimStart = function (count) {
    putInOrder(this);
    trimStart.call(this, count);
  };
  prototype.shiftElements = function (start, count, offset) {
    putInOrder(this);
    shiftElements.call(this, start, count, offset);
  };
  for (const name of ['length', 'maxLength']) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (property?.set === undefined) continue;
    const { set: assign } = property;
    property.set = function (this: Lines, value: number): void {
      putInOrder(this);
      assign.call(this, value);
    };
    Object.defineProperty(prototype, name, property);
  }
}

/** Where the row that belongs at a place of the ring is. */
function placeOf(region: Region, at: number, size: number): number {
  let index = at - region.at;
  if (index < 0) index += size;
  if (index >= region.count) return at;
  index += region.offset;
  if (index >= region.count) index -= region.count;
  const place = region.at + index;
  return place >= size ? place - size : place;
}

/** Rotates `count` rows: the one `shift` rows below the first becomes the first, and those above it come last. */
export function rotateRows(lines: Lines, from: number, count: number, shift: number): void {
  if (count < 2) return;
  sharing.changes++;
  const region = regionOf(lines, (lines._startIndex + from) % lines.maxLength, count);
  region.offset += shift;
  if (region.offset >= count) region.offset -= count;
}

/**
 * Adds a row between others, in one step, and gives it back as it was: the first row of all, which leaves a full ring, or
 * a new one.
 */
export function insertRow(lines: Lines, index: number, newRow: () => Line): Line | undefined {
  sharing.changes++;
  const { _array: ring, maxLength, _startIndex: start } = lines;
  const place = (start + index) % maxLength;
  const count = lines.length - index;
  const last = (place + count) % maxLength;
  const region = regionOf(lines, place, count);
  let line: Line | undefined;
  if (lines.isFull) {
    line = ring[last];
    lines._startIndex = (start + 1) % maxLength;
    lines.onTrimEmitter.fire(1);
  } else {
    line = newRow();
    lines._length++;
  }
  // The region moves down by one: the row that is in the new one's place takes the place behind the others.
  ring[last] = ring[place];
  ring[place] = line;
  region.at = place + 1 === maxLength ? 0 : place + 1;
  region.offset = region.offset === 0 ? count - 1 : region.offset - 1;
  return line;
}

/** A region with these rows, at this place of the ring. */
function regionOf(lines: Lines, at: number, count: number): Region {
  const region = lines._region;
  if (region !== undefined && region.at === at && region.count === count) return region;
  putInOrder(lines);
  const made = { at, count, offset: 0 };
  lines._region = made;
  return made;
}

const moved: (Line | undefined)[] = [];

/** Puts the rows of a region at their places. */
export function putInOrder(lines: Lines): void {
  sharing.changes++;
  const region = lines._region;
  if (region === undefined) return;
  lines._region = undefined;
  const { at: start, count, offset } = region;
  if (offset === 0) return;
  const { _array: ring, maxLength } = lines;
  for (let index = 0, at = start; index < count; index++) {
    moved[index] = ring[at++];
    if (at === maxLength) at = 0;
  }
  for (let index = 0, at = start, source = offset; index < count; index++) {
    ring[at++] = moved[source++];
    if (at === maxLength) at = 0;
    if (source === count) source = 0;
  }
  moved.fill(undefined, 0, count);
}

function isRingClass(value: unknown): value is Lines {
  return typeof value === 'object' && value !== null && 'recycle' in value && 'shiftElements' in value;
}
