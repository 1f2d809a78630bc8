import {
  applyEdits,
  type FormattingOptions,
  findNodeAtLocation,
  type JSONPath,
  modify,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { isRecord } from './setting-values.ts';
import { type SettingsEdit, SettingsFormatError } from './settings-store.ts';

const MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word or character that JSON does not have there',
  InvalidNumberFormat: 'a number that is not written as in JSON',
  PropertyNameExpected: 'a name in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'something follows after the end',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a text is not closed',
  InvalidCharacter: 'a character that JSON does not have',
};

/**
 * Reads a settings file: JSON, in which comments and commas at the end of a list are allowed (JSONC, as editors write it).
 *
 * @throws SettingsFormatError with line and column of what cannot be read, or when it is not an object.
 */
export function parseSettingsText(text: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const content: unknown = parse(withoutMark(text), errors, { allowTrailingComma: true, disallowComments: false });
  const [error] = errors;
  if (error !== undefined) {
    const lines = withoutMark(text).slice(0, error.offset).split('\n');
    const what = MESSAGES[printParseErrorCode(error.error)] ?? 'it is not valid JSON';
    throw new SettingsFormatError(`line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}: ${what}`);
  }
  if (!isRecord(content)) throw new SettingsFormatError('it holds no JSON object');
  return content;
}

/** The text with these edits, one after the other. Comments, order and indentation of the rest stay as they are. */
export function editSettingsText(text: string, edits: readonly SettingsEdit[]): string {
  const plain = withoutMark(text);
  const blank = plain.trim() === '';
  const formattingOptions = formattingOf(plain);
  const edited = edits.reduce(
    (before, { path, value, isInsertion = false }) => {
      // Formatting takes in whole lines, and who wrote an object on one line wants it there.
      const isReplaced = !isInsertion && value !== undefined && typeof value !== 'object' && hasValue(before, path);
      const options = { isArrayInsertion: isInsertion, ...(isReplaced ? {} : { formattingOptions }) };
      return applyEdits(before, modify(before, path, value, options));
    },
    blank ? '{}' : plain,
  );
  return blank || plain.endsWith('\n') ? `${edited.trimEnd()}${formattingOptions.eol}` : edited;
}

function hasValue(text: string, path: JSONPath): boolean {
  const root = parseTree(text, [], { allowTrailingComma: true });
  return root !== undefined && findNodeAtLocation(root, path) !== undefined;
}

/** A whole settings file. */
export function formatSettings(settings: object): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** Some editors put a byte order mark in front. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

/** How the file is indented and how its lines end, by its first indented line. */
function formattingOf(text: string): FormattingOptions & { eol: string } {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indent.startsWith('\t');
  return { insertSpaces, tabSize: insertSpaces ? indent.length : 4, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
