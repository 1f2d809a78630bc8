import type { Replay } from '../../shared/frames.ts';
import type { SessionId, SessionInfo } from '../../shared/session.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { BackgroundWriter } from './background-writer.ts';
import { LINE_HEIGHT, TERMINAL_FONT } from './font.ts';
import type { TerminalPreferences } from './reading.ts';
import { type TerminalHost, TerminalView } from './terminal-view.ts';

export interface TerminalsOptions extends Omit<TerminalHost, 'background'> {
  /** Asks for a session's terminal on this channel. */
  attach(id: SessionId, channel: number): Promise<unknown>;
  /** Attaching was refused or failed: the terminal shows nothing new. */
  attachFailed(id: SessionId, error: unknown): void;
  filterKeys(event: KeyboardEvent): boolean;
}

/** All terminals of the window, by session, and the channels their output comes in on. */
export class Terminals {
  readonly #options: TerminalsOptions;
  readonly #host: TerminalHost;
  readonly #views = new Map<SessionId, TerminalView>();
  readonly #channels = new Map<number, TerminalView>();
  /** The last channel that was asked for; each is chosen once. */
  #channel = 0;
  #preferences: TerminalPreferences = { ...DEFAULT_SETTINGS.terminal, screenReader: false };

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#host = { ...options, background: new BackgroundWriter(() => document.hidden) };
  }

  get(id: SessionId): TerminalView | undefined {
    return this.#views.get(id);
  }

  /** The session's terminal; made, and attached to its output, at the first call. */
  ensure(info: SessionInfo): TerminalView {
    const known = this.#views.get(info.id);
    if (known !== undefined) return known;
    const view = new TerminalView(info.id, this.#host, this.#preferences, info.cols, info.rows);
    view.filterKeys((event) => this.#options.filterKeys(event));
    this.#views.set(info.id, view);
    if (info.end !== null) view.ended();
    if (info.end?.reason !== 'start_failed') void this.#attach(view);
    return view;
  }

  remove(id: SessionId): void {
    const view = this.#views.get(id);
    this.#views.delete(id);
    for (const [channel, other] of this.#channels) if (other === view) this.#channels.delete(channel);
    view?.dispose();
  }

  /** The connection was lost: what is typed from now on goes nowhere, and is said to. */
  disconnected(): void {
    this.#channels.clear();
    for (const view of this.#views.values()) view.detached();
  }

  /** A new connection: old channels mean nothing any more. Reattaches the terminals of `ids`. */
  reconnected(ids: Iterable<SessionId>): void {
    this.disconnected();
    for (const id of ids) {
      const view = this.#views.get(id);
      if (view !== undefined) void this.#attach(view);
    }
  }

  /** The first frame of a channel. */
  opened(channel: number, replay: Replay): void {
    this.#channels.get(channel)?.opened(channel, replay);
  }

  output(channel: number, bytes: Uint8Array): void {
    this.#channels.get(channel)?.receive(channel, bytes);
  }

  /** The output that follows on this channel was drawn at another size. */
  sized(channel: number, cols: number, rows: number): void {
    this.#channels.get(channel)?.sized(cols, rows);
  }

  /** A part of the state that the output on this channel continues from. */
  state(channel: number, bytes: Uint8Array): void {
    this.#channels.get(channel)?.receiveState(bytes);
  }

  /** The program's terminal has accepted so much input of a channel, or will not. */
  inputSettled(channel: number, count: number, isAccepted: boolean): void {
    this.#channels.get(channel)?.inputSettled(channel, count, isAccepted);
  }

  channelClosed(channel: number, reason: 'ended' | 'cut_off' | 'detached'): void {
    const view = this.#channels.get(channel);
    if (view === undefined) return;
    this.#channels.delete(channel);
    view.detached(reason === 'ended' ? 'ended' : 'lost');
    if (reason === 'cut_off') void this.#attach(view);
  }

  applyPreferences(preferences: TerminalPreferences): void {
    this.#preferences = preferences;
    for (const view of this.#views.values()) view.applyPreferences(preferences);
  }

  applyTheme(): void {
    for (const view of this.#views.values()) view.applyTheme();
  }

  /** How many cells fit into `area` with the font as set; an estimate until a terminal is there to measure. */
  sizeFor(area: { width: number; height: number }): { cols: number; rows: number } {
    const context = document.createElement('canvas').getContext('2d');
    if (context === null || area.width === 0 || area.height === 0) return { cols: 80, rows: 24 };
    context.font = `${this.#preferences.fontSize}px ${TERMINAL_FONT}`;
    const metrics = context.measureText('W');
    const height = Math.ceil(metrics.fontBoundingBoxAscent + metrics.fontBoundingBoxDescent) * LINE_HEIGHT;
    const between = (value: number, least: number): number => Math.max(least, Math.min(1_000, Math.floor(value)));
    return {
      cols: between((area.width - 16 - 14) / metrics.width, 2),
      rows: between((area.height - 16) / height, 1),
    };
  }

  async #attach(view: TerminalView): Promise<void> {
    this.#channel += 1;
    const channel = this.#channel;
    // Its frames may come before the answer does.
    this.#channels.set(channel, view);
    try {
      await this.#options.attach(view.id, channel);
    } catch (error) {
      // A new connection or the tab's end has dropped it before: then the failure is no news.
      if (this.#channels.delete(channel)) this.#options.attachFailed(view.id, error);
    }
  }
}
