/**
 * The parts of xterm.js 6.0.0 that its public interface does not reach. Both of its packages, for a window and without
 * one, share them. Its version is pinned; {@link coreOf} fails at once when one of them is missing, and tests compare
 * the behaviour.
 */

/** One of the terminal's parameters lists, as CSI handlers get it; xterm.js reads it again after they return false. */
export interface Parameters {
  readonly length: number;
  readonly params: Int32Array;
}

/** Underline style and colour, and the hyperlink, of cells that have them. */
export interface ExtendedAttributes {
  ext: number;
  urlId: number;
  clone(): ExtendedAttributes;
}

/** What is drawn with: the pen. */
export interface Attributes {
  fg: number;
  bg: number;
  extended: ExtendedAttributes;
}

/** One cell's content and attributes. */
export interface Cell extends Attributes {
  content: number;
  combinedData: string;
}

/** One row: three 32-bit numbers for each cell (content, foreground and flags, background and flags). */
export interface Line {
  _data: Uint32Array;
  _combined: Record<number, string>;
  _extendedAttrs: Record<number, ExtendedAttributes | undefined>;
  length: number;
  isWrapped: boolean;
  /** Sandglass's own: what its `_data` are, while it shares them with other rows; see `rows.ts`. */
  _shared: SharedCells | undefined;
  /** Sandglass's own: its cells from before it shared others, for when it needs some again. */
  _spare: Uint32Array | undefined;
  /** Sandglass's own: gives it cells that nothing else shares, to be written to. */
  ownCells(): void;
  getString(index: number): string;
  getTrimmedLength(): number;
  clone(): Line;
  copyFrom(source: Line): void;
  copyCellsFrom(source: Line, from: number, to: number, length: number, inReverse: boolean): void;
  resize(cols: number, cell: Cell): boolean;
  cleanupMemory(): number;
  fill(cell: Cell, respectProtect?: boolean): void;
  replaceCells(start: number, end: number, cell: Cell, respectProtect?: boolean): void;
  insertCells(position: number, count: number, cell: Cell): void;
  deleteCells(position: number, count: number, cell: Cell): void;
  set(index: number, value: unknown): void;
  setCell(index: number, cell: Cell): void;
  setCellFromCodepoint(index: number, codePoint: number, width: number, attributes: Attributes): void;
  addCodepointToCell(index: number, codePoint: number, width: number): void;
}

/** Cells that several rows share until something is written to one of them; they never change. */
export interface SharedCells {
  /** What each cell is, where all are the same; −1 where they differ. */
  readonly content: number;
  readonly fg: number;
  readonly bg: number;
  readonly data: Uint32Array;
}

/** Rows that scroll among themselves: a ring of their own within that of all rows. */
export interface Region {
  /** The place in the ring of all rows where they begin. */
  at: number;
  count: number;
  /** How far from there their first row is. */
  offset: number;
}

/** Rows that are to share cells, each as soon as it is read. */
export interface Fill {
  /** The place in the ring of all rows where they begin. */
  at: number;
  count: number;
  /** What they are to share; rows of another width get as many of its cells, which are all the same then. */
  shared: SharedCells;
  /** How many rows are still to be filled. */
  left: number;
  /** Changes with each fill. */
  number: number;
  /** The last fill that each of the rows has got. */
  readonly done: Uint32Array;
  /** How wide all of the rows are; 0: not known, or not the same. */
  cols: number;
  /** A row of none: what changes all rows before one of them is filled changes it. */
  row: Line | undefined;
  /** Cells of an earlier fill that no row has got. */
  spare: Uint32Array | undefined;
}

/** A ring of rows. */
export interface Lines {
  length: number;
  maxLength: number;
  get(index: number): Line | undefined;
  /** The rows of the ring, and the first one's place in it. */
  readonly _array: (Line | undefined)[];
  _startIndex: number;
  _length: number;
  readonly _maxLength: number;
  readonly isFull: boolean;
  /** Sandglass's own: the rows that lie in another order than theirs; see `ring.ts`. */
  _region: Region | undefined;
  /** Sandglass's own: the rows that are still to be filled; see `ring.ts`. */
  _fill: Fill | undefined;
  /** Drops the first row and gives it back as the last one, where the ring is full. */
  recycle(): Line;
  set(index: number, line: Line | undefined): void;
  push(line: Line): void;
  pop(): Line | undefined;
  splice(start: number, deleteCount: number, ...items: Line[]): void;
  trimStart(count: number): void;
  shiftElements(start: number, count: number, offset: number): void;
  readonly onTrimEmitter: { fire(amount: number): void };
  onDeleteEmitter: { fire(event: { readonly index: number; readonly amount: number }): void };
  readonly onInsertEmitter: {
    hasListeners(): boolean;
    fire(event: { readonly index: number; readonly amount: number }): void;
  };
}

/** The normal or the alternate screen. */
export interface ScreenBuffer {
  lines: Lines;
  x: number;
  y: number;
  ybase: number;
  ydisp: number;
  scrollTop: number;
  scrollBottom: number;
  savedX: number;
  savedY: number;
  savedCurAttrData: Attributes;
  savedCharset: unknown;
  tabs: Record<number, boolean | undefined>;
  readonly _rows: number;
  readonly _cols: number;
  readonly _bufferService: { readonly cols: number };
  readonly _optionsService: { readonly rawOptions: { readonly tabStopWidth: number } };
  readonly markers: readonly { readonly line: number }[];
  _getCorrectBufferLength(rows: number): number;
  clear(): void;
  clearMarkers(row: number): void;
  clearAllMarkers(): void;
  setupTabStops(from?: number): void;
  nextStop(column?: number): number;
  prevStop(column?: number): number;
  fillViewportRows(attributes?: Attributes): void;
  getNullCell(attributes?: Attributes): Cell;
  getBlankLine(attributes: Attributes, isWrapped?: boolean): Line;
}

/** A hyperlink (OSC 8). */
export interface LinkData {
  readonly id?: string;
  readonly uri: string;
}

export interface TerminalCore {
  readonly _inputHandler: {
    _curAttrData: Attributes;
    _windowTitle: string;
    _iconName: string;
    _windowTitleStack: string[];
    _iconNameStack: string[];
    readonly _utf8Decoder: { readonly interim: Uint8Array };
    readonly _onRequestSyncScrollBar: { fire(): void };
    readonly _parser: {
      currentState: number;
      precedingJoinState: number;
      reset(): void;
      parse(data: Uint32Array<ArrayBuffer>, length: number, promiseResult?: boolean): unknown;
      setExecuteHandler(character: string, handler: () => boolean): void;
      registerCsiHandler(
        id: { readonly prefix?: string; readonly intermediates?: string; readonly final: string },
        handler: (parameters: Parameters) => boolean,
      ): unknown;
      registerOscHandler(id: number, handler: OscHandler): unknown;
    };
    readonly _dirtyRowTracker: { markRangeDirty(from: number, to: number): void };
    _eraseAttrData(): Attributes;
    _restrictCursor(maxColumn?: number): void;
    _setCursor(x: number, y: number): void;
    print(data: Uint32Array, start: number, end: number): void;
    eraseInDisplay(parameters: Parameters, respectProtect?: boolean): boolean;
    screenAlignmentPattern(): boolean;
    repeatPrecedingCharacter(parameters: Parameters): boolean;
    cursorForwardTab(parameters: Parameters): boolean;
    cursorBackwardTab(parameters: Parameters): boolean;
    tabSet(): boolean;
    tabClear(parameters: Parameters): boolean;
    scrollLeft(parameters: Parameters): boolean;
    scrollRight(parameters: Parameters): boolean;
    insertColumns(parameters: Parameters): boolean;
    deleteColumns(parameters: Parameters): boolean;
    fullReset(): boolean;
    /** Gives the pen back its attributes. */
    reset(): void;
    reverseIndex(): boolean;
    onColor(listener: (events: readonly ColorEvent[]) => void): unknown;
  };
  readonly _bufferService: {
    readonly cols: number;
    readonly rows: number;
    readonly buffer: ScreenBuffer;
    isUserScrolling: boolean;
    readonly _onScroll: { fire(row: number): void };
    /** Scrolls the rows between the margins up by one. */
    scroll(attributes: Attributes, isWrapped?: boolean): void;
    readonly buffers: {
      readonly normal: ScreenBuffer;
      readonly alt: ScreenBuffer;
      _activeBuffer: ScreenBuffer;
      readonly _onBufferActivate: {
        fire(event: { readonly activeBuffer: ScreenBuffer; readonly inactiveBuffer: ScreenBuffer }): void;
      };
      reset(): void;
      setupTabStops(): void;
      activateAltBuffer(): void;
      activateNormalBuffer(): void;
    };
  };
  readonly _charsetService: {
    charset: Charset | undefined;
    glevel: number;
    _charsets: (Charset | undefined)[];
    reset(): void;
  };
  readonly coreService: {
    isCursorHidden: boolean;
    isCursorInitialized: boolean;
    reset(): void;
    modes: Record<string, unknown> & { readonly insertMode?: unknown };
    decPrivateModes: Record<string, unknown> & { readonly origin?: unknown };
  };
  readonly optionsService: {
    readonly options: { convertEol: boolean; cursorBlink: boolean };
    readonly rawOptions: { readonly scrollOnEraseInDisplay: boolean; readonly screenReaderMode: boolean };
  };
  /** Whether a character joins the one before it (bit 0), its width (bits 1 and 2), and what follows joins by. */
  readonly unicodeService: { charProperties(code: number, preceding: number): number };
  /** Parses at once. */
  writeSync(data: Uint8Array | string): void;
  reset(): void;
  resize(cols: number, rows: number): void;
  readonly coreMouseService: { activeProtocol: string; activeEncoding: string };
  readonly _oscLinkService: {
    registerLink(link: LinkData): number;
    addLineToLink(id: number, row: number): void;
    getLinkData(id: number): LinkData | undefined;
  };
}

/** The replacements that a character set makes. */
export type Charset = Readonly<Record<string, string>>;

/** A colour that a program sets, resets or asks for: 0 … 255, or 256 foreground, 257 background, 258 cursor. */
export interface ColorEvent {
  /** 0 asked for, 1 set, 2 put back. */
  readonly type: number;
  /** Missing: all of 0 … 255. */
  readonly index?: number;
  readonly color?: readonly [number, number, number];
}

/** A handler of operating system commands, piece by piece. */
export interface OscHandler {
  start(): void;
  put(data: Uint32Array, start: number, end: number): void;
  end(success: boolean): boolean;
}

/** What of the core has to be there. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  _inputHandler: ['_curAttrData', '_windowTitle', '_parser', '_utf8Decoder', '_eraseAttrData', 'onColor'],
  _bufferService: ['buffer', 'buffers'],
  _charsetService: ['_charsets', 'glevel'],
  coreService: ['modes', 'decPrivateModes', 'isCursorHidden'],
  coreMouseService: ['activeProtocol', 'activeEncoding'],
  optionsService: ['options', 'rawOptions'],
  unicodeService: ['charProperties'],
  _oscLinkService: ['registerLink', 'addLineToLink', 'getLinkData'],
};

/**
 * The core of a terminal of `@xterm/xterm` or `@xterm/headless`.
 *
 * @throws Error when it is not of the version that is known here
 */
export function coreOf(terminal: object): TerminalCore {
  const core: unknown = Reflect.get(terminal, '_core');
  if (!isCore(core)) throw new Error('This version of xterm.js is not known: parts of its core are missing');
  return core;
}

function isCore(core: unknown): core is TerminalCore {
  if (typeof core !== 'object' || core === null) return false;
  return Object.entries(NEEDED).every(([part, members]) => {
    const value: unknown = Reflect.get(core, part);
    return typeof value === 'object' && value !== null && members.every((member) => member in value);
  });
}
