/** One kind of output made to be slow, or to use memory, in a terminal that reads it. */
export interface HostileOutput {
  readonly name: string;
  /** Comes once. */
  readonly before: string;
  /** Comes again and again, until the output is as long as is wanted; `index` counts. */
  readonly unit: (index: number) => string;
  /** Comes once, at the end. */
  readonly after?: string;
  /** Output that may take more than {@link MOST_OF_PLAIN}. */
  readonly most?: Allowance;
}

/** How much longer than plain text of its length output may take a terminal. */
export const MOST_OF_PLAIN = 3;

/** What a few bytes are allowed to take, and why. */
interface Allowance {
  /** Of what plain text of that length takes. */
  readonly ratio: number;
  readonly because: string;
}

/** A few bytes ask for so many cells that plain text of their length is no measure. */
const SCREEN: Allowance = { ratio: 25, because: 'each sequence moves nearly all cells of a screen of text' };
const RESET: Allowance = { ratio: 6, because: 'two bytes clear modes, tab stops, character sets and both screens' };
const ROW: Allowance = { ratio: 8, because: 'each sequence writes a row, as a line of plain text does' };
const LINE_FEEDS: Allowance = { ratio: 4, because: 'each byte makes a row' };
const LINES: Allowance = { ratio: 6, because: 'two or three bytes make a row with cells of its own, or move one' };
const ROWS_ABOVE: Allowance = { ratio: 8, because: 'two bytes make a row with cells of its own, and move those below' };

const ESC = '\x1b';
const ST = `${ESC}\\`;
/** What plain output is made of: a line of 79 characters, as programs print. */
const LINE = `${'The quick brown fox jumps over the lazy dog. '.repeat(2).slice(0, 79)}\r\n`;
const ALTERNATE = `${ESC}[?1049h`;

const always = (text: string) => (): string => text;

/** What every other output is compared with. */
export const PLAIN_OUTPUT: HostileOutput = { name: 'plain text', before: '', unit: always(LINE) };

/** Kinds of output that have made terminals slow. */
export const HOSTILE_OUTPUTS: readonly HostileOutput[] = [
  { name: 'a link without end', before: `${ESC}]8;;http://e.org${ST}`, unit: always(LINE) },
  { name: 'a link with an id without end', before: `${ESC}]8;id=1;http://e.org${ST}`, unit: always(LINE) },
  {
    name: 'a link for each word',
    before: '',
    unit: (index) => `${ESC}]8;;http://e.org/${index}${ST}word${ESC}]8;;${ST}${index % 8 === 7 ? '\r\n' : ' '}`,
  },
  { name: 'a link for each character', before: '', unit: (index) => `${ESC}]8;;x:${index}${ST}c` },
  {
    name: 'a link with an id for each word',
    before: '',
    unit: (index) =>
      `${ESC}]8;id=${index % 500};http://e.org/${index % 500}${ST}word${ESC}]8;;${ST}${index % 8 === 7 ? '\r\n' : ' '}`,
  },
  {
    name: 'one link on many lines, again and again',
    before: `${ESC}]8;id=1;http://e.org${ST}`,
    unit: (index) => `${ESC}[${(index % 24) + 1};1Hword`,
  },
  {
    name: 'links with long addresses',
    before: '',
    unit: (index) => `${ESC}]8;;http://e.org/${index}/${'a'.repeat(4_000)}${ST}word${ESC}]8;;${ST}\r\n`,
  },
  { name: 'combining characters without end', before: 'e', unit: always('\u0301'.repeat(64)) },
  { name: 'joiners without end', before: '👩', unit: always('\u200d👩') },
  {
    name: 'combining characters on each letter',
    before: '',
    unit: (index) => `${'e\u0301'.repeat(79)}${index % 1 === 0 ? '\r\n' : ''}`,
  },
  {
    name: 'many combining characters on each letter',
    before: '',
    unit: always(`${`e${'\u0301'.repeat(30)}`.repeat(20)}\r\n`),
  },
  { name: 'flags', before: '', unit: always('🇩🇪🇫🇷🇮🇹🇪🇸') },
  { name: 'regional indicators without end', before: '', unit: always('🇩'.repeat(16)) },
  { name: 'emoji with variation selectors', before: '', unit: always('❤️☀️✔️') },
  { name: 'wide characters', before: '', unit: always(`${'漢字'.repeat(20)}\r\n`) },
  { name: 'text without a line end', before: '', unit: always('x'.repeat(80)) },
  {
    name: 'a colour for each character',
    before: '',
    unit: (index) => `${ESC}[38;2;${index % 256};${(index >> 4) % 256};${(index >> 8) % 256}mx`,
  },
  {
    name: 'underlines in many colours',
    before: '',
    unit: (index) => `${ESC}[4:3;58:2::${index % 256}:${(index >> 4) % 256}:9mx`,
  },
  { name: 'attributes without end', before: `${ESC}[`, unit: always('1;') },
  { name: 'sub-parameters without end', before: `${ESC}[4`, unit: always(':3') },
  { name: 'huge parameters', before: '', unit: always(`${ESC}[99999999999999999999;99999999999999999999H`) },
  { name: 'many attributes', before: '', unit: always(`${ESC}[${'1;38;2;1;2;3;4:3;'.repeat(12)}0mx`) },
  { name: 'screens of E', before: '', unit: always(`${ESC}#8`) },
  { name: 'screens cleared', before: LINE.repeat(30), unit: always(`${ESC}[2J`) },
  { name: 'screens and scrollback cleared', before: LINE.repeat(30), unit: always(`${ESC}[H${ESC}[2J${ESC}[3J`) },
  { name: 'protected screens cleared', before: `${ESC}[1"q${LINE.repeat(30)}`, unit: always(`${ESC}[?2J`) },
  { name: 'erasing above', before: LINE.repeat(30), unit: always(`${ESC}[1J`) },
  { name: 'erasing below', before: LINE.repeat(30), unit: always(`${ESC}[H${ESC}[J`) },
  { name: 'lines erased', before: LINE.repeat(30), unit: always(`${ESC}[2K`) },
  { name: 'lines inserted', before: LINE.repeat(30), unit: always(`${ESC}[H${ESC}[99L`) },
  { name: 'lines inserted one by one', before: `${LINE.repeat(30)}${ESC}[H`, unit: always(`${ESC}[L`) },
  {
    name: 'lines inserted within margins',
    before: `${LINE.repeat(30)}${ESC}[2;23r${ESC}[2H`,
    unit: always(`${ESC}[L`),
  },
  { name: 'lines inserted above a long scrollback', before: LINE.repeat(9_000), unit: always(`${ESC}[H${ESC}[999L`) },
  { name: 'lines deleted', before: `${LINE.repeat(30)}${ESC}[H`, unit: always(`${ESC}[999M`) },
  {
    name: 'lines deleted below a long scrollback',
    before: `${LINE.repeat(9_000)}${ESC}[H`,
    unit: always(`${ESC}[999M`),
  },
  { name: 'lines scrolled up', before: LINE.repeat(30), unit: always(`${ESC}[999S`) },
  { name: 'lines scrolled down', before: LINE.repeat(30), unit: always(`${ESC}[999T`) },
  {
    name: 'lines scrolled in a region above a long scrollback',
    before: `${LINE.repeat(9_000)}${ESC}[1;5r`,
    unit: always(`${ESC}[5H\n`),
  },
  {
    name: 'lines scrolled back and forth',
    before: `${LINE.repeat(30)}${ESC}[5;10r`,
    unit: always(`${ESC}[5H${ESC}M${ESC}[10H\n`),
  },
  {
    name: 'line feeds within margins',
    before: `${LINE.repeat(30)}${ESC}[2;23r${ESC}[23H`,
    unit: always('\n'),
    most: LINE_FEEDS,
  },
  { name: 'lines within margins', before: `${ESC}[2;23r${ESC}[23H`, unit: always('x\n'), most: LINES },
  {
    name: 'line feeds above a margin',
    before: `${LINE.repeat(30)}${ESC}[1;5r${ESC}[5H`,
    unit: always('\n'),
    most: LINES,
  },
  {
    name: 'lines above a margin',
    before: `${LINE.repeat(30)}${ESC}[1;5r${ESC}[5H`,
    unit: always('x\n'),
    most: ROWS_ABOVE,
  },
  { name: 'lines above others', before: `${ESC}[H`, unit: always(`x${ESC}M`) },
  {
    name: 'characters inserted into combined ones',
    before: '',
    unit: (index) => (index % 79 === 0 ? `\r${'e\u0301'.repeat(79)}\r` : `${ESC}[@`),
  },
  {
    name: 'characters inserted into links',
    before: '',
    unit: (index) => (index % 79 === 0 ? `\r${ESC}]8;;x:${index}${ST}${'x'.repeat(79)}${ESC}]8;;${ST}\r` : `${ESC}[@`),
  },
  { name: 'reverse line feeds', before: `${LINE.repeat(9_000)}${ESC}[H`, unit: always(`${ESC}M`) },
  { name: 'margins set', before: LINE.repeat(30), unit: always(`${ESC}[5;10r`) },
  { name: 'characters inserted', before: '', unit: always(`${ESC}[G${ESC}[999@`) },
  { name: 'characters inserted by mode', before: `${ESC}[4h`, unit: always('\rx') },
  { name: 'characters deleted', before: '', unit: always(`${ESC}[G${ESC}[999P`) },
  { name: 'columns inserted', before: LINE.repeat(30), unit: always(`${ESC}[G${ESC}[999'}`) },
  { name: 'columns deleted', before: LINE.repeat(30), unit: always(`${ESC}[G${ESC}[999'~`) },
  {
    name: 'columns inserted into text and deleted',
    before: `${LINE.repeat(30)}${ESC}[9G`,
    unit: always(`${ESC}['}${ESC}['~`),
    most: SCREEN,
  },
  { name: 'columns scrolled left', before: LINE.repeat(30), unit: always(`${ESC}[999 @`) },
  { name: 'columns scrolled right', before: LINE.repeat(30), unit: always(`${ESC}[999 A`) },
  { name: 'characters repeated', before: '', unit: always(`x${ESC}[1900b`), most: ROW },
  { name: 'characters repeated up to 2³¹ times', before: '', unit: always(`x${ESC}[2147483647b`) },
  { name: 'wide characters repeated', before: '', unit: always(`漢${ESC}[900b`), most: ROW },
  { name: 'tabs', before: '', unit: always('\t') },
  { name: 'tabs without stops', before: `${ESC}[3g`, unit: always('\r\t') },
  { name: 'many tabs at once', before: '', unit: always(`\r${ESC}[999I`) },
  { name: 'many tabs back at once', before: '', unit: always(`${ESC}[999C${ESC}[999Z`) },
  { name: 'tab stops set and cleared', before: '', unit: always(`${ESC}[3g${ESC}H`) },
  { name: 'an operating system command without end', before: `${ESC}]0;`, unit: always('x'.repeat(64)) },
  { name: 'an unknown command without end', before: `${ESC}]777;`, unit: always('x'.repeat(64)) },
  { name: 'a device control string without end', before: `${ESC}P$q`, unit: always('x'.repeat(64)) },
  { name: 'an application command without end', before: `${ESC}_`, unit: always('x'.repeat(64)) },
  { name: 'sixel', before: `${ESC}Pq`, unit: always('#0;2;0;0;0~~@@vv~~$-') },
  { name: 'images', before: `${ESC}]1337;File=inline=1:`, unit: always('QUJD') },
  { name: 'titles', before: '', unit: (index) => `${ESC}]0;title ${index}\x07` },
  { name: 'long titles', before: '', unit: always(`${ESC}]2;${'t'.repeat(4_000)}\x07`) },
  { name: 'titles pushed and popped', before: '', unit: always(`${ESC}[22t${ESC}[23t`) },
  { name: 'bells', before: '', unit: always('\x07') },
  {
    name: 'colours set',
    before: '',
    unit: (index) => `${ESC}]4;${index % 256};rgb:${(index % 256).toString(16).padStart(2, '0')}/00/00${ST}`,
  },
  { name: 'many colours set at once', before: `${ESC}]4`, unit: (index) => `;${index % 256};#123456`, after: '\x07' },
  { name: 'colours asked for', before: '', unit: always(`${ESC}]10;?\x07${ESC}]4;1;?\x07`) },
  { name: 'colours reset', before: '', unit: always(`${ESC}]104\x07`) },
  { name: 'questions', before: '', unit: always(`${ESC}[c${ESC}[6n`) },
  { name: 'requests for settings', before: '', unit: always(`${ESC}P$qm${ST}`) },
  { name: 'alternate screens', before: LINE.repeat(30), unit: always(`${ESC}[?1049h${ESC}[?1049l`) },
  {
    name: 'alternate screens above a long scrollback',
    before: LINE.repeat(9_000),
    unit: always(`${ESC}[?1049h${ESC}[?1049l`),
  },
  { name: 'alternate screens cleared', before: ALTERNATE, unit: always(`${ESC}[2J`) },
  { name: 'resets', before: LINE.repeat(30), unit: always(`${ESC}c`) },
  { name: 'resets with a character between them', before: '', unit: always(`x${ESC}c`), most: RESET },
  { name: 'resets below a scrollback', before: '', unit: always(`${LINE.repeat(30)}${ESC}c`) },
  { name: 'alternate screens with a character', before: '', unit: always(`${ESC}[?1049hx${ESC}[?1049lx`) },
  { name: 'screens cleared with a character between them', before: '', unit: always(`x${ESC}[2J`) },
  { name: 'screens of E cleared', before: '', unit: always(`${ESC}#8${ESC}[2J`) },
  { name: 'screens of E with a character between them', before: '', unit: always(`${ESC}#8x`) },
  {
    name: 'screens cleared in many colours',
    before: '',
    unit: (index) => `${ESC}[48;2;${index % 256};${(index >> 8) % 256};0m${ESC}[2J`,
  },
  { name: 'screens of E whose columns are deleted', before: '', unit: always(`${ESC}#8${ESC}[ @`) },
  {
    name: 'screens of E, more and more of whose columns are deleted',
    before: '',
    unit: (index) => `${ESC}#8${ESC}[${(index % 70) + 1} @`,
  },
  { name: 'screens of E whose lines are inserted', before: '', unit: always(`${ESC}#8${ESC}[2L`) },
  { name: 'screens of E that are protected', before: `${ESC}[1"q`, unit: always(`${ESC}#8${ESC}[?2J`) },
  { name: 'soft resets', before: '', unit: always(`${ESC}[!p`) },
  { name: 'resize requests', before: '', unit: (index) => `${ESC}[8;${(index % 50) + 1};${(index % 200) + 2}t` },
  { name: 'column modes', before: LINE.repeat(30), unit: always(`${ESC}[?40h${ESC}[?3h${ESC}[?3l`) },
  { name: 'modes', before: '', unit: always(`${ESC}[?1003h${ESC}[?1006h${ESC}[?2004h${ESC}[?25l${ESC}[?25h`) },
  { name: 'cursor styles', before: '', unit: (index) => `${ESC}[${index % 7} q` },
  { name: 'synchronised updates', before: '', unit: always(`${ESC}[?2026hx${ESC}[?2026l`) },
  { name: 'cursors saved and restored', before: '', unit: always(`${ESC}7${ESC}8`) },
  { name: 'cursor movements', before: '', unit: (index) => `${ESC}[${(index % 24) + 1};${(index % 80) + 1}Hx` },
  { name: 'character sets', before: '', unit: always(`${ESC}(0lqqk${ESC}(B`) },
  { name: 'line feeds', before: '', unit: always('\n'), most: LINE_FEEDS },
  { name: 'lines of one character', before: '', unit: always('x\r\n'), most: LINES },
  { name: 'carriage returns', before: '', unit: always('x\r') },
  { name: 'backspaces', before: '', unit: always('x\b') },
  { name: 'backspaces over wrapped lines', before: `${ESC}[?45h${'x'.repeat(1_600)}`, unit: always('\b') },
  { name: 'zeros', before: '', unit: always('\0') },
  { name: 'escapes', before: '', unit: always(ESC) },
  { name: 'invalid UTF-8', before: '', unit: always('\ufffd'.repeat(16)) },
  { name: 'C1 controls', before: '', unit: always('\u0085\u0084\u008d') },
];

/** The output of that kind, of about `length` UTF-16 units. */
export function hostileText({ before, unit, after = '' }: HostileOutput, length: number): string {
  const parts = [before];
  let size = before.length + after.length;
  for (let index = 0; size < length; index++) {
    const next = unit(index);
    parts.push(next);
    size += next.length;
  }
  parts.push(after);
  return parts.join('');
}
