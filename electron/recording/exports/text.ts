import type headless from '@xterm/headless';
import { openHeadlessTerminal } from '../../terminal/headless-terminal.ts';
import type { CastReader } from './cast-reader.ts';

/** How much output the terminal gets before lines that left the screen are taken, in UTF-16 units. */
const PIECE_LENGTH = 4_096;
/** How much is collected before the terminal is waited for, in UTF-16 units. */
const BATCH_LENGTH = 65_536;
/** The sizes that a terminal of Sandglass can have. */
const MIN_COLS = 2;
const MAX_SIZE = 1_000;

/**
 * A recording as plain text: what a person would copy from the terminal's scrollback at its end. The recording is
 * played through a terminal without a screen, so that what was overwritten (progress bars, line editing) shows its last
 * state, and full-screen programs on the alternate screen leave nothing. It reads characters as a window does, so that
 * what stays on the screen is what *Select all* copies there. Unlike in a window, clearing the screen or the
 * scrollback loses nothing. Lines are given as soon as they leave the screen: memory stays bounded.
 */
export async function* castText(recording: CastReader): AsyncGenerator<string> {
  const { cols, rows } = recording.header.term;
  using terminal = new TextTerminal(cols, rows);
  let waiting: string[] = [];
  let length = 0;
  for await (const { code, data } of recording.events) {
    if (code === 'o') {
      waiting.push(data);
      length += data.length;
    }
    if (code !== 'r' && length < BATCH_LENGTH) continue;
    yield await terminal.play(waiting.join(''));
    waiting = [];
    length = 0;
    if (code === 'r') terminal.resize(data);
  }
  yield await terminal.play(waiting.join(''));
  yield terminal.end();
}

/** A terminal whose lines are taken as they leave the screen. */
class TextTerminal {
  readonly #terminal: headless.Terminal;
  /** The first line of the normal screen that is not taken yet; undefined: the very first one. */
  #next: headless.IMarker | undefined;
  #text: string[] = [];
  #started = false;
  #wrote = false;
  /** Line breaks to be written before the next text; those at the very end never are. */
  #breaks = 0;

  constructor(cols: number, rows: number) {
    this.#terminal = openHeadlessTerminal({
      cols: clamp(cols, MIN_COLS),
      rows: clamp(rows, 1),
      // No character makes more than one line, and whatever makes more of them takes what is there first.
      scrollback: 2 * PIECE_LENGTH + 2 * MAX_SIZE,
      scrollOnEraseInDisplay: true,
    });
    const { parser } = this.#terminal;
    // The alternate screen hides the normal one, whose lines cannot be taken while it does.
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, () => this.#take(false));
    parser.registerCsiHandler({ final: 'J' }, ([which]) => this.#take(which === 3));
    parser.registerEscHandler({ final: 'c' }, () => {
      this.#takeAll();
      this.#breaks = 0;
      return false;
    });
    // A character that is repeated may push lines out: those are taken first. Handlers run from the last one on.
    parser.registerCsiHandler({ final: 'b' }, () => this.#take(false));
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }

  /** Plays output; gives the text that left the screen. */
  async play(output: string): Promise<string> {
    const played: Promise<void>[] = [];
    for (let start = 0; start < output.length; start += PIECE_LENGTH) {
      const { promise, resolve } = Promise.withResolvers<void>();
      played.push(promise);
      this.#terminal.write(output.slice(start, start + PIECE_LENGTH), () => {
        this.#take(false);
        resolve();
      });
    }
    await Promise.all(played);
    return this.#takeText();
  }

  /** Takes the size of a resize event (`80x24`); anything else is left out. */
  resize(size: string): void {
    const match = /^(\d{1,5})x(\d{1,5})$/.exec(size);
    if (match !== null) this.#terminal.resize(clamp(Number(match[1]), MIN_COLS), clamp(Number(match[2]), 1));
  }

  /** What is still on the screen. */
  end(): string {
    this.#takeAll();
    if (this.#wrote) this.#text.push('\n');
    return this.#takeText();
  }

  /** Takes the lines that left the screen. Gives back what a parser hook answers: whether the sequence is dropped. */
  #take(dropSequence: boolean): boolean {
    const { active, normal } = this.#terminal.buffer;
    if (active.type !== 'normal') return dropSequence;
    // A wrapped line is taken as a whole, unless it is endless: when the width changes, its parts are no longer the same.
    let end = normal.baseY;
    while (end > this.#nextLine && normal.baseY - end < MAX_SIZE && normal.getLine(end)?.isWrapped) end--;
    if (normal.getLine(end)?.isWrapped) end = normal.baseY;
    if (end > this.#nextLine) {
      this.#takeLines(end);
      this.#next?.dispose();
      this.#next = this.#terminal.registerMarker(end - normal.baseY - normal.cursorY);
    }
    return dropSequence;
  }

  #takeAll(): void {
    this.#takeLines(this.#terminal.buffer.normal.length);
    this.#next?.dispose();
    this.#next = undefined;
  }

  get #nextLine(): number {
    return Math.max(0, this.#next?.line ?? 0);
  }

  #takeLines(end: number): void {
    const { normal } = this.#terminal.buffer;
    for (let index = this.#nextLine; index < end; index++) {
      const line = normal.getLine(index);
      if (line === undefined) return;
      if (this.#started && !line.isWrapped) this.#breaks++;
      this.#started = true;
      const text = line.translateToString(true);
      if (text === '') continue;
      this.#text.push('\n'.repeat(this.#breaks), text);
      this.#breaks = 0;
      this.#wrote = true;
    }
  }

  #takeText(): string {
    const text = this.#text.join('');
    this.#text = [];
    return text;
  }
}

function clamp(size: number, min: number): number {
  return Math.min(Math.max(size, min), MAX_SIZE);
}
