import type { ITheme } from '@xterm/xterm';

/** Each colour of the terminal and the token (`styles/tokens.css`) it comes from. */
const TOKENS = {
  background: '--term-background',
  foreground: '--term-foreground',
  cursor: '--term-cursor',
  cursorAccent: '--term-background',
  selectionBackground: '--term-selection',
  selectionInactiveBackground: '--term-selection-inactive',
  scrollbarSliderBackground: '--term-scrollbar',
  scrollbarSliderHoverBackground: '--term-scrollbar-hover',
  scrollbarSliderActiveBackground: '--term-scrollbar-hover',
  black: '--term-black',
  red: '--term-red',
  green: '--term-green',
  yellow: '--term-yellow',
  blue: '--term-blue',
  magenta: '--term-magenta',
  cyan: '--term-cyan',
  white: '--term-white',
  brightBlack: '--term-bright-black',
  brightRed: '--term-bright-red',
  brightGreen: '--term-bright-green',
  brightYellow: '--term-bright-yellow',
  brightBlue: '--term-bright-blue',
  brightMagenta: '--term-bright-magenta',
  brightCyan: '--term-bright-cyan',
  brightWhite: '--term-bright-white',
} as const satisfies Partial<Record<keyof ITheme, string>>;

/**
 * The terminal's colours as the tokens stand now. `finding`: the active match is the terminal's selection, which xterm.js
 * draws over the marks of all matches; while the keyboard is in the find bar it has the active match's colour.
 */
export function readTerminalTheme(finding = false): ITheme {
  const style = getComputedStyle(document.documentElement);
  const read = (token: string): string => style.getPropertyValue(token).trim();
  const theme: ITheme = Object.fromEntries(Object.entries(TOKENS).map(([name, token]) => [name, read(token)]));
  return finding ? { ...theme, selectionInactiveBackground: read('--term-match-active') } : theme;
}

/** The decorations of found text; xterm.js takes only #RRGGBB here. */
export function readFindColours(): { match: string; active: string; border: string } {
  const style = getComputedStyle(document.documentElement);
  return {
    match: style.getPropertyValue('--term-match').trim(),
    active: style.getPropertyValue('--term-match-active').trim(),
    border: style.getPropertyValue('--term-foreground').trim(),
  };
}
