import { WebLinksAddon } from '@xterm/addon-web-links';
import type { Terminal } from '@xterm/xterm';
import { keyboardPlatform } from '../keys/platform.ts';

/** The address of a link a program printed, if it may be opened: http and https only; null: it may not. */
export function openableLink(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}

/** Links in the output open with Ctrl (Cmd on macOS) held; `hovered` gets the true address under the pointer. */
export function addLinks(terminal: Terminal, hovered: (uri: string | null) => void): void {
  const activate = (event: MouseEvent, text: string): void => {
    const uri = openableLink(text);
    const held = keyboardPlatform() === 'mac' ? event.metaKey : event.ctrlKey;
    if (uri !== null && held) window.open(uri, '_blank', 'noopener,noreferrer');
  };
  const hover = (_event: MouseEvent, text: string): void => hovered(openableLink(text));
  const leave = (): void => hovered(null);
  terminal.loadAddon(new WebLinksAddon(activate, { hover, leave }));
  terminal.options.linkHandler = { activate, hover, leave, allowNonHttpProtocols: false };
}
