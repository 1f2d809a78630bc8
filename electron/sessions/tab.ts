import type { SessionMetadata } from '../../shared/recording.ts';
import type { SessionEvent, SessionId, SessionInfo } from '../../shared/session.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import type { InputQueue } from './input/input-queue.ts';
import type { OutputFlow, Watcher, WatcherOptions } from './output/output-flow.ts';
import type { InputOrigin, WriteResult } from './session-options.ts';
import type { WindowSizes } from './window-sizes.ts';

/** What every tab has, whether this run of the app opened its session or an earlier one did. */
export interface Tab {
  readonly id: SessionId;
  readonly profileId: string;
  readonly title: string;
  /** The name that the user gave it; null where they gave none. */
  readonly customTitle: string | null;
  readonly size: TerminalSize;
  /** What has happened to its session, oldest first, within a bound. */
  readonly events: readonly SessionEvent[];
  /** How many events are not in {@link Tab.events}. */
  readonly eventsLeftOut: number;
  readonly hasEnded: boolean;
  /** Whether its session ended so that a new one takes its place. */
  readonly isReplaced: boolean;
  /** The metadata of a session that has ended, where no file may have it; null otherwise. */
  readonly unwrittenMetadata: SessionMetadata | null;
  info(): SessionInfo;
  rename(title: string): void;
  /** What a window shows of it. */
  open(): Promise<Watchable>;
  /** It was closed, or a new session takes its place: it does not come back at the next launch. */
  dismiss(): void;
}

/** What a window can show in a terminal. */
export interface Watchable {
  readonly id: SessionId;
  readonly title: string;
  readonly size: TerminalSize;
  readonly flow: Pick<OutputFlow, 'modes'>;
  /** Decides on its size where several windows show it; without it, the size stays. */
  readonly sizes?: WindowSizes;
  watch(options: WatcherOptions): Watcher;
  write(bytes: Uint8Array, origin: InputOrigin): WriteResult;
  /** Input on its way to the program; null where there is none. */
  readonly input: Pick<InputQueue, 'cancel' | 'release'> | null;
  redraw(): void;
}
