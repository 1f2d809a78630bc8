import type { TerminalSize } from '../terminal/compact.ts';

interface Claim {
  readonly window: object;
  readonly size: TerminalSize;
}

/**
 * Decides on the size of a terminal that several windows show, as tmux does with `window-size latest`: the window that
 * was used last sets it. Attaching, resizing and typing are uses. When that window goes, the one used before it does.
 */
export class WindowSizes {
  readonly #apply: (size: TerminalSize) => void;
  /** The one used last is at the end. */
  #claims: Claim[] = [];

  constructor(apply: (size: TerminalSize) => void) {
    this.#apply = apply;
  }

  /** So much fits into this window, and it is used. */
  claim(window: object, size: TerminalSize): void {
    this.#claims = [...this.#claims.filter((claim) => claim.window !== window), { window, size }];
    this.#apply(size);
  }

  /** This window is typed in. Costs nothing while it is the one used last. */
  use(window: object): void {
    if (this.#claims.at(-1)?.window === window) return;
    const claim = this.#claims.find((each) => each.window === window);
    if (claim !== undefined) this.claim(window, claim.size);
  }

  /** This window shows the terminal no more. */
  leave(window: object): void {
    const wasLast = this.#claims.at(-1)?.window === window;
    this.#claims = this.#claims.filter((claim) => claim.window !== window);
    const last = this.#claims.at(-1);
    if (wasLast && last !== undefined) this.#apply(last.size);
  }
}
