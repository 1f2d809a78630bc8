/**
 * What may be pasted without a question, and the bytes that a paste sends. Pure: the text and the state of the terminal
 * decide, never the way in which the text came.
 */

/**
 * What a program or its terminal can act on although it is only text to its reader:
 *
 * - control characters (C0, DEL and C1, with 8-bit CSI) other than tab and line ends: they are keys, signals and escape
 *   sequences to the terminal driver, to line editors and to full-screen programs;
 * - U+2028 and U+2029: line ends to Node.js' readline, and so to its REPL;
 * - bidirectional embeddings, overrides and isolates (https://trojansource.codes), and tag characters, which are
 *   invisible: the text that is read is not the text that is run.
 */
const HIDDEN = '(?![\\t\\n\\r])\\p{Cc}|[\\p{Zl}\\p{Zp}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}\\u{e0000}-\\u{e007f}]';
const hidden = new RegExp(HIDDEN, 'u');
const everyHidden = new RegExp(HIDDEN, 'gu');

/** The mark that ends a bracketed paste, with the 7-bit and the 8-bit introducer. */
const PASTE_ENDS = ['\x1b[201~', '\u009b201~'] as const;
/** U+241B, the picture of ESC. */
const ESCAPE_PICTURE = '\u241b';

/** How much of a text the question shows, in UTF-16 code units, and how much of it comes before the first hidden character. */
const EXCERPT_LENGTH = 2_000;
const EXCERPT_LEAD = 200;
/** Hidden characters that are counted at most: a text of megabytes may be made of them. */
const MAX_COUNTED = 100_000;
/** Kinds of hidden characters that the question lists. */
const MAX_KINDS = 6;

/** What the terminal is like at this moment. */
export interface PasteTarget {
  /** The program asked for bracketed paste: it can distinguish pasted text from typed text. */
  readonly bracketed: boolean;
  /** What a terminal in line mode keeps of a line, in bytes; the system drops the rest. */
  readonly maxLineBytes: number;
}

/** What the user has agreed to. */
export interface PasteConsent {
  /** Lines run as they are pasted. */
  readonly lines: boolean;
  /** Hidden characters are sent. */
  readonly hidden: boolean;
  /** A program that reads whole lines loses the ends of long ones. */
  readonly longLines: boolean;
}

export const NO_CONSENT: PasteConsent = { lines: false, hidden: false, longLines: false };

/** A kind of hidden character in a text. */
interface HiddenKind {
  /** In caret notation: `^[`. */
  readonly notation: string;
  /** What it is called: `Escape`. */
  readonly name: string;
  readonly count: number;
}

/** A piece of an excerpt: text, or a hidden character's notation. */
export interface ExcerptPart {
  readonly text: string;
  readonly isHidden: boolean;
}

/** What a question about a paste has to say. */
export interface PasteReview {
  readonly text: string;
  /** Lines that would run at once; 0: none would. */
  readonly lines: number;
  /** Hidden characters, the most frequent kinds first; empty: there are none. */
  readonly hidden: readonly HiddenKind[];
  /** How many of them there are; no more than {@link MAX_COUNTED} are counted. */
  readonly hiddenCount: number;
  /** The length of the longest line, in bytes, where a program may lose its end; null: none is that long. */
  readonly longestLineBytes: number | null;
  readonly maxLineBytes: number;
}

/** Whether a text has a character that a program or its terminal may act on. */
export function hasHidden(text: string): boolean {
  return hidden.test(text);
}

/**
 * The text without them. All of them go, so that nothing can be nested in a way that survives: what is left of
 * `ESC ESC[201~[201~` is `[201~[201~`.
 */
export function withoutHidden(text: string): string {
  return text.replace(everyHidden, '');
}

/** Lines of a text to paste; a line end at its end does not start another. */
export function pasteLines(text: string): number {
  return text.replace(/(\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/).length;
}

/** What has to be asked before a text is pasted; null: nothing. */
export function reviewPaste(text: string, target: PasteTarget, consent = NO_CONSENT): PasteReview | null {
  const runs = !target.bracketed && /[\r\n]/.test(text);
  const needsLines = runs && !consent.lines;
  const needsHidden = !consent.hidden && hasHidden(text);
  const longest = target.bracketed || consent.longLines ? 0 : longestLine(text, target.maxLineBytes);
  const needsLongLines = longest > target.maxLineBytes;
  if (!needsLines && !needsHidden && !needsLongLines) return null;
  const kinds = needsHidden ? hiddenKinds(text) : [];
  return {
    text,
    lines: runs ? pasteLines(text) : 0,
    hidden: kinds.slice(0, MAX_KINDS),
    hiddenCount: kinds.reduce((sum, { count }) => sum + count, 0),
    longestLineBytes: needsLongLines ? longest : null,
    maxLineBytes: target.maxLineBytes,
  };
}

/**
 * What a terminal sends for a paste: line ends are the Enter key's, and marks surround it where the program asked for
 * them. Inside of marks nothing can end the paste, whatever the user agreed to: the ESC of such a mark becomes its
 * picture, ␛. What is replaced is never removed, so that no other mark can form around it.
 */
export function pasteData(text: string, bracketed: boolean): string {
  let data = text.replace(/\r?\n/g, '\r');
  if (!bracketed) return data;
  for (const end of PASTE_ENDS) data = data.replaceAll(end, `${ESCAPE_PICTURE}[201~`);
  return `\x1b[200~${data}\x1b[201~`;
}

/** The part of a text that a question shows: its beginning, or what surrounds its first hidden character. */
export function excerptOf(text: string): readonly ExcerptPart[] {
  const first = text.search(hidden);
  const start = first < EXCERPT_LENGTH - EXCERPT_LEAD ? 0 : first - EXCERPT_LEAD;
  // A lone CR is a line end, too, but a page does not draw it as one.
  const shown = text.slice(start, start + EXCERPT_LENGTH).replace(/\r\n?/g, '\n');
  const parts: ExcerptPart[] = start > 0 ? [{ text: '…', isHidden: false }] : [];
  let from = 0;
  for (const match of shown.matchAll(everyHidden)) {
    if (match.index > from) parts.push({ text: shown.slice(from, match.index), isHidden: false });
    parts.push({ text: notationOf(match[0]), isHidden: true });
    from = match.index + match[0].length;
  }
  if (from < shown.length) parts.push({ text: shown.slice(from), isHidden: false });
  if (start + EXCERPT_LENGTH < text.length) parts.push({ text: '…', isHidden: false });
  return parts;
}

/** Caret notation as `cat -v` writes it: `^C`, `^[`, `^?`, `M-^[` for 8-bit CSI; code points beyond as `<U+202E>`. */
export function notationOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `^${String.fromCharCode(code ^ 0x40)}`;
  if (code < 0xa0) return `M-^${String.fromCharCode((code & 0x7f) ^ 0x40)}`;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

const NAMES: Readonly<Record<string, string>> = {
  '^@': 'Null',
  '^[': 'Escape',
  '^?': 'Delete',
  '<U+2028>': 'line separator',
  '<U+2029>': 'paragraph separator',
};

function nameOf(notation: string): string {
  const known = NAMES[notation];
  if (known !== undefined) return known;
  if (notation.startsWith('M-')) return '8-bit control character';
  if (notation.startsWith('<U+E')) return 'invisible tag';
  if (notation.startsWith('<')) return 'change of text direction';
  return `Ctrl+${notation.slice(1)}`;
}

function hiddenKinds(text: string): HiddenKind[] {
  const counts = new Map<string, number>();
  let counted = 0;
  for (const [character] of text.matchAll(everyHidden)) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    counted += 1;
    if (counted === MAX_COUNTED) break;
  }
  return [...counts]
    .map(([character, count]) => ({ notation: notationOf(character), name: nameOf(notationOf(character)), count }))
    .sort((a, b) => b.count - a.count);
}

/** The longest line in UTF-8 bytes; measured only where it can be longer than `limit`. */
function longestLine(text: string, limit: number): number {
  // A UTF-16 code unit is at most three bytes of UTF-8.
  if (text.length * 3 <= limit) return 0;
  let longest = 0;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.length * 3 > limit) longest = Math.max(longest, new TextEncoder().encode(line).byteLength);
  }
  return longest;
}
