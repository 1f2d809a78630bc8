/** A typed text read as a value, or why it is none, in a sentence. */
export type Read<T> = { ok: true; value: T } | { ok: false; message: string };

const MIB_PER_UNIT: Readonly<Record<string, number>> = { m: 1, g: 1_024, t: 1_048_576 };

/** Whether a text asks for no bound at all. */
function isNone(text: string): boolean {
  return /^(|none|no limit|off|unlimited)$/i.test(text.trim());
}

/** Memory as people write it: `512 MB`, `2g`, a bare number of MB; nothing for no bound. Gives MiB. */
export function readMemory(text: string): Read<number | null> {
  if (isNone(text)) return { ok: true, value: null };
  const [, amount, unit = 'm'] = /^(\d+(?:[.,]\d+)?)\s*(?:([mgt])(?:i?b)?)?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return { ok: false, message: 'Enter a size such as 512 MB or 2 GB.' };
  return { ok: true, value: Math.round(Number(amount.replace(',', '.')) * (MIB_PER_UNIT[unit.toLowerCase()] ?? 1)) };
}

/** A size in MiB as it reads in the form; nothing for no bound. */
export function memoryText(mebibytes: number | null): string {
  if (mebibytes === null) return '';
  return mebibytes % 1_024 === 0 ? `${mebibytes / 1_024} GB` : `${mebibytes} MB`;
}

/** A number of processors, such as `0.5`; nothing for no bound. */
export function readCpus(text: string): Read<number | null> {
  if (isNone(text)) return { ok: true, value: null };
  const trimmed = text.trim().replace(',', '.');
  if (!/^\d+(\.\d{1,2})?$/.test(trimmed)) return { ok: false, message: 'Enter a number such as 1 or 0.5.' };
  return { ok: true, value: Number(trimmed) };
}

/** A whole number; nothing for no bound. */
export function readCount(text: string): Read<number | null> {
  if (isNone(text)) return { ok: true, value: null };
  if (!/^\d{1,9}$/.test(text.trim())) return { ok: false, message: 'Enter a whole number.' };
  return { ok: true, value: Number(text.trim()) };
}

/** One argument per line, each as it stands; lines with nothing in them are none. */
export function readArguments(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** The arguments, one per line; null if that is ambiguous because one is empty or contains a line break. */
export function argumentsText(args: readonly string[]): string | null {
  const text = args.join('\n');
  const again = readArguments(text);
  return again.length === args.length && again.every((argument, index) => argument === args[index]) ? text : null;
}

/** Names between spaces or commas, each once. */
export function readNames(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
}
