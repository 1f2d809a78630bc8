/** Who caused bytes that go to the program: only what the user did counts as activity. */
export type InputSource = 'user' | 'terminal';

/** What is known at the moment xterm.js gives data out. */
export interface InputContext {
  /** The type of the DOM event being handled, if any. */
  eventType: string | undefined;
  /** Our own paste or menu action is sending. */
  ownAction: boolean;
  /** An input method has just changed the text; xterm.js sends it from a timer, outside of any event. */
  composing: boolean;
}

/** Events in whose handlers xterm.js sends what a person did. Pointer motion and focus are not among them. */
const USER_EVENTS: ReadonlySet<string> = new Set([
  'keydown',
  'keypress',
  'keyup',
  'input',
  'beforeinput',
  'compositionend',
  'paste',
  'drop',
  'mousedown',
  'mouseup',
  'click',
  'auxclick',
  'wheel',
]);

/**
 * Tells keys, pastes and mouse buttons from what the terminal says by itself: answers to queries (device attributes,
 * cursor position, colours) come out of the parser and so outside of any user event, focus reports inside `focus` and
 * `blur`, motion reports inside `mousemove`. What a program prints can therefore never pass as the user's input,
 * whatever it looks like.
 */
export function inputSource(data: string, context: InputContext): InputSource {
  if (context.ownAction) return 'user';
  if (context.eventType !== undefined && USER_EVENTS.has(context.eventType)) return 'user';
  // Composed text never starts with an escape; every answer of the terminal does.
  return context.composing && !data.startsWith('\x1b') ? 'user' : 'terminal';
}

/** The bytes of data xterm.js calls binary: one byte per character code. */
export function binaryBytes(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0) & 0xff);
}
