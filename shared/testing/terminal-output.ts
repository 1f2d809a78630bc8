import fc from 'fast-check';

const ESC = '\x1b';
const ST = `${ESC}\\`;

const number = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 12 }).map(String),
  fc.integer({ min: 0, max: 300 }).map(String),
);
const csi = (finals: readonly string[], parameters = 1): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(number, { maxLength: parameters }), fc.constantFrom(...finals))
    .map(([values, final]) => `${ESC}[${values.join(';')}${final}`);

const text = fc.oneof(
  fc.string({ maxLength: 30 }).map((value) => value.replace(/\p{Cc}/gu, '.')),
  fc.constantFrom(
    'word ',
    'x'.repeat(45),
    '漢字',
    'e\u0301',
    'a\u200d',
    '😀',
    '👩‍👩‍👧',
    '❤️',
    '🇩🇪',
    '가',
    '\u00a0',
    'ﷺ',
  ),
);

const controls = fc.constantFrom('\r\n', '\n', '\r', '\b', '\t', '\x0e', '\x0f', '\x07', '\x0b', '\x18');

const attributes = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '2',
      '3',
      '4',
      '4:3',
      '4:0',
      '5',
      '7',
      '8',
      '9',
      '21',
      '22',
      '24',
      '27',
      '31',
      '42',
      '53',
      '97',
      '104',
      '38;5;200',
      '48;5;17',
      '38;2;1;2;3',
      '48;2;250;0;9',
      '58;5;3',
      '58:2::9:8:7',
      '59',
    ),
    { maxLength: 4 },
  )
  .map((values) => `${ESC}[${values.join(';')}m`);

const modes = fc
  .tuple(
    fc.constantFrom(
      '4',
      '20',
      '?1',
      '?5',
      '?6',
      '?7',
      '?9',
      '?12',
      '?25',
      '?45',
      '?66',
      '?1000',
      '?1002',
      '?1003',
      '?1004',
      '?1006',
      '?1016',
      '?2004',
      '?2026',
    ),
    fc.constantFrom('h', 'l'),
  )
  .map(([mode, final]) => `${ESC}[${mode}${final}`);

const screens = fc
  .constantFrom('?1049h', '?1049l', '?47h', '?47l', '?1047h', '?1047l', '?1048h', '?1048l')
  .map((mode) => `${ESC}[${mode}`);

const escapes = fc
  .constantFrom(
    '7',
    '8',
    'D',
    'E',
    'H',
    'M',
    '=',
    '>',
    'c',
    'n',
    'o',
    '~',
    '(0',
    '(B',
    ')0',
    ')B',
    '*0',
    '+A',
    '%G',
    '#8',
    '[!p',
    '[s',
    '[u',
  )
  .map((sequence) => `${ESC}${sequence}`);

const commands = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'id=1', 'id=2'), fc.constantFrom('', 'http://e.org/a', 'http://e.org/b'))
    .map(([id, uri]) => `${ESC}]8;${id};${uri}${ST}`),
  fc
    .constantFrom(
      '0;title',
      '2;other',
      '1;icon',
      '4;1;#102030',
      '4;200;rgb:ff/00/10',
      '10;#112233',
      '11;#445566',
      '12;#778899',
      '104',
      '104;1',
      '110',
      '111',
      '112',
      '777;notify',
    )
    .map((command) => `${ESC}]${command}\x07`),
  fc.constant(`${ESC}Pq#0~~${ST}`),
);

/** Text, line ends, backspaces, tabs and colours: what a shell and its plain programs print. */
export const plainOutput: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: text, weight: 6 },
  { arbitrary: fc.constantFrom('\r\n', '\n', '\r', '\b', '\b \b', '\t', '\x1b[K', '\x1b[C', '\x1b[2D'), weight: 4 },
  { arbitrary: attributes, weight: 1 },
);

/** One piece of what programs, or hostile ones, print: text, controls, and sequences of every kind that xterm.js knows. */
export const anyOutput: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: text, weight: 6 },
  { arbitrary: controls, weight: 4 },
  { arbitrary: attributes, weight: 3 },
  { arbitrary: csi(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'd', 'e', 'a', '`', 'I', 'Z']), weight: 2 },
  { arbitrary: csi(['H', 'f', 'r'], 2), weight: 2 },
  {
    arbitrary: csi(['J', 'K', 'X', 'P', '@', 'L', 'M', 'S', 'T', 'g', ' @', ' A', "'}", "'~", '?J', '?K', ' q', '"q']),
    weight: 3,
  },
  { arbitrary: fc.integer({ min: 0, max: 20 }).map((count) => `x${ESC}[${count}b`), weight: 1 },
  { arbitrary: modes, weight: 2 },
  { arbitrary: screens, weight: 1 },
  { arbitrary: escapes, weight: 2 },
  { arbitrary: commands, weight: 1 },
);
