import * as z from 'zod';
import {
  type Attributes,
  type Charset,
  type ColorEvent,
  coreOf,
  type ScreenBuffer,
  type TerminalCore,
} from './core.ts';
import { readLines, StateWriter, writeLines } from './state-lines.ts';
import { StateReader } from './state-reader.ts';

/** States of xterm.js' parser: between sequences, and within a string that a sequence carries. */
const GROUND = 0;
const STRING_STATES: Readonly<Record<number, string>> = {
  7: '\x1b_',
  8: '\x1b]9999;',
  9: '\x1bP',
  10: '\x1bP',
  11: '\x1bP',
  12: '\x1bP',
  13: '\x1bPz',
};

const charset = z.record(z.string(), z.string()).nullable();
const attributes = z.strictObject({ fg: z.int(), bg: z.int(), ext: z.int(), link: z.int().min(-1) });
const screen = z.strictObject({
  x: z.int().min(0),
  y: z.int().min(0),
  ybase: z.int().min(0),
  scrollTop: z.int().min(0),
  scrollBottom: z.int().min(0),
  savedX: z.int().min(0),
  savedY: z.int().min(0),
  saved: attributes,
  savedCharset: charset,
  tabs: z.array(z.int().min(0)),
  lines: z.int().min(0),
});

/** Everything of a terminal's state but its rows. */
const stateSchema = z.strictObject({
  version: z.literal(1),
  cols: z.int().min(2).max(1_000),
  rows: z.int().min(1).max(1_000),
  alternate: z.boolean(),
  normal: screen,
  alt: screen,
  /** How many rows the alternate screen has room for: it keeps what it had while it was not shown. */
  altRows: z.int().min(1).max(4_096),
  pen: attributes,
  links: z.array(z.strictObject({ id: z.string().optional(), uri: z.string() })),
  charsets: z.array(charset).max(4),
  charset,
  glevel: z.int().min(0).max(3),
  modes: z.record(z.string(), z.unknown()),
  privateModes: z.record(z.string(), z.unknown()),
  /** LNM, which xterm.js keeps as an option: a line feed also returns. */
  newLine: z.boolean(),
  /** Whether a program has made the cursor blink. */
  blinks: z.boolean(),
  cursorHidden: z.boolean(),
  cursorInitialized: z.boolean(),
  mouse: z.strictObject({ protocol: z.string(), encoding: z.string() }),
  title: z.string(),
  icon: z.string(),
  titles: z.array(z.string()),
  icons: z.array(z.string()),
  /** Colours that a program has set, by {@link ColorEvent.index}. */
  colors: z.array(z.tuple([z.int(), z.tuple([z.int(), z.int(), z.int()])])),
  joinState: z.int(),
  /** What begins the string that the output is within; empty between sequences. */
  within: z.string(),
});
type State = z.infer<typeof stateSchema>;

/** Which colours a program has set in a terminal; xterm.js keeps them in the window's theme alone. */
export class SetColors {
  readonly #colors = new Map<number, readonly [number, number, number]>();

  constructor(terminal: object) {
    coreOf(terminal)._inputHandler.onColor((events) => {
      for (const event of events) this.#take(event);
    });
  }

  get all(): [number, [number, number, number]][] {
    return [...this.#colors].sort(([a], [b]) => a - b).map(([index, [r, g, b]]) => [index, [r, g, b]]);
  }

  #take({ type, index, color }: ColorEvent): void {
    if (type === 1 && index !== undefined && color !== undefined) this.#colors.set(index, color);
    else if (type === 2 && index !== undefined) this.#colors.delete(index);
    else if (type === 2) for (const known of [...this.#colors.keys()]) if (known < 256) this.#colors.delete(known);
  }
}

/** Whether what was written so far ends between two sequences and characters. */
export function isAtBoundary(terminal: object): boolean {
  const { _parser, _utf8Decoder } = coreOf(terminal)._inputHandler;
  return _parser.currentState === GROUND && _utf8Decoder.interim.every((byte) => byte === 0);
}

/**
 * The whole state of a terminal: both screens with the scrollback, attributes, links, cursors, character sets, modes,
 * colours and titles. All that was written has to be parsed, up to a boundary ({@link isAtBoundary}); within a string
 * without an end, what it carried so far is left out.
 */
export function captureState(terminal: object, colors: SetColors): Uint8Array {
  const core = coreOf(terminal);
  const { _inputHandler: input, _bufferService: buffers, _charsetService: charsets, coreService: service } = core;
  const { normal, alt } = buffers.buffers;
  const writer = new StateWriter();
  const links = new LinkNumbers(core);
  const pen = takeAttributes(input._curAttrData, links);
  const state: State = {
    version: 1,
    cols: buffers.cols,
    rows: buffers.rows,
    alternate: buffers.buffer === alt,
    normal: takeScreen(normal, links),
    alt: takeScreen(alt, links),
    altRows: alt.lines.maxLength,
    pen,
    links: links.all,
    charsets: [0, 1, 2, 3].map((level) => charsets._charsets[level] ?? null),
    charset: charsets.charset ?? null,
    glevel: charsets.glevel,
    modes: { ...service.modes },
    privateModes: { ...service.decPrivateModes },
    newLine: core.optionsService.options.convertEol,
    blinks: core.optionsService.options.cursorBlink,
    cursorHidden: service.isCursorHidden,
    cursorInitialized: service.isCursorInitialized,
    mouse: { protocol: core.coreMouseService.activeProtocol, encoding: core.coreMouseService.activeEncoding },
    title: input._windowTitle,
    icon: input._iconName,
    titles: [...input._windowTitleStack],
    icons: [...input._iconNameStack],
    colors: colors.all,
    joinState: input._parser.precedingJoinState,
    within: STRING_STATES[input._parser.currentState] ?? (input._parser.currentState === GROUND ? '' : '\x1b['),
  };
  for (const buffer of [normal, alt]) writeLines(writer, buffer.lines, (number) => links.numberOf(number));
  // Links of the rows are known now.
  state.links = links.all;
  return writer.finish(JSON.stringify(state));
}

/**
 * Puts a terminal into a state that {@link captureState} gave. Of the scrollback, as much is taken as the terminal keeps.
 *
 * @throws Error when the bytes are no state
 */
export function restoreState(terminal: object, bytes: Uint8Array): void {
  const core = coreOf(terminal);
  const reader = new StateReader(bytes);
  const state = stateSchema.parse(JSON.parse(reader.text()));
  core.reset();
  core.resize(state.cols, state.rows);
  const { _inputHandler: input, _bufferService: buffers, _charsetService: charsets, coreService: service } = core;
  const numbers = state.links.map((link) =>
    core._oscLinkService.registerLink(link.id === undefined ? { uri: link.uri } : { id: link.id, uri: link.uri }),
  );
  const linkOf = (index: number): number => numbers[index] ?? 0;
  if (state.alternate) buffers.buffers.activateAltBuffer();
  const { normal, alt } = buffers.buffers;
  putScreen(normal, state.normal, reader, linkOf, input._curAttrData);
  alt.lines.length = 0;
  alt.lines.maxLength = state.altRows;
  putScreen(alt, state.alt, reader, linkOf, input._curAttrData);
  putAttributes(input._curAttrData, state.pen, linkOf);
  charsets._charsets = state.charsets.map((set) => set ?? undefined);
  charsets.glevel = state.glevel;
  charsets.charset = state.charset ?? undefined;
  Object.assign(service.modes, state.modes);
  Object.assign(service.decPrivateModes, state.privateModes);
  core.optionsService.options.convertEol = state.newLine;
  if (state.blinks) core.optionsService.options.cursorBlink = true;
  service.isCursorHidden = state.cursorHidden;
  service.isCursorInitialized = state.cursorInitialized;
  core.coreMouseService.activeProtocol = state.mouse.protocol;
  core.coreMouseService.activeEncoding = state.mouse.encoding;
  core.writeSync(colorCommands(state.colors));
  if (state.title !== '') core.writeSync(`\x1b]2;${state.title}\x07`);
  input._iconName = state.icon;
  input._windowTitleStack = [...state.titles];
  input._iconNameStack = [...state.icons];
  if (state.within !== '') core.writeSync(state.within);
  input._parser.precedingJoinState = state.joinState;
  input._onRequestSyncScrollBar.fire();
}

/** The sequences that give a terminal the window's own colours back, and then those that a program had set. */
function colorCommands(colors: State['colors']): string {
  const set = colors.map(([index, color]) => {
    const value = `rgb:${color.map((part) => part.toString(16).padStart(2, '0')).join('/')}`;
    return index < 256 ? `\x1b]4;${index};${value}\x07` : `\x1b]${index - 246};${value}\x07`;
  });
  return `\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07${set.join('')}`;
}

/** Numbers links by the order in which they are met; −1: none. */
class LinkNumbers {
  readonly #core: TerminalCore;
  readonly #numbers = new Map<number, number>();
  readonly all: { id?: string | undefined; uri: string }[] = [];

  constructor(core: TerminalCore) {
    this.#core = core;
  }

  numberOf(urlId: number): number {
    if (urlId === 0) return -1;
    const known = this.#numbers.get(urlId);
    if (known !== undefined) return known;
    const link = this.#core._oscLinkService.getLinkData(urlId);
    const number = link === undefined ? -1 : this.all.push({ ...link }) - 1;
    this.#numbers.set(urlId, number);
    return number;
  }
}

function takeAttributes({ fg, bg, extended }: Attributes, links: LinkNumbers): State['pen'] {
  return { fg, bg, ext: extended.ext, link: links.numberOf(extended.urlId) };
}

function putAttributes(
  target: Attributes,
  { fg, bg, ext, link }: State['pen'],
  linkOf: (index: number) => number,
): void {
  target.fg = fg;
  target.bg = bg;
  const extended = target.extended.clone();
  extended.ext = ext;
  extended.urlId = linkOf(link);
  target.extended = extended;
}

function takeScreen(buffer: ScreenBuffer, links: LinkNumbers): z.infer<typeof screen> {
  return {
    x: buffer.x,
    y: buffer.y,
    ybase: buffer.ybase,
    scrollTop: buffer.scrollTop,
    scrollBottom: buffer.scrollBottom,
    savedX: buffer.savedX,
    savedY: buffer.savedY,
    saved: takeAttributes(buffer.savedCurAttrData, links),
    savedCharset: charsetOf(buffer.savedCharset),
    tabs: Object.keys(buffer.tabs)
      .map(Number)
      .filter((column) => buffer.tabs[column] === true),
    lines: buffer.lines.length,
  };
}

function putScreen(
  buffer: ScreenBuffer,
  state: z.infer<typeof screen>,
  reader: StateReader,
  linkOf: (index: number) => number,
  pen: Attributes,
): void {
  const kept = Math.min(state.lines, buffer.lines.maxLength);
  readLines(reader, buffer, { count: state.lines, skipped: state.lines - kept, linkOf, pen });
  const ybase = Math.max(0, state.ybase - (state.lines - kept));
  Object.assign(buffer, {
    x: state.x,
    y: state.y,
    ybase,
    ydisp: ybase,
    scrollTop: state.scrollTop,
    scrollBottom: state.scrollBottom,
    savedX: state.savedX,
    savedY: state.savedY,
    savedCharset: state.savedCharset ?? undefined,
    tabs: Object.fromEntries(state.tabs.map((column) => [column, true])),
  });
  putAttributes(buffer.savedCurAttrData, state.saved, linkOf);
}

function charsetOf(value: unknown): Charset | null {
  return charset.parse(value ?? null);
}
