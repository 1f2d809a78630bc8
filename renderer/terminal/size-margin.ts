interface Size {
  readonly cols: number;
  readonly rows: number;
}

/**
 * What surrounds a terminal whose size another window has set: it shows the same cells, with a margin where there is
 * room to spare, and its last rows where there is too little; and a line says why.
 */
export class SizeMargin {
  readonly #host: HTMLElement;
  #hint: HTMLElement | null = null;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** `fits`: what the place has room for; null: the terminal takes that size. */
  update(size: Size, fits: Size | null): void {
    const isOwn = fits === null || (size.cols === fits.cols && size.rows === fits.rows);
    const isLarger = fits !== null && (size.cols > fits.cols || size.rows > fits.rows);
    this.#host.toggleAttribute('data-larger', isLarger);
    if (isOwn) {
      this.#hint?.remove();
      this.#hint = null;
      return;
    }
    this.#hint ??= this.#addHint();
    this.#hint.textContent = `Sized for another window (${size.cols} × ${size.rows}). Type here to use this window’s size.`;
  }

  #addHint(): HTMLElement {
    const hint = document.createElement('p');
    hint.className = 'terminal-size-hint';
    hint.dataset.testid = 'size-hint';
    hint.setAttribute('role', 'status');
    this.#host.append(hint);
    return hint;
  }
}
