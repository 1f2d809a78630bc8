import { FitAddon } from '@xterm/addon-fit';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { type IDisposable, Terminal } from '@xterm/xterm';
import { encodeAck, encodeBytes, encodeCancelInput, type Replay } from '../../shared/frames.ts';
import type { SessionId } from '../../shared/session.ts';
import { guardTerminal } from '../../shared/terminal/guard.ts';
import { restoreState } from '../../shared/terminal/state.ts';
import { AckBatch } from './acks.ts';
import type { BackgroundWriter } from './background-writer.ts';
import { Finder } from './finder.ts';
import { LINE_HEIGHT, TERMINAL_FONT } from './font.ts';
import { hasRealGpu } from './gpu.ts';
import { inflate } from './inflate.ts';
import { binaryBytes, inputSource } from './input.ts';
import { InputQueue, type InputState, type StopReason } from './input-queue.ts';
import { InputWatch } from './input-watch.ts';
import { addLinks } from './links.ts';
import { NO_CONSENT, type PasteConsent, type PasteReview, pasteData, reviewPaste } from './paste.ts';
import { followBracketedPaste } from './paste-mode.ts';
import { PasteSources } from './paste-sources.ts';
import type { TerminalPreferences } from './reading.ts';
import { SizeMargin } from './size-margin.ts';
import { readTerminalTheme } from './theme.ts';
import { WriteQueue } from './write-queue.ts';

/** What Ctrl+C sends. */
const INTERRUPT = '\x03';
/** The longest line that a terminal in line mode keeps, in bytes (termios(3), MAX_CANON); Windows consoles have none. */
const MAX_LINE_BYTES: Readonly<Record<string, number>> = { linux: 4_095, darwin: 1_023 };
/** A window being dragged to another size is followed at most this often, in milliseconds. */
const RESIZE_PAUSE_MS = 50;

const NOTHING = new Uint8Array(0);
/** RIS, LNM off, and the window's own colours. */
const RESET = '\x1bc\x1b[20l\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07';
const NOT_RESTORED = '\r\n[Earlier output could not be shown here. The recording has it.]\r\n';
/** DECTCEM reset, https://vt100.net/docs/vt510-rm/DECTCEM.html */
const HIDE_CURSOR = '\x1b[?25l';

/** What a terminal needs from the window. */
export interface TerminalHost {
  /** What parses the output of terminals that are not shown. */
  readonly background: BackgroundWriter;
  sendFrame(frame: Uint8Array): void;
  /** So much fits into the terminal's place here. */
  resized(id: SessionId, cols: number, rows: number): void;
  /** Output arrived while the terminal was hidden. */
  sawOutput(id: SessionId): void;
  /** The address under the pointer, to show; null: none any more. */
  linkHovered(uri: string | null): void;
  /** A paste needs consent: ask, then call {@link TerminalView.offerPaste} with what was agreed to. */
  askBeforePaste(id: SessionId, review: PasteReview): void;
  /** Input takes its time, or did not arrive whole: to be shown; null: there is nothing to show. */
  inputChanged(id: SessionId, state: InputState | null): void;
  /** The platform that the session's programs run on, as `process.platform` names it. */
  platformOf(id: SessionId): string;
  /** The path of a file that was dropped; its name where the host knows no more. */
  pathOf(file: File): string;
}

/** One session's terminal. It lives as long as its tab, shown or hidden, and outlives connections. */
export class TerminalView {
  readonly id: SessionId;
  readonly element = document.createElement('div');
  readonly finder: Finder;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #host: TerminalHost;
  readonly #watch: InputWatch;
  readonly #pasteSources: PasteSources;
  readonly #observer: ResizeObserver;
  readonly #encoder = new TextEncoder();
  #queue: WriteQueue | null = null;
  #channel: number | null = null;
  /** The channel that what is shown came from, also when it is closed. */
  #shownChannel: number | null = null;
  #replayLeft = 0;
  #replaying = false;
  #attachedBefore = false;
  readonly #input: InputQueue;
  /** While a paste of ours is given to xterm.js: whether it is a bracketed one. */
  #pasting: boolean | null = null;
  /** The size that was last reported to the core. */
  #claimed: { readonly cols: number; readonly rows: number } | null = null;
  #stateLeft = 0;
  #stateParts: Uint8Array[] = [];
  readonly #margin: SizeMargin;
  #visible = false;
  #finding = false;
  #opened = false;
  #over = false;
  #unseen = false;
  #rendererWanted: TerminalPreferences['renderer'] = 'auto';
  #webgl: IDisposable | null = null;
  /** The connection to its session was lost, and not made again yet. */
  #isAway = false;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(id: SessionId, host: TerminalHost, preferences: TerminalPreferences, cols: number, rows: number) {
    this.id = id;
    this.#host = host;
    this.element.className = 'terminal-host';
    this.#terminal = new Terminal({
      // Terminal output is hostile input: it must not be able to flood the console either.
      logLevel: 'off',
      cols,
      rows,
      allowProposedApi: true,
      fontFamily: TERMINAL_FONT,
      fontWeightBold: 700,
      lineHeight: LINE_HEIGHT,
      rightClickSelectsWord: false,
      macOptionClickForcesSelection: true,
      theme: readTerminalTheme(),
    });
    this.applyPreferences(preferences);
    guardTerminal(this.#terminal);
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(new UnicodeGraphemesAddon());
    addLinks(this.#terminal, (uri) => host.linkHovered(uri));
    this.finder = new Finder(this.#terminal);
    this.#watch = new InputWatch(this.element);
    this.#input = new InputQueue({
      send: (kind, bytes) => {
        if (this.#channel !== null) host.sendFrame(encodeBytes(kind, this.#channel, bytes));
      },
      sendCancel: () => {
        if (this.#channel !== null) host.sendFrame(encodeCancelInput(this.#channel));
      },
      onState: (state) => host.inputChanged(id, state),
      now: () => performance.now(),
    });
    followBracketedPaste(this.#terminal.parser, (isOn) => this.#input.bracketedPasteChanged(isOn));
    this.#margin = new SizeMargin(this.element);
    this.#terminal.onData((data) => this.#send(data, this.#encoder.encode(data)));
    this.#terminal.onBinary((data) => this.#send(data, binaryBytes(data)));
    this.#pasteSources = new PasteSources(this.element, {
      offer: (text) => this.offerPaste(text),
      acceptsInput: () => !this.#over,
      platform: () => host.platformOf(id),
      pathOf: (file) => host.pathOf(file),
    });
    this.#observer = new ResizeObserver(() => this.#resizeSoon());
  }

  /** Whether a program uses the whole screen (the alternate buffer). */
  get fullScreen(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  /** Whether the program in the terminal wants the mouse for itself. */
  get takesMouse(): boolean {
    return this.#terminal.modes.mouseTrackingMode !== 'none';
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  get size(): { cols: number; rows: number } {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Keys this returns false for are not sent to the program. */
  filterKeys(filter: (event: KeyboardEvent) => boolean): void {
    this.#terminal.attachCustomKeyEventHandler((event) => {
      // What is shown to be under way can be cancelled by the key that says so.
      if (event.key !== 'Escape' || !this.#input.isShown) return filter(event);
      if (event.type === 'keydown') this.#input.cancel();
      return false;
    });
  }

  /** Starts over with a fresh channel: what it shows is replaced by the scrollback that follows. */
  opened(channel: number, replay: Replay): void {
    // Through the queue, so that output of the old channel that still waits there is wiped out as well.
    if (this.#attachedBefore) this.#terminal.write(RESET);
    this.#attachedBefore = true;
    this.#isAway = false;
    this.#channel = channel;
    this.#shownChannel = channel;
    this.#host.background.drop(this);
    this.#queue?.dispose();
    this.#queue = this.#queueFor(channel);
    this.#claimed = null;
    this.#stateLeft = replay.stateBytes;
    this.#stateParts = [];
    this.#replayLeft = replay.replayBytes;
    this.#replaying = replay.replayBytes > 0 || replay.stateBytes > 0;
    this.sized(replay.cols, replay.rows);
    if (!this.#replaying) this.#fitNow();
    this.#input.open();
  }

  /** The connection or the channel is gone; what is shown stays. What was typed before the first channel waits for it. */
  detached(why: 'ended' | 'lost' = 'lost'): void {
    if (this.#attachedBefore) this.#input.closed(why);
    this.#isAway = this.#attachedBefore && why === 'lost';
    this.#channel = null;
  }

  /** The program's terminal has accepted input of this channel, or will not. */
  inputSettled(channel: number, count: number, isAccepted: boolean): void {
    if (channel !== this.#channel) return;
    if (isAccepted) this.#input.accepted(count);
    else this.#input.dropped(count);
  }

  /** Drops input that the program has not taken. */
  cancelInput(why?: StopReason): void {
    this.#input.cancel(why);
  }

  /** What was shown of input that did not arrive has been read. */
  dismissInput(): void {
    this.#input.dismiss();
  }

  /** Output of this terminal's channel. It is not copied. */
  receive(channel: number, bytes: Uint8Array): void {
    if (!this.#visible && !this.#unseen && !this.#replaying) {
      this.#unseen = true;
      this.#host.sawOutput(this.id);
    }
    const replayed = Math.min(this.#replayLeft, bytes.byteLength);
    if (replayed === 0) {
      this.#queue?.push(bytes);
      return;
    }
    this.#replayLeft -= replayed;
    const last = this.#replayLeft === 0;
    this.#queue?.push(bytes.subarray(0, replayed), last ? () => this.#replayed(channel) : undefined);
    if (replayed < bytes.byteLength) this.#queue?.push(bytes.subarray(replayed));
  }

  /** What comes after this was drawn at another size. */
  sized(cols: number, rows: number): void {
    this.#queue?.push(NOTHING, () => {
      this.#terminal.resize(cols, rows);
      this.#margin.update(this.size, this.#over ? null : this.#claimed);
    });
  }

  /** A part of the state that the output continues from. */
  receiveState(bytes: Uint8Array): void {
    this.#stateParts.push(bytes);
    this.#stateLeft -= bytes.byteLength;
    if (this.#stateLeft > 0) return;
    const parts = this.#stateParts;
    this.#stateParts = [];
    const channel = this.#channel;
    this.#queue?.push(NOTHING, async () => {
      try {
        const state = await inflate(parts);
        if (channel !== this.#channel || this.#disposed) return;
        restoreState(this.#terminal, state);
        this.#input.bracketedPasteChanged(this.#terminal.modes.bracketedPasteMode);
        this.#terminal.refresh(0, this.#terminal.rows - 1);
      } catch (error) {
        console.error('The state of a terminal could not be restored:', error);
        this.#terminal.write(NOT_RESTORED);
      }
      if (this.#replayLeft === 0 && channel !== null) this.#replayed(channel);
    });
  }

  /** The session is over: nothing typed goes anywhere any more. */
  ended(): void {
    this.#terminal.options.disableStdin = true;
    this.#terminal.options.cursorInactiveStyle = 'none';
    this.#over = true;
    this.#margin.update(this.size, null);
    this.#terminal.write(HIDE_CURSOR);
  }

  /** What screen readers say of the terminal's input, and what they may add. */
  setLabel(label: string, description: string): void {
    this.#label = { label, description };
    this.#terminal.textarea?.setAttribute('aria-label', label);
    this.#terminal.textarea?.setAttribute('aria-description', description);
  }
  #label = { label: 'Terminal', description: '' };

  /** Puts the terminal into `parent`, which has a size by then. */
  mount(parent: HTMLElement): void {
    parent.append(this.element);
    if (this.#visible) this.#open();
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    if (visible) {
      this.#unseen = false;
      this.#host.background.hurry(this);
      this.#open();
      this.#fitNow(true);
      this.#pickRenderer();
    } else {
      this.#stopWebgl();
    }
  }

  focus(): void {
    this.#terminal.focus();
  }

  selectAll(): void {
    this.#terminal.selectAll();
  }

  /** Forgets the lines above the prompt, in this window alone. */
  clear(): void {
    this.#terminal.clear();
  }

  /** Sends a text as keys of the user's. */
  type(text: string): void {
    this.#watch.asUser(() => this.#terminal.input(text));
  }

  /** Pastes a text of any origin, asking first where {@link reviewPaste} finds a reason beyond what was agreed to. */
  offerPaste(text: string, consent: PasteConsent = NO_CONSENT): void {
    if (this.#over || text === '') return;
    // Read now: the program may have switched it off while a question was open.
    const bracketed = this.#terminal.modes.bracketedPasteMode;
    const maxLineBytes = MAX_LINE_BYTES[this.#host.platformOf(this.id)] ?? Number.POSITIVE_INFINITY;
    const review = reviewPaste(text, { bracketed, maxLineBytes }, consent);
    if (review !== null) this.#host.askBeforePaste(this.id, review);
    else this.#paste(pasteData(text, bracketed), bracketed);
  }

  applyPreferences(preferences: TerminalPreferences): void {
    this.#terminal.options.fontSize = preferences.fontSize;
    this.#terminal.options.scrollback = preferences.scrollbackLines;
    this.#terminal.options.cursorBlink = preferences.cursorBlink;
    this.#terminal.options.minimumContrastRatio = preferences.minimumContrastRatio;
    this.#terminal.options.screenReaderMode = preferences.screenReader;
    this.#rendererWanted = preferences.renderer;
    if (this.#opened && this.#visible) {
      this.#pickRenderer();
      this.#resizeSoon();
    }
  }

  applyTheme(): void {
    this.#terminal.options.theme = readTerminalTheme(this.#finding);
  }

  /** Whether the find bar is open: the active match stands out then. */
  setFinding(finding: boolean): void {
    this.#finding = finding;
    this.applyTheme();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#resizeTimer);
    this.#observer.disconnect();
    this.#watch.dispose();
    this.#pasteSources.dispose();
    this.#input.dispose();
    this.#queue?.dispose();
    this.#host.background.drop(this);
    this.#terminal.dispose();
    this.element.remove();
  }

  #open(): void {
    if (this.#opened || this.#disposed || !this.element.isConnected) return;
    this.#opened = true;
    this.#terminal.open(this.element);
    this.setLabel(this.#label.label, this.#label.description);
    this.#observer.observe(this.element);
  }

  /** The queue of one channel: acknowledgements of an older one are not sent any more. */
  #queueFor(channel: number): WriteQueue {
    const acks = new AckBatch();
    return new WriteQueue(
      (bytes, done) => this.#write(bytes, done),
      acks,
      (count) => {
        if (channel === this.#channel) this.#host.sendFrame(encodeAck(channel, count));
      },
      () => this.#visible,
    );
  }

  #write(bytes: Uint8Array, done: () => void): void {
    if (this.#visible) this.#terminal.write(bytes, done);
    else this.#host.background.add(this, bytes, (piece, parsed) => this.#terminal.write(piece, parsed), done);
  }

  #replayed(channel: number): void {
    if (channel !== this.#shownChannel) return;
    this.#replaying = false;
    if (this.#over) this.#terminal.write(HIDE_CURSOR);
    this.#fitNow();
  }

  #paste(data: string, bracketed: boolean): void {
    this.#pasting = bracketed;
    try {
      this.#watch.asUser(() => this.#terminal.input(data));
    } finally {
      this.#pasting = null;
    }
  }

  #send(data: string, bytes: Uint8Array): void {
    if (inputSource(data, this.#watch.context()) === 'terminal') {
      // Queries in the scrollback were answered when they were new.
      if (this.#channel !== null && !this.#replaying) this.#input.reply(bytes);
      return;
    }
    if (this.#isAway) this.#input.refuse(data, this.#pasting !== null);
    // Its session has ended.
    else if (this.#channel === null && this.#attachedBefore) return;
    else if (data === INTERRUPT) this.#input.interrupt(bytes);
    else if (this.#pasting === null) this.#input.type(bytes);
    else this.#input.paste(bytes, this.#pasting);
  }

  #resizeSoon(): void {
    this.#resizeTimer ??= setTimeout(() => {
      this.#resizeTimer = undefined;
      this.#fitNow();
    }, RESIZE_PAUSE_MS);
  }

  /** `used`: the user has turned to this terminal here, so that this window's size is the one that holds. */
  #fitNow(used = false): void {
    if (this.#disposed || !this.#visible || !this.#opened || this.#replaying) return;
    const size = this.#fit.proposeDimensions();
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return;
    const cols = Math.min(1_000, size.cols);
    const rows = Math.min(1_000, size.rows);
    const isOwn = cols === this.#terminal.cols && rows === this.#terminal.rows;
    if (this.#over || this.#channel === null) {
      // Nothing draws for a size any more: the text takes the room there is.
      if (!isOwn) this.#terminal.resize(cols, rows);
      this.#margin.update({ cols, rows }, null);
      return;
    }
    const isClaimed = cols === this.#claimed?.cols && rows === this.#claimed.rows;
    if (isClaimed && (isOwn || !used)) return;
    this.#claimed = { cols, rows };
    // The core has the last word, for all windows that show the session: its answer comes between the output.
    this.#host.resized(this.id, cols, rows);
  }

  /** WebGL where it is drawn by a GPU or was asked for, else (and once its context is lost) the DOM. */
  #pickRenderer(): void {
    const wanted = this.#rendererWanted === 'webgl' || (this.#rendererWanted === 'auto' && hasRealGpu());
    if (wanted && this.#webgl === null) void this.#startWebgl();
    if (!wanted) this.#stopWebgl();
  }

  async #startWebgl(): Promise<void> {
    const { WebglAddon } = await import('@xterm/addon-webgl');
    if (this.#disposed || !this.#visible || this.#webgl !== null || this.#rendererWanted === 'dom') return;
    try {
      const addon = new WebglAddon();
      addon.onContextLoss(() => {
        if (this.#webgl === addon) this.#stopWebgl();
      });
      this.#terminal.loadAddon(addon);
      this.#webgl = addon;
      this.#redraw();
    } catch {
      // No WebGL 2 here: the DOM renderer that is at work stays.
      this.#webgl = null;
    }
  }

  #stopWebgl(): void {
    if (this.#webgl === null) return;
    this.#webgl.dispose();
    this.#webgl = null;
    if (this.#visible) this.#redraw();
  }

  /** Another renderer has cells of another size, and has drawn nothing yet. */
  #redraw(): void {
    this.#fitNow();
    this.#terminal.refresh(0, this.#terminal.rows - 1);
  }
}
