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
import type { InputQueue } from './input/input-queue.ts';
import { restoreSequences } from './notice.ts';
import { OutputFlow, type Watcher, type WatcherOptions } from './output/output-flow.ts';
import type { InputOrigin, WriteResult } from './session-options.ts';
import { titleOf } from './session-start.ts';
import type { WindowSizes } from './window-sizes.ts';

/** How much of a recording's end is read for a tab, in bytes; of a recording up to this long, nothing is lost. */
const READ_BYTES = 64 * 1_048_576;
/** The terminal sizes that a window takes. */
const MIN_COLS = 2;
const MAX_SIZE = 1_000;

/** What a window can be shown in a terminal: a session, or what remains of one. */
export interface Watchable {
  readonly id: SessionId;
  readonly title: string;
  readonly cols: number;
  readonly rows: number;
  readonly flow: Pick<OutputFlow, 'modes'>;
  /** Decides on its size, where several windows show it; what has ended has none to decide on. */
  readonly sizes?: WindowSizes;
  watch(options: WatcherOptions): Watcher;
  write(bytes: Uint8Array, origin: InputOrigin): WriteResult;
  /** Input on its way to the program; null where there is none. */
  readonly input: Pick<InputQueue, 'cancel' | 'release'> | null;
  redraw(): void;
}

export interface RemainsOptions {
  /** The recording's file. */
  readonly recordingFile: string;
  readonly clock: Clock;
  readonly checkpoints?: Checkpoints | undefined;
  /** Its tab was closed, or reopened: it is not to come back. */
  onDismissed(id: SessionId): void;
}

/**
 * What remains of a session of an earlier run: everything that was known of it, and its last output, which is read from
 * its recording when a window asks for it and is not kept.
 */
export class Remains {
  readonly id: SessionId;
  readonly end: SessionEnd;
  readonly events: readonly SessionEvent[];
  readonly #restored: RestoredSession;
  readonly #options: RemainsOptions;
  #title: string;
  #size = { cols: 80, rows: 24 };

  constructor(restored: RestoredSession, options: RemainsOptions) {
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

  /** What somebody has named it; null where nobody has. */
  get customTitle(): string | null {
    const { backend, profile, shell } = this.#restored.record;
    const given = [profile.name, titleOf({ backend, name: profile.name }, shell.command)];
    return given.includes(this.#title) ? null : this.#title;
  }

  get profileId(): string {
    return this.#restored.record.profile.id;
  }

  rename(title: string): void {
    this.#title = title;
  }

  /** A session was opened in its place: it is not to come back at the next launch, whether or not a window closes its tab. */
  reopened(): void {
    this.#options.onDismissed(this.id);
  }

  /** Its tab was closed. */
  dismiss(): void {
    this.#options.onDismissed(this.id);
  }

  /** Everything known of it, as far as it stands in no file; null where nothing was recorded. */
  get metadata(): SessionMetadata | null {
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
   * Reads its last output for one window. A terminal that is shown it is left in a usable state, whatever the program
   * did; where output is missing, the last line says so.
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
      ...this.#size,
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

/** What remains of sessions, for their tabs. */
export function remainsOf(
  restored: readonly RestoredSession[],
  options: {
    readonly recorders: Pick<RecorderFactory, 'folderOf'>;
    readonly clock: Clock;
    readonly journal: Pick<Journal, 'dismiss'>;
    readonly checkpoints?: Checkpoints | undefined;
  },
): Remains[] {
  const { recorders, clock, journal, checkpoints } = options;
  return restored.map((session) => {
    const recordingFile = join(recorders.folderOf(session.record.id), RECORDING_FILE);
    return new Remains(session, { recordingFile, clock, checkpoints, onDismissed: (id) => journal.dismiss(id) });
  });
}

const DEFAULT_ORIGINS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, 'default'])) as Record<
  (typeof LIMIT_NAMES)[number],
  LimitOrigin
>;

function clamp(size: number, min: number): number {
  return Math.min(Math.max(size, min), MAX_SIZE);
}
