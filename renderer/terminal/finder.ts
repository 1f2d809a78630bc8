import type { SearchAddon } from '@xterm/addon-search';
import type { Terminal } from '@xterm/xterm';
import type { FindQuery } from '../store/state.ts';
import { readFindColours } from './theme.ts';

/** What a search found: `index` counts from 0 and is −1 when there are too many to count. */
export interface Found {
  index: number;
  count: number;
}

/** Searches one terminal's scrollback. The addon is loaded with the first search. */
export class Finder {
  readonly #terminal: Terminal;
  #addon: Promise<SearchAddon> | null = null;
  #listener: (found: Found) => void = () => {};
  #last: FindQuery | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  onFound(listener: (found: Found) => void): void {
    this.#listener = listener;
  }

  async find(query: FindQuery, direction: 'next' | 'previous', typing: boolean): Promise<void> {
    const addon = await this.#load();
    const { text, ...options } = query;
    // The addon notices another text, but takes other options for the same search and gives its old count.
    const last = this.#last;
    if (last !== null && (last.caseSensitive !== query.caseSensitive || last.regex !== query.regex)) {
      addon.clearDecorations();
    }
    this.#last = query;
    if (text === '') {
      addon.clearDecorations();
      this.#listener({ index: -1, count: 0 });
      return;
    }
    const colours = readFindColours();
    const search = {
      ...options,
      incremental: typing,
      decorations: {
        matchBackground: colours.match,
        matchOverviewRuler: colours.match,
        activeMatchBackground: colours.active,
        activeMatchBorder: colours.border,
        activeMatchColorOverviewRuler: colours.active,
      },
    };
    if (direction === 'next') addon.findNext(text, search);
    else addon.findPrevious(text, search);
  }

  /** Takes the marks away. */
  async stop(): Promise<void> {
    if (this.#addon === null) return;
    const addon = await this.#addon;
    addon.clearDecorations();
  }

  #load(): Promise<SearchAddon> {
    this.#addon ??= import('@xterm/addon-search').then(({ SearchAddon }) => {
      const addon = new SearchAddon();
      this.#terminal.loadAddon(addon);
      addon.onDidChangeResults(({ resultIndex, resultCount }) =>
        this.#listener({ index: resultIndex, count: resultCount }),
      );
      return addon;
    });
    return this.#addon;
  }
}
