import { droppedPaths } from './dropped-files.ts';
import { hasHidden } from './paste.ts';

/** What comes of texts that are put into a terminal by other ways than single keys. */
export interface PasteSourcesHost {
  /** Takes the text: asks first where that is needed. */
  offer(text: string): void;
  /** Whether anything can be put in now. */
  acceptsInput(): boolean;
  /** The platform whose shells read paths. */
  platform(): string;
  /** The path of a dropped file; its name where the host knows no more. */
  pathOf(file: File): string;
}

/** Ways of the browser to put text into an editable element other than by keys. */
const INSERTIONS: ReadonlySet<string> = new Set([
  'insertFromPaste',
  'insertFromPasteAsQuotation',
  'insertFromDrop',
  'insertFromYank',
  'insertReplacementText',
  'insertLink',
]);

/**
 * The one gate of a terminal: every text that is pasted (key, menu, middle click), dropped, or committed by an input
 * method or an automation passes through {@link PasteSourcesHost.offer}. Listens in the capture phase around xterm.js,
 * so that its own handlers on the text area, which send what they get, never see one of these events.
 */
export class PasteSources {
  readonly #host: PasteSourcesHost;
  readonly #abort = new AbortController();

  constructor(element: HTMLElement, host: PasteSourcesHost) {
    this.#host = host;
    const options = { capture: true, signal: this.#abort.signal };
    element.addEventListener('paste', (event) => this.#paste(event), options);
    element.addEventListener('beforeinput', (event) => this.#insert(event), options);
    element.addEventListener('compositionend', (event) => this.#compose(event), options);
    element.addEventListener('dragover', (event) => this.#dragOver(event), options);
    element.addEventListener('drop', (event) => this.#drop(event), options);
  }

  dispose(): void {
    this.#abort.abort();
  }

  /** Also a middle click, which pastes the X11 primary selection: Chromium fires the same event. */
  #paste(event: ClipboardEvent): void {
    take(event);
    this.#offer(event.clipboardData?.getData('text/plain') ?? '');
  }

  #insert(event: InputEvent): void {
    const { data, dataTransfer, inputType } = event;
    const text = data ?? dataTransfer?.getData('text/plain') ?? '';
    if (!INSERTIONS.has(inputType) && !(inputType === 'insertText' && isMoreThanKeys(text))) return;
    take(event);
    this.#offer(text);
  }

  /** A composition cannot be prevented: xterm.js reads its text from the text area a moment later, and finds none. */
  #compose(event: CompositionEvent): void {
    if (!isMoreThanKeys(event.data) || !(event.target instanceof HTMLTextAreaElement)) return;
    event.target.value = '';
    this.#offer(event.data);
  }

  #dragOver(event: DragEvent): void {
    const types = event.dataTransfer?.types ?? [];
    if (event.dataTransfer === null || !(types.includes('Files') || types.includes('text/plain'))) return;
    take(event);
    event.dataTransfer.dropEffect = this.#host.acceptsInput() ? 'copy' : 'none';
  }

  #drop(event: DragEvent): void {
    take(event);
    const files = event.dataTransfer?.files;
    if (files !== undefined && files.length > 0)
      this.#offer(droppedPaths(files, this.#host.platform(), (file) => this.#host.pathOf(file)));
    else this.#offer(event.dataTransfer?.getData('text/plain') ?? '');
  }

  #offer(text: string): void {
    if (text !== '' && this.#host.acceptsInput()) this.#host.offer(text);
  }
}

/** Whether a committed text is more than a person types with single keys: several lines, or hidden characters. */
function isMoreThanKeys(text: string): boolean {
  return hasHidden(text) || (text.length > 1 && /[\r\n]/.test(text));
}

function take(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Keeps a browser from leaving the page for a file or a link that is dropped beside a terminal. Returns the function
 * that ends it.
 */
export function refuseStrayDrops(): () => void {
  const refuse = (event: DragEvent): void => {
    // Text may be dropped into text fields; files and links have no place there.
    if (event.dataTransfer === null || event.defaultPrevented) return;
    const { types } = event.dataTransfer;
    if (!types.includes('Files') && !types.includes('text/uri-list')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  };
  const abort = new AbortController();
  window.addEventListener('dragover', refuse, { signal: abort.signal });
  window.addEventListener('drop', refuse, { signal: abort.signal });
  return () => abort.abort();
}
