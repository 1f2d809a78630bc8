import type { Lines, LinkData, ScreenBuffer, TerminalCore } from './core.ts';

/** Longer addresses are no links: no program means them to be followed, and each is kept while its cells are. */
const MAX_URI_LENGTH = 2_083;
/** Links are looked through for those that no cell has any more when there are this many more than the last time. */
const COLLECT_AFTER = 4_096;

/**
 * Keeps a terminal's hyperlinks (OSC 8). xterm.js keeps a marker for each row of each link, and walks through all of
 * them with each character and each row that scrolls: a link without an end made a terminal slower with every line.
 * Here a link costs the same wherever it is, and those that left the scrollback are let go of in one sweep over many.
 */
export class TerminalLinks {
  readonly #core: TerminalCore;
  readonly #links = new Map<number, LinkData>();
  /** The numbers of links with an id of their own, which join their parts. */
  readonly #numbers = new Map<string, number>();
  #next = 1;
  #collectAt = COLLECT_AFTER;

  constructor(core: TerminalCore) {
    this.#core = core;
  }

  /** Puts the links of `terminal` in place of those that xterm.js keeps. */
  static install(core: TerminalCore): TerminalLinks {
    const links = new TerminalLinks(core);
    Object.assign(core._oscLinkService, {
      registerLink: (link: LinkData) => links.register(link),
      addLineToLink: () => {},
      getLinkData: (number: number) => links.get(number),
    });
    return links;
  }

  /** Gives the link's number, which its cells carry; 0, no link, for an address that is too long. */
  register(link: LinkData): number {
    if (link.uri.length > MAX_URI_LENGTH || (link.id?.length ?? 0) > MAX_URI_LENGTH) return 0;
    const key = link.id === undefined ? null : keyOf(link);
    const known = key === null ? undefined : this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#links.size >= this.#collectAt) this.#collect();
    const number = this.#next++;
    this.#links.set(number, link);
    if (key !== null) this.#numbers.set(key, number);
    return number;
  }

  get(number: number): LinkData | undefined {
    return this.#links.get(number);
  }

  /** Lets go of links that no cell has. */
  #collect(): void {
    const used = new Set<number>();
    const { normal, alt } = this.#core._bufferService.buffers;
    for (const buffer of [normal, alt]) addUsed(buffer, used);
    used.add(this.#core._inputHandler._curAttrData.extended.urlId);
    for (const [number, link] of this.#links) {
      if (used.has(number)) continue;
      this.#links.delete(number);
      if (link.id !== undefined) this.#numbers.delete(keyOf(link));
    }
    this.#collectAt = 2 * this.#links.size + COLLECT_AFTER;
  }
}

function keyOf({ id, uri }: LinkData): string {
  return `${id};;${uri}`;
}

function addUsed({ lines, savedCurAttrData }: ScreenBuffer, used: Set<number>): void {
  used.add(savedCurAttrData.extended.urlId);
  eachLine(lines, (attributes) => used.add(attributes));
}

function eachLine(lines: Lines, add: (urlId: number) => void): void {
  for (let index = 0; index < lines.length; index++) {
    const attributes = lines.get(index)?._extendedAttrs ?? {};
    for (const column in attributes) add(attributes[column]?.urlId ?? 0);
  }
}
