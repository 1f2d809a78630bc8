import type { IParser } from '@xterm/xterm';

/** Bracketed paste, a DEC private mode (xterm's control sequences). */
const BRACKETED_PASTE = 2_004;

/**
 * Calls `onSwitch` whenever a program switches bracketed paste on or off, also when it switches it back in the same
 * piece of output, which the terminal's modes alone would not show. A reset (RIS) switches it off.
 */
export function followBracketedPaste(parser: IParser, onSwitch: (isOn: boolean) => void): void {
  const follow = (isOn: boolean) => (params: (number | number[])[]) => {
    if (params.includes(BRACKETED_PASTE)) onSwitch(isOn);
    // The terminal's own handler is next.
    return false;
  };
  parser.registerCsiHandler({ prefix: '?', final: 'h' }, follow(true));
  parser.registerCsiHandler({ prefix: '?', final: 'l' }, follow(false));
  parser.registerEscHandler({ final: 'c' }, () => {
    onSwitch(false);
    return false;
  });
}
