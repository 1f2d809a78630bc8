import { keyEnvironment } from '../app/shortcut-keys.ts';
import { useApp } from '../store/store.ts';
import { type Command, shortcutText } from './keys.ts';

/** The shortcut of a command as people read it; null: it has none. */
export function useShortcut(command: Command | undefined): string | null {
  // The host, and with it the shortcuts, is known with the first answer of the engine.
  useApp((state) => state.info);
  if (command === undefined) return null;
  const { platform, host } = keyEnvironment();
  return shortcutText(command, platform, host);
}
