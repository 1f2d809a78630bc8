/** The part of xterm.js's parser that the guard needs. */
interface CsiParser {
  registerCsiHandler(id: { final: string }, handler: (parameters: readonly (number | number[])[]) => boolean): unknown;
}

/** The most lines or tab stops that a sequence may ask for; no terminal of Sandglass is larger. */
const MAX_REPEATS = 1_000;

/** Sequences that xterm.js carries out as often as they say, up to 2³¹ times: CHT, IL, DL, SU, SD, CBT. */
const REPEATING = ['I', 'L', 'M', 'S', 'T', 'Z'] as const;

/**
 * Drops sequences whose only effect beyond the screen's size would be time or memory, up to hours: terminal output is
 * hostile input. `cells` gives the screen's size for REP, which repeats a character.
 */
export function refuseEndlessRepeats(parser: CsiParser, cells: () => number): void {
  for (const final of REPEATING) {
    parser.registerCsiHandler({ final }, ([count]) => typeof count === 'number' && count > MAX_REPEATS);
  }
  parser.registerCsiHandler({ final: 'b' }, ([count]) => typeof count === 'number' && count > cells());
}
