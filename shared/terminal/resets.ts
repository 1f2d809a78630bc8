import type { Attributes, ScreenBuffer, TerminalCore } from './core.ts';
import { fillRows } from './row-moves.ts';

const ESC = 0x1b;
const FULL_RESET = 0x63;

/** The classes of buffers that are emptied instead of made again. */
const hastened = new WeakSet<object>();

/** Resets, and leaving the alternate screen, use what is there again, and see to what output can have changed. */
export function hastenResets(core: TerminalCore): void {
  keepBuffers(core);
  keepModes(core);
  joinResets(core);
}

/** Leaving the alternate screen, and a reset, empty the lists of rows instead of making new ones. */
function keepBuffers({ _bufferService }: TerminalCore): void {
  const { buffers } = _bufferService;
  const prototype: unknown = Object.getPrototypeOf(buffers.normal);
  if (!isBufferClass(prototype)) return;
  const { reset } = buffers;
  buffers.reset = function () {
    const { normal, alt } = this;
    if (!isOfItsSize(normal) || !isOfItsSize(alt) || !hasRowsOfItsWidth(normal)) {
      reset.call(this);
      return;
    }
    emptyScreens(normal, alt);
    this._activeBuffer = normal;
    this._onBufferActivate.fire({ activeBuffer: normal, inactiveBuffer: alt });
  };
  if (hastened.has(prototype)) return;
  hastened.add(prototype);
  const { clear } = prototype;
  prototype.clear = function () {
    if (isOfItsSize(this)) empty(this);
    else clear.call(this);
  };
}

function emptyScreens(normal: ScreenBuffer, alt: ScreenBuffer): void {
  empty(alt);
  empty(normal, normal._rows);
  fillRows(normal.lines, { from: 0, count: normal._rows, cols: normal._cols }, normal.getNullCell());
  for (const buffer of [normal, alt]) {
    buffer.savedX = 0;
    buffer.savedY = 0;
    buffer.savedCurAttrData.fg = 0;
    buffer.savedCurAttrData.bg = 0;
    buffer.savedCharset = undefined;
  }
}

/** A reset copies the modes of a fresh terminal at once; xterm.js goes through them one by one. */
function keepModes({ coreService }: TerminalCore): void {
  const { reset } = coreService;
  let fresh: Pick<typeof coreService, 'modes' | 'decPrivateModes'> | undefined;
  coreService.reset = function () {
    if (fresh === undefined) {
      reset.call(this);
      fresh = { modes: { ...this.modes }, decPrivateModes: { ...this.decPrivateModes } };
      return;
    }
    this.modes = { ...fresh.modes };
    this.decPrivateModes = { ...fresh.decPrivateModes };
  };
}

function isOfItsSize(buffer: ScreenBuffer): boolean {
  return buffer.lines.maxLength === buffer._getCorrectBufferLength(buffer._rows);
}

/** Whether a reset finds a screen's rows to be used again. */
function hasRowsOfItsWidth({ lines, _rows, _cols }: ScreenBuffer): boolean {
  return lines.length >= _rows && lines.get(0)?.length === _cols && lines.get(_rows - 1)?.length === _cols;
}

/** Keeps the first `kept` rows. Those of a screen stay within reach, for `fillViewportRows`; the scrollback does not. */
function empty(buffer: ScreenBuffer, kept = 0): void {
  const { lines } = buffer;
  if (buffer.markers.length > 0) buffer.clearAllMarkers();
  for (let index = buffer._rows; index < lines.length; index++) lines.set(index, undefined);
  if (lines.length !== kept) lines.length = kept;
  buffer.ydisp = 0;
  buffer.ybase = 0;
  buffer.y = 0;
  buffer.x = 0;
  buffer.scrollTop = 0;
  buffer.scrollBottom = buffer._rows - 1;
  buffer.setupTabStops();
}

/**
 * Of the resets (RIS) in one piece of output, the first is carried out as it is in xterm.js. After it, only what output
 * changes has to be reset. Of those one right after another, only the first is carried out at all: the others find
 * everything reset.
 */
function joinResets(core: TerminalCore): void {
  const { _inputHandler, _bufferService, _charsetService, coreService, coreMouseService } = core;
  const { buffers } = _bufferService;
  const { _parser, fullReset } = _inputHandler;
  const { parse } = _parser;
  let input = new Uint32Array(0);
  let end = 0;
  let isFirst = true;
  _parser.parse = function (data, length, promiseResult) {
    [input, end, isFirst] = [data, length, true];
    return parse.call(this, data, length, promiseResult);
  };
  // Takes no time in most terminals, and is never passed on: what resets are overwritten with.
  _parser.setExecuteHandler('\0', () => true);
  _inputHandler.fullReset = function () {
    const { normal, alt } = buffers;
    if (isFirst || buffers._activeBuffer !== normal || normal.lines.length < normal._rows) {
      if (isFirst) dropRepeatedResets(input, end);
      isFirst = false;
      return fullReset.call(this);
    }
    _parser.reset();
    resetPen(this._curAttrData, this);
    const hasScrolled = normal.lines.length > normal._rows;
    emptyScreens(normal, alt);
    _bufferService.isUserScrolling = false;
    if (hasScrolled) _bufferService._onScroll.fire(0);
    _charsetService.reset();
    coreService.reset();
    if (coreMouseService.activeProtocol !== 'NONE') coreMouseService.activeProtocol = 'NONE';
    if (coreMouseService.activeEncoding !== 'DEFAULT') coreMouseService.activeEncoding = 'DEFAULT';
    this._dirtyRowTracker.markRangeDirty(0, _bufferService.rows - 1);
    return true;
  };
}

function resetPen({ fg, bg, extended }: Attributes, input: TerminalCore['_inputHandler']): void {
  if (fg !== 0 || bg !== 0 || extended.ext !== 0 || extended.urlId !== 0) input.reset();
}

function dropRepeatedResets(data: Uint32Array, end: number): void {
  const isReset = (at: number): boolean => at + 1 < end && data[at] === ESC && data[at + 1] === FULL_RESET;
  for (let at = 0; at < end; at++) {
    if (!isReset(at)) continue;
    for (; isReset(at + 2); at += 2) data.fill(0, at + 2, at + 4);
  }
}

function isBufferClass(value: unknown): value is ScreenBuffer {
  return typeof value === 'object' && value !== null && 'clear' in value && 'setupTabStops' in value;
}
