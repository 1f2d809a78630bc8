import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kinds of output that are measured. */
export const SAMPLES = ['plain', 'coloured', 'unicode'] as const;
export type SampleName = (typeof SAMPLES)[number];

const WORDS = 'session shell folder build test warning passed failed module import const return await under over'.split(
  ' ',
);
const UNICODE_WORDS = 'Häuser naïve 日本語 テスト Ελληνικά Привет 한국어 😀 👩‍💻 🇩🇪 é → ✓ ░▒▓ žluťoučký עברית'.split(
  ' ',
);

/** The same numbers each time: every run measures the same text. */
function numbers(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

function line(kind: SampleName, random: () => number): string {
  const words = kind === 'unicode' ? UNICODE_WORDS : WORDS;
  const pick = (): string => words[Math.floor(random() * words.length)] ?? '';
  const count = 4 + Math.floor(random() * 10);
  const texts = Array.from({ length: count }, pick);
  if (kind !== 'coloured') return texts.join(' ');
  return texts
    .map((text) => {
      const colour = random();
      if (colour < 0.3) return `\x1b[${31 + Math.floor(random() * 6)}m${text}\x1b[0m`;
      if (colour < 0.5) return `\x1b[1;38;5;${Math.floor(random() * 256)}m${text}\x1b[0m`;
      return colour < 0.6 ? `\x1b[38;2;90;${Math.floor(random() * 256)};200m${text}\x1b[0m` : text;
    })
    .join(' ');
}

/** Text of a kind, at least `bytes` long, the same each time. */
function sampleText(kind: SampleName, bytes: number): string {
  const random = numbers();
  const lines: string[] = [];
  for (let length = 0; length < bytes; ) {
    const next = line(kind, random);
    lines.push(next);
    length += Buffer.byteLength(next) + 1;
  }
  return `${lines.join('\n')}\n`;
}

/** Writes a sample and gives how many bytes a terminal sends of it: each line feed comes with a carriage return. */
export function writeSample(folder: string, kind: SampleName, bytes: number): number {
  const text = sampleText(kind, bytes);
  writeFileSync(join(folder, kind), text);
  return Buffer.byteLength(text) + text.split('\n').length - 1;
}

/**
 * The shell of every measurement, run as `sh -c SCRIPT sh FOLDER`. It reads commands: `show SAMPLE MARK` writes a sample
 * and then `[MARK]`, `size MARK` tells the terminal's size, `flood` writes without end, `keys` echoes what is typed.
 */
const SHELL_SCRIPT = `stty -echo
printf '[ready]'
while read -r what first second; do
  case $what in
    show) cat "$1/$first"; printf '\\r\\n[%s]' "$second" ;;
    size) printf '\\r\\n%s [%s]' "$(stty size)" "$first" ;;
    flood) while :; do cat "$1/$first"; done ;;
    keys) stty echo; printf '\\r\\n[%s]\\r\\n' "$first"; exec cat >/dev/null ;;
  esac
done`;

/** The command line of the shell above. */
export function shellCommand(folder: string): { file: string; args: string[] } {
  return { file: '/bin/sh', args: ['-c', SHELL_SCRIPT, 'sh', folder] };
}
