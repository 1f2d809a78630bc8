import type { Running } from '../../shared/running.ts';

/** A part of a sentence; what is a program's name is set apart. */
export interface Phrase {
  readonly text: string;
  readonly isName: boolean;
}

/** The most programs that are named one by one. */
const MAX_NAMED = 4;

/** “sleep is still running, and node and tmux in the background.”, in parts. */
export function runningPhrases({ foreground, background }: Running): Phrase[] {
  const inBackground = names(background);
  if (foreground === null) {
    const verb = background.length === 1 ? 'is' : 'are';
    return [...inBackground, text(` ${verb} still running in the background.`)];
  }
  if (background.length === 0) return [name(foreground), text(' is still running.')];
  return [name(foreground), text(' is still running, and '), ...inBackground, text(' in the background.')];
}

/** How many programs are meant, in words: “it and everything it started” or “them and everything they started”. */
export function runningObject({ foreground, background }: Running): string {
  const count = background.length + (foreground === null ? 0 : 1);
  return count === 1 ? 'it and everything it started' : 'them and everything they started';
}

/** “a, b and c”; “a, b, c, d and 3 more”. */
function names(all: readonly string[]): Phrase[] {
  const shown = all.slice(0, MAX_NAMED);
  const more = all.length - shown.length;
  const parts = [...shown.map(name), ...(more > 0 ? [text(`${more} more`)] : [])];
  return parts.flatMap((part, index) => {
    if (index === 0) return [part];
    return [text(index === parts.length - 1 ? ' and ' : ', '), part];
  });
}

function name(value: string): Phrase {
  return { text: value, isName: true };
}

function text(value: string): Phrase {
  return { text: value, isName: false };
}
