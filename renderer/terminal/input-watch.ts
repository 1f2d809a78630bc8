import type { InputContext } from './input.ts';

/**
 * Watches one terminal's element for what surrounds its input: which DOM event is being handled, and whether an input
 * method is at work. xterm.js exposes neither through its public interface.
 */
export class InputWatch {
  #ownAction = false;
  #composing = false;
  readonly #abort = new AbortController();

  constructor(element: HTMLElement) {
    const options = { capture: true, signal: this.#abort.signal };
    element.addEventListener('compositionend', () => this.#expectText(), options);
    element.addEventListener('input', () => this.#expectText(), options);
    // 229: the input method has taken the key; what it makes of it is read from the text area a moment later.
    element.addEventListener('keydown', (event) => event.keyCode === 229 && this.#expectText(), options);
  }

  /** The context of data that xterm.js gives out right now. */
  context(): InputContext {
    // Inside xterm.js' own synchronous handler, only `window.event` shows which event is being handled.
    return { eventType: window.event?.type, ownAction: this.#ownAction, composing: this.#composing };
  }

  /** Runs `action`; what it sends is the user's. */
  asUser(action: () => void): void {
    this.#ownAction = true;
    try {
      action();
    } finally {
      this.#ownAction = false;
    }
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** xterm.js reads composed text in a zero timer it starts after this; the second timer here comes after that one. */
  #expectText(): void {
    this.#composing = true;
    setTimeout(() => setTimeout(() => (this.#composing = false)));
  }
}
