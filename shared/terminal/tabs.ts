import type { ScreenBuffer, TerminalCore } from './core.ts';

/** Of each column, the next tab stop to its right and to its left. */
interface Stops {
  readonly next: Int16Array;
  readonly previous: Int16Array;
}

/** By the tab stops that they were made of; those of a terminal are another object after a reset or a restored state. */
const stopsOf = new WeakMap<object, Stops>();
/** Tab stops that are as they are set up for so many columns. */
const untouched = new WeakMap<object, number>();
const hastened = new WeakSet<object>();

/** Tab stops are looked up in a table instead of column by column, and set up again only where they were changed. */
export function hastenTabStops({ _inputHandler, _bufferService }: TerminalCore): void {
  const { tabSet, tabClear } = _inputHandler;
  const forget = (): void => {
    stopsOf.delete(_bufferService.buffer.tabs);
    untouched.delete(_bufferService.buffer.tabs);
  };
  _inputHandler.tabSet = function () {
    forget();
    return tabSet.call(this);
  };
  _inputHandler.tabClear = function (parameters) {
    forget();
    return tabClear.call(this, parameters);
  };
  stopEarly(_inputHandler, _bufferService);
  const prototype: unknown = Object.getPrototypeOf(_bufferService.buffers.normal);
  if (!isBufferClass(prototype) || hastened.has(prototype)) return;
  hastened.add(prototype);
  const { setupTabStops, nextStop, prevStop } = prototype;
  prototype.setupTabStops = function (from) {
    const key = this._cols * 1_024 + this._optionsService.rawOptions.tabStopWidth;
    if (from === undefined && untouched.get(this.tabs) === key) return;
    untouched.delete(this.tabs);
    // It looks stops up itself, before it adds others.
    stopsOf.delete(this.tabs);
    setupTabStops.call(this, from);
    stopsOf.delete(this.tabs);
    if (from === undefined) untouched.set(this.tabs, key);
  };
  prototype.nextStop = function (from) {
    const column = from ?? this.x;
    if (column < 0) return nextStop.call(this, column);
    return column >= this._cols - 1 ? this._cols - 1 : (tableOf(this).next[column] ?? 0);
  };
  prototype.prevStop = function (from) {
    const column = from ?? this.x;
    if (column > this._cols) return prevStop.call(this, column);
    return column <= 0 ? 0 : (tableOf(this).previous[column] ?? 0);
  };
}

/** CHT and CBT end at the last stop; xterm.js looks for one more as often as they say. */
function stopEarly(
  input: TerminalCore['_inputHandler'],
  service: { readonly cols: number; readonly buffer: ScreenBuffer },
): void {
  const move = (count: number, step: (buffer: ScreenBuffer) => number): boolean => {
    const { buffer } = service;
    if (buffer.x >= service.cols) return true;
    for (let left = count || 1; left > 0; left--) {
      const to = step(buffer);
      if (to === buffer.x) break;
      buffer.x = to;
    }
    return true;
  };
  input.cursorForwardTab = ({ params }) => move(params[0] ?? 1, (buffer) => buffer.nextStop());
  input.cursorBackwardTab = ({ params }) => move(params[0] ?? 1, (buffer) => buffer.prevStop());
}

function tableOf({ tabs, _cols: cols }: ScreenBuffer): Stops {
  const known = stopsOf.get(tabs);
  if (known !== undefined && known.next.length === cols) return known;
  const next = new Int16Array(cols);
  const previous = new Int16Array(cols + 1);
  for (let column = 0, stop = 0; column <= cols; column++) {
    previous[column] = stop;
    if (tabs[column] === true) stop = column;
  }
  for (let column = cols - 1, stop = cols - 1; column >= 0; column--) {
    next[column] = stop;
    if (tabs[column] === true) stop = column;
  }
  const table = { next, previous };
  stopsOf.set(tabs, table);
  return table;
}

function isBufferClass(value: unknown): value is ScreenBuffer {
  return typeof value === 'object' && value !== null && 'nextStop' in value && 'setupTabStops' in value;
}
