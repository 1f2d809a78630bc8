import { printsWithAlt } from '../keys/keys.ts';
import { keyboardPlatform, type Platform } from '../keys/platform.ts';
import { getApp } from '../store/store.ts';
import { awaitsKey, openFresh, typeAhead } from './replace.ts';

/** A key press, as much of it as decides whether it types something; `KeyboardEvent` is one. */
export interface TypedKey {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  getModifierState(name: 'AltGraph'): boolean;
}

const KEY_TEXTS: Readonly<Record<string, string>> = { Enter: '\r', Tab: '\t', Backspace: '\x7f' };

/** What a key types, as a shell gets it; null: it types nothing, as modifiers, arrows and shortcuts do. */
export function typedText(event: TypedKey, platform: Platform): string | null {
  if (event.metaKey || ((event.ctrlKey || event.altKey) && !printsWithAlt(event, platform))) return null;
  if ([...event.key].length === 1) return event.key;
  return KEY_TEXTS[event.key] ?? null;
}

/** Whether a key press opens the new session: what prints, Enter, and the first key of a dead or composed one. */
export function opensFresh(event: TypedKey, platform: Platform): boolean {
  const text = typedText(event, platform);
  return text === null ? event.key === 'Dead' || event.key === 'Process' : text !== '\t' && text !== '\x7f';
}

/**
 * In the tab of a session whose time was up: the first key press opens a new session in its place, what follows is typed
 * ahead into that one. Gives whether the key was taken.
 */
export function takeFreshKey(event: KeyboardEvent): boolean {
  const { active, sessions, replacing } = getApp();
  if (active === null || (sessions[active]?.end ?? null) === null || !isAimedAt(event.target, active)) return false;
  if (replacing.has(active)) {
    const text = typedText(event, keyboardPlatform());
    return text !== null && typeAhead(active, text);
  }
  // A key that is still held down was pressed for the old session.
  if (event.repeat || !awaitsKey(active) || !opensFresh(event, keyboardPlatform())) return false;
  void openFresh(active);
  return true;
}

/** In its terminal, on what its card offers first, or nowhere; never in a field, a menu or a dialog. */
function isAimedAt(target: EventTarget | null, active: string): boolean {
  if (!(target instanceof Element) || document.querySelector('.popup, .dialog') !== null) return false;
  if (target === document.body) return true;
  const pane = document.getElementById(`panel-${active}`);
  return pane?.contains(target) === true && target.closest('.terminal-area, [data-primary]') !== null;
}
