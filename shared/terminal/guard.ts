import { moveColumnsTogether } from './columns.ts';
import { coreOf, type OscHandler, type Parameters, type TerminalCore } from './core.ts';
import { TerminalLinks } from './links.ts';
import { hastenResets } from './resets.ts';
import { moveRows } from './row-moves.ts';
import { shareRows } from './rows.ts';
import { hastenScreens } from './screens.ts';
import { hastenScrolling } from './scrolling.ts';

/** The most lines or tab stops that a sequence may ask for; no terminal of Sandglass is larger. */
const MAX_REPEATS = 1_000;
/** The longest operating system command that is carried out, in characters: setting all 256 colours takes 7,000. */
const MAX_COMMAND_LENGTH = 16_384;
/** The operating system commands that xterm.js carries out. */
const COMMANDS = [0, 1, 2, 4, 8, 10, 11, 12, 104, 110, 111, 112] as const;

/**
 * Makes a terminal of `@xterm/xterm` or `@xterm/headless` safe for hostile output: no output is to take much longer than
 * plain text of its length. What a sequence repeats is bounded by the screen, beyond which it has no effect; rows move
 * together instead of one by one; links cost the same wherever they are; commands and characters have a longest length.
 * What a terminal shows stays what xterm.js would show.
 *
 * @throws Error when the terminal is not of the version that is known here
 */
export function guardTerminal(terminal: object): void {
  const core = coreOf(terminal);
  TerminalLinks.install(core);
  hastenResets(core);
  const newRow = shareRows(core);
  hastenScreens(core);
  hastenScrolling(core, newRow);
  boundRepeats(core);
  moveRowsTogether(core);
  moveColumnsTogether(core);
  // Handlers run from the last one on.
  refuseEndlessRepeats(core);
  boundCommands(core);
}

/** REP repeats a character. Programs use it within a row; more than a screen of it is refused, more than a row is cut. */
function boundRepeats({ _inputHandler, _bufferService }: TerminalCore): void {
  _inputHandler._parser.registerCsiHandler({ final: 'b' }, ({ params }) => {
    const count = params[0] ?? 0;
    if (count > _bufferService.cols * _bufferService.rows) return true;
    if (count > _bufferService.cols) params[0] = _bufferService.cols;
    return false;
  });
}

/** Drops the sequences that no program means: those that repeat what even the largest screen has no room for. */
function refuseEndlessRepeats(core: TerminalCore): void {
  for (const final of ['I', 'L', 'M', 'S', 'T', 'Z']) {
    core._inputHandler._parser.registerCsiHandler({ final }, ({ params }) => (params[0] ?? 0) > MAX_REPEATS);
  }
}

/** IL, DL, SU and SD move all rows in one step. xterm.js moves them by one row as often as the sequence says. */
function moveRowsTogether(core: TerminalCore): void {
  const { _inputHandler, _bufferService } = core;
  const atCursor = (up: boolean) => (parameters: Parameters) => {
    _inputHandler._restrictCursor();
    const { buffer } = _bufferService;
    if (buffer.y > buffer.scrollBottom || buffer.y < buffer.scrollTop) return true;
    move(parameters, up, buffer.y, true);
    buffer.x = 0;
    return true;
  };
  const move = (parameters: Parameters, up: boolean, top: number, erases: boolean): void => {
    const { buffer } = _bufferService;
    const from = buffer.ybase + top;
    const to = buffer.ybase + buffer.scrollBottom;
    const count = Math.min(parameters.params[0] || 1, to - from + 1);
    const cell = buffer.getNullCell(erases ? _inputHandler._eraseAttrData() : undefined);
    moveRows(buffer.lines, { from, to }, { count, up, cell, cols: _bufferService.cols });
    _inputHandler._dirtyRowTracker.markRangeDirty(top, buffer.scrollBottom);
  };
  const { _parser } = _inputHandler;
  _parser.registerCsiHandler({ final: 'L' }, atCursor(false));
  _parser.registerCsiHandler({ final: 'M' }, atCursor(true));
  for (const up of [true, false]) {
    _parser.registerCsiHandler({ final: up ? 'S' : 'T' }, (parameters) => {
      // xterm.js erases with the background colour only where it scrolls up.
      move(parameters, up, _bufferService.buffer.scrollTop, up);
      return true;
    });
  }
}

/** Commands that are too long are dropped: what takes their text apart would take long, and no program means it. */
function boundCommands(core: TerminalCore): void {
  for (const command of COMMANDS) core._inputHandler._parser.registerOscHandler(command, new LengthLimit());
}

class LengthLimit implements OscHandler {
  #length = 0;

  start(): void {
    this.#length = 0;
  }

  put(_data: Uint32Array, start: number, end: number): void {
    this.#length += end - start;
  }

  /** True: handled, and not passed on. */
  end(success: boolean): boolean {
    return success && this.#length > MAX_COMMAND_LENGTH;
  }
}
