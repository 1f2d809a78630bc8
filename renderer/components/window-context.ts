import { createContext, use } from 'react';
import type { Command } from '../keys/keys.ts';

/** What buttons and menus need of the window around them. The app provides it, so that they depend on no feature. */
export interface WindowServices {
  /** Runs a command as its shortcut does. */
  run(command: Command): void;
  /** The shortcut of a command as users read it, or null if it has none. */
  shortcutOf(command: Command): string | null;
  /** Where the keyboard goes when a menu closes; true: back to its trigger, false: it stays where it is. */
  focusAfterMenu(openedByMouse: boolean): HTMLElement | boolean;
}

/** Provided once, around everything the window shows. */
export const WindowContext = createContext<WindowServices>({
  run: () => {},
  shortcutOf: () => null,
  focusAfterMenu: () => true,
});

/** What the window around a component offers it. */
export function useWindow(): WindowServices {
  return use(WindowContext);
}

/** The shortcut of a command as users read it, or null if it has none. */
export function useShortcut(command: Command | undefined): string | null {
  const { shortcutOf } = useWindow();
  return command === undefined ? null : shortcutOf(command);
}
