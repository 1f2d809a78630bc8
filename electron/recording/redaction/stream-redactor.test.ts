import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secrets } from './secrets.ts';
import { redactText, StreamRedactor } from './stream-redactor.ts';

const MAX_HELD_BYTES = 65_536;

const TOKEN = 'ghp_x7Kq2vLm9Rt4Wz8B';
const LABEL = '[redacted TOKEN]';
const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw',
  'gSjAgEAAoIBAQDXtY',
  '-----END PRIVATE KEY-----',
].join('\n');

function secretsOf(values: Readonly<Record<string, string>>): Secrets {
  const secrets = new Secrets();
  for (const [name, value] of Object.entries(values)) secrets.add(name, value);
  return secrets;
}

/** What is passed on of output that comes in these reads. */
function pass(secrets: Secrets, reads: readonly (string | Uint8Array)[]): string {
  return passBytes(secrets, reads).toString();
}

function passBytes(secrets: Secrets, reads: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [];
  using redactor = new StreamRedactor(secrets, (_at, bytes) => parts.push(bytes));
  for (const read of reads) redactor.write(0, typeof read === 'string' ? Buffer.from(read) : read);
  redactor.flush();
  return Buffer.concat(parts);
}

/** What is left when everything is taken out that a terminal does not show. */
function stripped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found
      .replaceAll(/\x1b[\]PX^_][^\x1b\x07]*(\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be found
      .replaceAll(/[\x00-\x1f\x7f]/g, '')
  );
}

/** The same reads, cut elsewhere. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

describe('what is replaced', () => {
  const token = secretsOf({ TOKEN });

  test.each([
    ['as it is', `TOKEN=${TOKEN}\r\n`, `TOKEN=${LABEL}\r\n`],
    ['twice', `${TOKEN} ${TOKEN}`, `${LABEL} ${LABEL}`],
    ['in a title', `\x1b]0;echo ${TOKEN}\x07$ `, `\x1b]0;echo ${LABEL}\x07$ `],
    ['in the colours of its parts', `\x1b[32mghp_\x1b[1mx7Kq2vLm9\x1b[0mRt4Wz8B.`, `\x1b[32m${LABEL}\x1b[1m\x1b[0m.`],
    ['around a title', `ghp_x7Kq\x1b]0;busy\x1b\\2vLm9Rt4Wz8B`, `${LABEL}\x1b]0;busy\x1b\\`],
    ['around a change of character sets', `ghp_x7\x1b(BKq2vLm9\x0fRt4Wz8B`, `${LABEL}\x1b(B\x0f`],
    ['around controls in UTF-8', `ghp_x7\u009b1mKq2vLm9Rt4Wz8B`, `${LABEL}\u009b1m`],
    ['over a line end', `ghp_x7Kq2v\r\nLm9Rt4Wz8B`, `${LABEL}\r\n`],
  ])('a value %s', (_how, output, expected) => {
    expect(pass(token, [output])).toBe(expected);
    expect(pass(token, [...output])).toBe(expected);
  });

  test('a value that a line editor carries on in the next row', () => {
    // What bash writes at the right edge: the next character or a blank, then a carriage return.
    const blank = pass(token, ['$ x=ghp_x7Kq2v', ' \r', 'Lm9Rt4Wz8B', '\r\n']);
    const next = pass(token, ['$ x=ghp_x7Kq2v', 'L\rLm9Rt4Wz8B', '\r\n']);
    for (const text of [blank, next]) {
      expect(text).toContain(LABEL);
      expect(text).not.toMatch(/ghp_|Lm9|4Wz/);
    }
  });

  test('a value that was mistyped and corrected', () => {
    for (const correction of ['\b\x1b[K', '\b \b', '\x1b[D\x1b[K']) {
      const text = pass(token, ['$ ', ...'ghp_x7KqX', correction, ...'2vLm9Rt4Wz8B', '\r\n']);
      expect(text).toContain(LABEL);
      expect(text).not.toMatch(/ghp_|Lm9|4Wz/);
    }
  });

  test('a value in which something was put in later', () => {
    const text = pass(token, [
      '$ ',
      ...'ghp_x7Kq2Rt4Wz8B',
      '\b'.repeat(7),
      'v',
      'LRt4Wz8B',
      '\b'.repeat(7),
      'm9Rt4Wz8B\r\n',
    ]);
    expect(text).toContain(LABEL);
    expect(text).not.toMatch(/ghp_|4Wz/);
  });

  test('a value that is drawn anew with each key, as highlighting does', () => {
    const back = [...TOKEN].map((_char, index) => `${'\b'.repeat(index)}\x1b[4m${TOKEN.slice(0, index + 1)}\x1b[24m`);
    const line = [...TOKEN].map((_char, index) => `\r\x1b[K$ export X=${TOKEN.slice(0, index + 1)}`);
    for (const keys of [back, line]) {
      const text = stripped(pass(token, keys));
      expect(text).toContain(LABEL);
      expect(text).not.toMatch(/x7Kq|2vLm|9Rt4|Wz8B/);
    }
  });

  test('a value in bold as printers wrote it', () => {
    const text = pass(token, [[...TOKEN].map((char) => `${char}\b${char}`).join('')]);
    expect(stripped(text)).toBe(LABEL);
  });

  test('several values, one of which is part of another, or goes on in another', () => {
    const secrets = secretsOf({ SHORT: 'secret-1', LONG: 'my-secret-1-and-more', NEXT: 'more-of-it' });
    expect(pass(secrets, ['a secret-1 b'])).toBe('a [redacted SHORT] b');
    expect(stripped(pass(secrets, ['a my-secret-1-and-more b']))).toMatch(/^a (\[redacted (LONG|SHORT)\])+ b$/);
    expect(pass(secrets, ['my-secret-1-and-more-of-it'])).not.toMatch(/my-|secret|more|of-it/);
  });

  test('a value of many lines: as a whole, and its longer lines alone', () => {
    const secrets = secretsOf({ KEY });
    expect(pass(secrets, [`$ cat key\r\n${KEY.replaceAll('\n', '\r\n')}\r\n$ `])).toBe(
      '$ cat key\r\n[redacted KEY]\r\n\r\n\r\n\r\n$ ',
    );
    expect(pass(secrets, ['  gSjAgEAAoIBAQDXtY\r\n'])).toBe('  [redacted KEY]\r\n');
  });

  test('a long value: as a whole, and parts of it', () => {
    const long = Array.from({ length: 300 }, (_, index) => `part${index}`).join(':');
    const secrets = secretsOf({ LONG: long });
    expect(pass(secrets, [`<${long}>`])).toBe('<[redacted LONG]>');
    expect(pass(secrets, [...`<${long}>`])).toBe('<[redacted LONG]>');
    expect(pass(secrets, [`<${long.slice(0, 1_000)}`])).not.toContain('part50');
  });

  test.each([
    ['JSON', JSON.stringify({ password: 'pa"ss\\w\nörd!' })],
    ['export -p', 'declare -x P="pa\\"ss\\\\w\nörd!"'],
    ['an address', `https://me:${encodeURIComponent('pa"ss\\w\nörd!')}@example.org`],
    ['Base64', Buffer.from('pa"ss\\w\nörd!').toString('base64')],
    ['HTTP’s Basic authentication', Buffer.from('somebody:pa"ss\\w\nörd!:').toString('base64')],
  ])('a value as %s has it', (_how, output) => {
    expect(pass(secretsOf({ P: 'pa"ss\\w\nörd!' }), [output])).toContain('[redacted P]');
  });

  test('an old value goes on being one', () => {
    const secrets = secretsOf({ TOKEN });
    const parts: Uint8Array[] = [];
    using redactor = new StreamRedactor(secrets, (_at, bytes) => parts.push(bytes));
    redactor.write(0, Buffer.from('x ghp_x7'));
    secrets.add('TOKEN', 'another-value');
    redactor.write(0, Buffer.from('Kq2vLm9Rt4Wz8B another-value x'));
    redactor.flush();
    expect(Buffer.concat(parts).toString()).toBe(`x ${LABEL} ${LABEL} x`);
  });
});

describe('what is not', () => {
  test('output without a value passes as it is, whatever bytes it has', () => {
    const secrets = secretsOf({ TOKEN, KEY });
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 1, max: TOKEN.length - 1 }).map((length) => Buffer.from(TOKEN.slice(0, length))),
      fc
        .constantFrom('\x1b[', '\b', '\r', '\r\n', ' \r', '\x1b]0;', '\x07', '\u009b', 'ghp_', '\x1b[3D')
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, places) => {
        const bytes = Buffer.concat(parts);
        const passed = passBytes(secrets, cut(bytes, places));
        if (!passed.includes('[redacted')) expect(passed.equals(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes pass as they are', () => {
    const secrets = secretsOf({ TOKEN });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5_000, size: 'max' }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (bytes, places) => {
          expect(passBytes(secrets, cut(bytes, places)).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  test('a beginning that goes on differently is passed on', () => {
    const parts: string[] = [];
    using redactor = new StreamRedactor(secretsOf({ TOKEN }), (_at, bytes) =>
      parts.push(Buffer.from(bytes).toString()),
    );
    redactor.write(0, Buffer.from('a gh'));
    expect(parts.join('')).toBe('a ');
    redactor.write(0, Buffer.from('ost'));
    expect(parts.join('')).toBe('a ghost');
  });

  test('not even a hostile program makes it hold back more than is meant', () => {
    let passed = 0;
    using redactor = new StreamRedactor(secretsOf({ TOKEN }), (_at, bytes) => {
      passed += bytes.length;
    });
    const read = Buffer.from('\x1b[0m'.repeat(256));
    redactor.write(0, Buffer.from(TOKEN.slice(0, -1)));
    for (let count = 0; count < 1_000; count += 1) {
      redactor.write(0, read);
      expect(redactor.heldBytes).toBeLessThanOrEqual(MAX_HELD_BYTES);
    }
    expect(passed).toBeGreaterThan(900 * read.length);
  });
});

describe('wherever a value stands', { timeout: 90_000 }, () => {
  const fillers = fc.constantFrom(
    '\x1b[0m',
    '\x1b[38;5;1m',
    '\x1b]0;t\x07',
    '\x1b]8;;http://x\x1b\\',
    '\x1b(B',
    '\r\n',
    '\x0f',
    '\x07',
    '\x1bM',
    '\u009b2m',
  );

  test('it is not in what is passed on, nor in what a terminal shows of that', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(TOKEN, KEY, 'pässwörd-❤-123'),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.array(fc.tuple(fc.nat(), fillers), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (value, before, after, inserted, places) => {
          const chars = [...value];
          for (const [place, filler] of inserted) {
            const index = place % chars.length;
            chars[index] = `${chars[index]}${filler}`;
          }
          // An unfinished sequence before it would hide a part of it, which then is not shown.
          const output = `${before}\x18${chars.join('')}${after}`;
          const text = passBytes(secretsOf({ V: value }), cut(Buffer.from(output), places)).toString();
          expect(text).toContain('[redacted V]');
          expect(text).not.toContain(value);
          expect(stripped(text)).not.toContain(stripped(value));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('times and events', () => {
  test('what was held back keeps its time and its place among events', () => {
    const seen: (string | number)[][] = [];
    using redactor = new StreamRedactor(secretsOf({ TOKEN }), (at, bytes) =>
      seen.push([at, Buffer.from(bytes).toString()]),
    );
    redactor.write(10, Buffer.from('one ghp_'));
    redactor.event(() => seen.push(['resize']));
    redactor.write(20, Buffer.from('x7K'));
    redactor.event(() => seen.push(['marker']));
    redactor.write(30, Buffer.from('! two'));
    redactor.flush();
    expect(seen).toEqual([[10, 'one '], [10, 'ghp_'], ['resize'], [20, 'x7K'], ['marker'], [30, '! two']]);
  });

  test('a value that came in several reads stands where it began', () => {
    const seen: (string | number)[][] = [];
    using redactor = new StreamRedactor(secretsOf({ TOKEN }), (at, bytes) =>
      seen.push([at, Buffer.from(bytes).toString()]),
    );
    redactor.write(10, Buffer.from('one ghp_x7'));
    redactor.write(20, Buffer.from('Kq2vLm9Rt4Wz8B two'));
    expect(seen).toEqual([
      [10, 'one '],
      [10, LABEL],
      [20, ' two'],
    ]);
  });

  test('an event that follows output that is all there is not kept', () => {
    let count = 0;
    using redactor = new StreamRedactor(secretsOf({ TOKEN }), () => {});
    redactor.write(0, Buffer.from('nothing here\r\n'));
    redactor.event(() => {
      count += 1;
    });
    expect(count).toBe(1);
  });
});

test('texts: titles, labels, messages', () => {
  const secrets = secretsOf({ TOKEN });
  expect(redactText(secrets, `curl -H ${TOKEN}`)).toBe(`curl -H ${LABEL}`);
  expect(redactText(secrets, 'grüße \ud800 ghp_')).toBe('grüße \ud800 ghp_');
  secrets.clear();
  expect(redactText(secrets, TOKEN)).toBe(TOKEN);
});
