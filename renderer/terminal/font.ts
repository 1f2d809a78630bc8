/** The family of `styles/fonts.css`; what it lacks comes from the system. */
export const TERMINAL_FONT = "'JetBrains Mono Variable', ui-monospace, 'DejaVu Sans Mono', monospace";

/**
 * Rows are as high as the font says: its line is 1.32 em, which leaves enough room between lines of text, and its box drawing
 * and block characters fill exactly that, so that frames have no gaps.
 */
export const LINE_HEIGHT = 1;

/** A character of each file: a letter, box drawing, a block. A file is loaded when a character of it is asked for. */
const SAMPLE = 'A─█';

/** Loads the terminal's fonts in every style. Never rejects: what cannot be loaded is drawn in a font of the system. */
export async function loadTerminalFonts(): Promise<void> {
  const styles = ['400', '700', 'italic 400', 'italic 700'];
  await Promise.allSettled(
    styles.map((style) => document.fonts.load(`${style} 13px 'JetBrains Mono Variable'`, SAMPLE)),
  );
}
