/** The prompt of every shell that is measured. */
export const PROMPT = 'bench-prompt> ';

/** Resolves at the first prompt. */
export class PromptWatch {
  readonly seen = Promise.withResolvers<void>();
  #text = '';

  add(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString('latin1');
    if (this.#text.includes(PROMPT)) this.seen.resolve();
  }
}
