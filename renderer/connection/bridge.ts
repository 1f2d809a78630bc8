import type { DesktopBridge } from '../../shared/handshake.ts';

declare global {
  interface Window {
    /** There on desktop only, put there by the preload. */
    readonly sandglass?: DesktopBridge;
  }
}

/** What the desktop gives its page; undefined in a browser. */
export function desktopBridge(): DesktopBridge | undefined {
  return window.sandglass;
}
