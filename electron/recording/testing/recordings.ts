import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionMetadata } from '../../../shared/recording.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Recorder, RecordingHeader } from '../recorder.ts';
import { createRecorderFactory, type RecorderFactoryOptions } from '../recorder-factory.ts';

/** A session id made on 21 November 2026, 15:30:00 UTC. */
export const SESSION_ID = '01M7ZBN260ABCDEFGH12345678';
export const STARTED_AT = Date.UTC(2026, 10, 21, 15, 30);

export const HEADER: RecordingHeader = {
  sessionId: SESSION_ID,
  cols: 80,
  rows: 24,
  startedAt: STARTED_AT,
  title: 'Häuser “zsh”',
  command: '/bin/zsh -l',
  tags: [],
  environment: { SHELL: '/bin/zsh', TERM: 'xterm-256color', API_TOKEN: 'hunter2' },
};

/** Timers that run when the test says so. */
export class ManualTimers implements Pick<Clock, 'setTimer'> {
  readonly waiting = new Map<symbol, { delayMs: number; callback: () => void }>();

  setTimer(delayMs: number, callback: () => void): Timer {
    const key = Symbol('timer');
    this.waiting.set(key, { delayMs, callback });
    return { [Symbol.dispose]: () => this.waiting.delete(key) };
  }

  /** Runs all timers that wait now. */
  fire(): void {
    const due = [...this.waiting.values()];
    this.waiting.clear();
    for (const { callback } of due) callback();
  }
}

/** A folder of its own for one test. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TempFolder> {
    return new TempFolder(await mkdtemp(join(tmpdir(), 'sandglass-recording-')));
  }

  /** Files below it that this process has open. */
  openFiles(): string[] {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const target = readlinkSync(`/proc/self/fd/${fd}`);
        return target.startsWith(this.path) ? [target] : [];
      } catch {
        return [];
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export interface OpenedRecording {
  readonly recorder: Recorder;
  readonly timers: ManualTimers;
  /** What the listener was told. */
  readonly truncations: string[];
  readonly folder: string;
}

/** Opens a recording below a folder; throws when that fails. */
export async function openRecording(
  folder: string,
  options: Partial<RecorderFactoryOptions> = {},
): Promise<OpenedRecording> {
  const timers = new ManualTimers();
  const truncations: string[] = [];
  const factory = createRecorderFactory({ folder, clock: timers, logger: { warn: () => {} }, ...options });
  const result = await factory.open(HEADER, { onTruncated: (message) => truncations.push(message) });
  if (!result.ok) throw new Error(result.failure.message);
  return { recorder: result.recorder, timers, truncations, folder: factory.folderOf(SESSION_ID) };
}

/** Metadata of a session that ended well. */
export const METADATA: SessionMetadata = {
  version: 1,
  id: SESSION_ID,
  previousId: null,
  profile: { id: 'local', name: 'Local shell' },
  backend: 'pty',
  isolation: [],
  containment: 'tree',
  container: null,
  title: 'zsh',
  shell: { command: '/bin/zsh', args: ['-l'] },
  startedAt: STARTED_AT,
  endedAt: STARTED_AT + 2_500,
  durationSeconds: 2.5,
  limits: {
    values: {
      idleTimeoutSeconds: 900,
      maxDurationSeconds: 3_600,
      activity: ['input'],
      warnBeforeSeconds: [60],
      extensions: { count: 2, seconds: 1_800 },
      closeGraceSeconds: 2,
      maxCommands: 0,
      onExpiry: 'close',
      thawWindowSeconds: 600,
    },
    origins: {
      idleTimeoutSeconds: 'default',
      maxDurationSeconds: 'policy',
      activity: 'default',
      warnBeforeSeconds: 'default',
      extensions: 'default',
      closeGraceSeconds: 'default',
      maxCommands: 'default',
      onExpiry: 'default',
      thawWindowSeconds: 'default',
    },
    caps: { idleTimeoutSeconds: 0, maxDurationSeconds: 3_600 },
  },
  events: [],
  counters: { bytesOut: 10, bytesIn: 2, resizes: 1, warnings: 0, extensions: 0, commands: 0 },
  end: {
    reason: 'exited',
    at: STARTED_AT + 2_500,
    durationSeconds: 2.5,
    exitCode: 0,
    signal: null,
    limitSeconds: null,
    elapsedSeconds: null,
    expired: null,
    failure: null,
    detail: null,
    survivors: [],
  },
  recording: {
    file: 'recording.cast',
    format: 'asciicast-v3',
    bytes: 0,
    sha256: null,
    truncated: false,
    message: null,
  },
  host: { platform: 'linux', release: '6.12', arch: 'x64', hostname: 'workshop' },
  app: { name: 'Sandglass', version: '0.1.0' },
};
