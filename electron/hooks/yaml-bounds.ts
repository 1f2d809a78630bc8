import { Lexer } from 'yaml';

/** The longest `hook.yaml`, in bytes. */
export const MAX_YAML_BYTES = 65_536;
/** Far more of each than a hook needs; far less than what a parser that calls itself would need a deep stack for. */
const MAX_TOKENS = 2_000;
const MAX_FLOW_DEPTH = 16;
const MAX_INDENTATION = 100;

/** What the lexer marks with control characters: document starts, flow scalars, the end of a document. */
const MARKS: ReadonlySet<string> = new Set(['\u{feff}', '\u{2}', '\u{18}', '\u{1f}']);

/**
 * Whether a text can be given to the YAML parser. The parser calls itself for each level of nesting: some kilobytes of
 * brackets exhaust the stack, which V8 does not always survive. So nesting is counted first, by the lexer, which does not.
 *
 * @returns Why not, for a person, with the line; null when it can.
 */
export function yamlProblem(text: string): { readonly line: number; readonly message: string } | null {
  let tokens = 0;
  let flowDepth = 0;
  let column = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) continue;
    if (token === '[' || token === '{') flowDepth += 1;
    else if (token === ']' || token === '}') flowDepth = Math.max(0, flowDepth - 1);
    const opensBlock = flowDepth === 0 && (token === '-' || token === '?' || token === ':');
    if (flowDepth > MAX_FLOW_DEPTH || (opensBlock && column > MAX_INDENTATION)) {
      return { line, message: 'it is nested too deeply' };
    }
    if (!/^\s*$/.test(token) && !token.startsWith('#')) tokens += 1;
    if (tokens > MAX_TOKENS) return { line, message: 'it has far more in it than a hook needs' };
    const lastBreak = token.lastIndexOf('\n');
    column = lastBreak < 0 ? column + token.length : token.length - lastBreak - 1;
    if (lastBreak >= 0) line += token.split('\n').length - 1;
  }
  return null;
}
