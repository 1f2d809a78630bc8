import { join } from 'node:path';
import type { Replay } from '../../shared/frames.ts';
import { LIMIT_NAMES, type LimitOrigin } from '../../shared/limits.ts';
import { RECORDING_FILE, type SessionMetadata } from '../../shared/recording.ts';
import type { RecordingState, SessionEnd, SessionEvent, SessionId, SessionInfo } from '../../shared/session.ts';
import type { Clock } from '../base/clock.ts';
import type { Journal, RestoredSession } from '../journal/journal.ts';
import { readLastOutput } from '../recording/last-output.ts';
import type { RecorderFactory } from '../recording/recorder.ts';
import type { Checkpoints } from '../terminal/checkpoints.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import { restoreSequences } from './notice.ts';
import { OutputFlow } from './output/output-flow.ts';
import { titleOf } from './session-start.ts';
import type { Tab, Watchable } from './tab.ts';

/** How much of a recording's end is read for a tab, in bytes; a recording up to this long is shown whole. */
const READ_BYTES = 64 * 1_048_576;
/** The terminal sizes that a window takes. */
const MIN_COLS = 2;
const MAX_SIZE = 1_000;

export interface RestoredTabOptions {
  /** The recording's file. */
  readonly recordingFile: string;
  readonly clock: Clock;
  readonly checkpoints?: Checkpoints | undefined;
  /** The tab was closed, or a new session takes its place: it does not come back at the next launch. */
  onDismissed(id: SessionId): void;
}

/**
 * The tab of a session that ended with an earlier run of the app: everything that was known of it, and its last output,
 * which is read from its recording when a window asks for it and is not kept.
 */
export class RestoredTab implements Tab {
  readonly id: SessionId;
  readonly end: SessionEnd;
  readonly events: readonly SessionEvent[];
  readonly eventsLeftOut = 0;
  readonly hasEnded = true;
  readonly isReplaced = false;
  readonly #restored: RestoredSession;
  readonly #options: RestoredTabOptions;
  #title: string;
  #size: TerminalSize = { cols: 80, rows: 24 };

  constructor(restored: RestoredSession, options: RestoredTabOptions) {
    this.#restored = restored;
    this.#options = options;
    this.id = restored.record.id;
    this.end = restored.end;
    this.events = restored.events;
    this.#title = restored.record.title;
  }

  get title(): string {
    return this.#title;
  }

  /** The name that the user gave it; null where they gave none. */
  get customTitle(): string | null {
    const { backend, profile, shell } = this.#restored.record;
    const given = [profile.name, titleOf({ backend, name: profile.name }, shell.command)];
    return given.includes(this.#title) ? null : this.#title;
  }

  get profileId(): string {
    return this.#restored.record.profile.id;
  }

  /** The size that its recording ends at, once that was read. */
  get size(): TerminalSize {
    return this.#size;
  }

  rename(title: string): void {
    this.#title = title;
  }

  dismiss(): void {
    this.#options.onDismissed(this.id);
  }

  /** Everything that is known of it, whether or not its metadata file could be written; null where nothing was recorded. */
  get unwrittenMetadata(): SessionMetadata | null {
    const { record, events, end, recording } = this.#restored;
    if (recording === null) return null;
    return {
      ...record,
      events: [...events],
      endedAt: end.at,
      durationSeconds: end.durationSeconds,
      end,
      recording,
    };
  }

  info(): SessionInfo {
    const { record } = this.#restored;
    const { limits, counters } = record;
    return {
      id: this.id,
      previousId: record.previousId,
      profileId: record.profile.id,
      profileName: record.profile.name,
      backend: record.backend,
      title: this.#title,
      state: 'ended',
      createdAt: record.startedAt,
      ...this.#size,
      pid: null,
      foreground: null,
      // A version that knew fewer limits did not say where they came from.
      limits: { ...limits, origins: { ...DEFAULT_ORIGINS, ...limits.origins } },
      timing: {
        id: this.id,
        ageMs: this.end.durationSeconds * 1_000,
        idleMs: 0,
        idleRemainingMs: null,
        maxRemainingMs: null,
        thawRemainingMs: null,
        revokedRemainingMs: null,
        lastActivity: { kind: 'start', at: record.startedAt },
      },
      warning: null,
      revocation: null,
      extensions: { used: counters.extensions, ...limits.values.extensions },
      commands: { used: counters.commands, source: 'lines' },
      frozenBy: null,
      credentials: [],
      restored: true,
      recording: this.#recordingState(),
      isolation: record.isolation,
      containment: record.containment,
      container: record.container,
      progress: null,
      end: this.end,
    };
  }

  /**
   * Reads its last output for one window. It leaves the terminal in a usable state, whatever the program did; where output is
   * missing, the last line says so.
   */
  async open(): Promise<Watchable> {
    const { recordingFile, clock, checkpoints } = this.#options;
    const flow = new OutputFlow({ pause: () => {}, resume: () => {} }, clock, { size: this.#size, checkpoints });
    const found = await readLastOutput(recordingFile, READ_BYTES, {
      output: (bytes) => {
        flow.append(bytes);
        return flow.room();
      },
      size: ({ cols, rows }) => {
        this.#size = { cols: clamp(cols, MIN_COLS), rows: clamp(rows, 1) };
        flow.resize(this.#size);
      },
    });
    const trouble = found.trouble === null ? '' : `\r\n${found.trouble}\r\n`;
    flow.append(new TextEncoder().encode(restoreSequences(flow.modes()) + trouble));
    flow.end();
    return {
      id: this.id,
      title: this.#title,
      size: this.#size,
      flow,
      watch(options) {
        const cut = (replay: Replay): Replay => ({
          ...replay,
          replayTruncated: replay.replayTruncated || found.truncated,
        });
        const watcher = flow.watch({ ...options, opened: (replay) => options.opened?.(cut(replay)) });
        return {
          replay: cut(watcher.replay),
          repliesWanted: false,
          acknowledge: (count) => watcher.acknowledge(count),
          detach: () => watcher.detach(),
        };
      },
      write: () => 'not_running',
      input: null,
      redraw: () => {},
    };
  }

  #recordingState(): RecordingState {
    const { recording } = this.#restored;
    if (recording === null) return { state: 'none', bytes: 0, message: 'It was not recorded.' };
    const { truncated, bytes, message } = recording;
    return { state: truncated ? 'truncated' : 'closed', bytes, message };
  }
}

/** The tabs of sessions that ended with an earlier run of the app. */
export function restoredTabs(
  restored: readonly RestoredSession[],
  options: {
    readonly recorders: Pick<RecorderFactory, 'folderOf'>;
    readonly clock: Clock;
    readonly journal: Pick<Journal, 'dismiss'>;
    readonly checkpoints?: Checkpoints | undefined;
  },
): RestoredTab[] {
  const { recorders, clock, journal, checkpoints } = options;
  return restored.map((session) => {
    const recordingFile = join(recorders.folderOf(session.record.id), RECORDING_FILE);
    return new RestoredTab(session, { recordingFile, clock, checkpoints, onDismissed: (id) => journal.dismiss(id) });
  });
}

const DEFAULT_ORIGINS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, 'default'])) as Record<
  (typeof LIMIT_NAMES)[number],
  LimitOrigin
>;

function clamp(size: number, min: number): number {
  return Math.min(Math.max(size, min), MAX_SIZE);
}
