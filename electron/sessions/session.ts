import { messageOf } from '../../shared/error-message.ts';
import type { EffectiveLimits } from '../../shared/limits.ts';
import { isSandboxed, type Profile } from '../../shared/profile.ts';
import {
  type Activity,
  type DeadlineKind,
  type EndReason,
  type SessionEnd,
  type SessionEvent,
  type SessionId,
  type SessionInfo,
  type SessionState,
  type SessionTiming,
  type SessionWarning,
  type StartFailure,
  type StartProgress,
  TRANSITIONS,
} from '../../shared/session.ts';
import type { BackendProcess, ExitStatus } from '../backends/backend.ts';
import { ActivityProbe } from './activity-probe.ts';
import { DeadlineKeeper, type ExtendResult } from './deadline-keeper.ts';
import { endSession } from './ending.ts';
import { OutputFlow, type Watcher, type WatcherOptions } from './output-flow.ts';
import { outputStream } from './output-stream.ts';
import { ProgramHold } from './program-hold.ts';
import { RecorderBrake } from './recorder-brake.ts';
import { sessionInfo, sessionTiming } from './session-info.ts';
import type {
  ActionResult,
  EndDetails,
  SessionDependencies,
  SessionListener,
  SessionOptions,
  WriteResult,
} from './session-options.ts';
import { SessionRecording } from './session-recording.ts';
import { endReasonOf, openRecorder, startSpec, titleOf } from './session-start.ts';

/** Input that waits for a shell that is still starting, in bytes. */
const MAX_TYPED_AHEAD = 65_536;

/**
 * One run of a profile. It is opened once, and {@link Session.end} is the only way it ends: idempotent, the first reason
 * wins, and whoever saw `session:start` sees exactly one `session:end`.
 */
export class Session {
  readonly id: SessionId;
  readonly previousId: SessionId | null;
  readonly profile: Profile;
  readonly createdAt: number;
  readonly flow: OutputFlow;
  readonly recording: SessionRecording;
  readonly events: SessionEvent[] = [];
  readonly dependencies: SessionDependencies;

  #listener: SessionListener;
  #state: SessionState = 'starting';
  #title: string;
  #titleIsCustom = false;
  #cols: number;
  #rows: number;
  #process: BackendProcess | null = null;
  #foreground: string | null = null;
  #progress: StartProgress | null = null;
  #exit: ExitStatus | null = null;
  readonly #typedAhead: Uint8Array[] = [];
  #typedAheadBytes = 0;
  #ending: Promise<SessionEnd> | null = null;
  #end: SessionEnd | null = null;
  #endedMs: number | null = null;
  readonly #starting = new AbortController();
  #started: Promise<void> = Promise.resolve();

  readonly #deadlines: DeadlineKeeper;
  readonly #probe: ActivityProbe;
  readonly #brake: RecorderBrake;
  readonly #hold = new ProgramHold();

  bytesIn = 0;
  resizes = 0;
  warnings = 0;

  constructor(options: SessionOptions, dependencies: SessionDependencies, listener: SessionListener) {
    this.id = options.id;
    this.previousId = options.previousId;
    this.profile = options.profile;
    this.dependencies = dependencies;
    this.#listener = listener;
    this.#cols = options.cols;
    this.#rows = options.rows;
    this.#title = options.profile.name;
    const { clock } = dependencies;
    this.createdAt = clock.wall();
    this.#deadlines = new DeadlineKeeper(clock, options.limits, {
      onExpired: (deadline, lateMs) => this.#onExpired(deadline, lateMs),
      onWarning: (warning) => this.#onWarning(warning),
      onWarningChanged: () => listener.onChange(this),
      probe: () => this.#lookForActivity(),
      onError: (error) => dependencies.logger.warn({ session: this.id, err: error }, 'activity could not be probed'),
    });
    this.flow = new OutputFlow(
      { pause: () => this.#hold.hold('windows'), resume: () => this.#hold.release('windows') },
      clock,
    );
    this.#brake = new RecorderBrake({
      clock,
      waitingBytes: () => this.recording.waitingBytes,
      hold: () => this.#hold.hold('recording'),
      release: () => this.#hold.release('recording'),
    });
    this.recording = new SessionRecording((message) => this.#onRecordingTruncated(message));
    this.#probe = new ActivityProbe(clock);
  }

  get state(): SessionState {
    return this.#state;
  }

  get limits(): EffectiveLimits {
    return this.#deadlines.limits;
  }

  get title(): string {
    return this.#title;
  }

  get cols(): number {
    return this.#cols;
  }

  get rows(): number {
    return this.#rows;
  }

  get process(): BackendProcess | null {
    return this.#process;
  }

  /** The command in the foreground, when one runs. */
  get foreground(): string | null {
    return this.#foreground;
  }

  /** While it starts: how far that has come, if it takes a while. */
  get progress(): StartProgress | null {
    return this.#progress;
  }

  get warning(): SessionWarning | null {
    return this.#deadlines.warning;
  }

  get exit(): ExitStatus | null {
    return this.#exit;
  }

  /** How it ended; null until it has. */
  get ended(): SessionEnd | null {
    return this.#end;
  }

  /** When it had ended, on its clock; null until it has. */
  get endedMs(): number | null {
    return this.#endedMs;
  }

  /** Whether its end has begun. */
  get isEnding(): boolean {
    return this.#ending !== null;
  }

  /** Milliseconds since it was opened, on its clock. */
  get ageMs(): number {
    return this.dependencies.clock.now() - this.#deadlines.startedMs;
  }

  get extensionsUsed(): number {
    return this.#deadlines.extensionsUsed;
  }

  /** Resolves when the start has succeeded or failed. Never rejects. */
  get started(): Promise<void> {
    return this.#started;
  }

  /** Starts the shell. Called once, by the manager. */
  start(): void {
    this.#emit({
      ...this.eventBase(),
      type: 'session:start',
      profileId: this.profile.id,
      backend: this.profile.backend,
      previousId: this.previousId,
    });
    this.#started = this.#start().catch((error: unknown) => {
      void this.end('start_failed', { failure: this.#startThrew(error) });
    });
  }

  #startThrew(error: unknown): StartFailure {
    this.dependencies.logger.error({ session: this.id, err: error }, 'a start threw');
    const message = messageOf(error);
    return { stage: 'spawn', message, hint: 'The log file has the details.' };
  }

  async #start(): Promise<void> {
    const { backend } = this.dependencies;
    const { profile } = this;
    const starting = backend.start(
      startSpec(this),
      {
        onData: (bytes) => this.#onData(bytes),
        onExit: (status) => this.#onExit(status),
        onProgress: (progress) => this.#onProgress(progress),
      },
      this.#starting.signal,
    );
    const running = starting.then(
      (result) => {
        if (result.ok) this.#onRunning(result.process);
        return result;
      },
      (error: unknown) => ({ ok: false as const, failure: this.#startThrew(error) }),
    );
    // What a sandbox was found to be stands in the recording's header, so that waits; a local shell's does not have to.
    const opening = isSandboxed(profile.backend)
      ? running.then((result) => openRecorder(this, result.ok ? result.process.isolation : []))
      : openRecorder(this, []);
    const [recorder, result] = await Promise.all([opening, running]);
    this.#progress = null;
    if (recorder.ok) this.recording.attach(recorder.recorder);
    const failure = result.ok ? !recorder.ok && profile.recording === 'required' && recorder.failure : result.failure;
    if (failure) void this.end('start_failed', { failure });
    if (!recorder.ok) this.recording.fail(recorder.failure.message);
    if (!result.ok) return;
    if (this.#ending !== null) return;
    if (!this.#titleIsCustom) this.#title = titleOf(profile, result.process);
    this.transition('waiting');
    this.#deadlines.start();
    if (this.#exit !== null) void this.end(endReasonOf(this.#exit), { exit: this.#exit });
  }

  /** The shell is there: it gets what came for it meanwhile. */
  #onRunning(process: BackendProcess): void {
    this.#process = process;
    this.#hold.attach(process);
    process.resize(this.#cols, this.#rows);
    for (const bytes of this.#typedAhead.splice(0)) process.write(bytes);
  }

  /** Input for the shell; while that starts, it is kept. Only what the user did counts as activity. */
  write(bytes: Uint8Array, origin: { readonly user: boolean }): WriteResult {
    if (this.#ending !== null) return 'not_running';
    if (origin.user) {
      this.#touch('input');
      if (this.#state === 'running' && bytes.includes(0x03)) this.transition('interrupted');
    }
    this.bytesIn += bytes.byteLength;
    this.#listener.onBytes(0, bytes.byteLength);
    this.#listener.onActivity(this);
    if (this.#process !== null) return this.#process.write(bytes) ? 'written' : 'refused';
    this.#typedAheadBytes += bytes.byteLength;
    if (this.#typedAheadBytes > MAX_TYPED_AHEAD) return 'refused';
    this.#typedAhead.push(bytes.slice());
    return 'written';
  }

  resize(cols: number, rows: number): void {
    if (this.#ending !== null || (cols === this.#cols && rows === this.#rows)) return;
    this.#cols = cols;
    this.#rows = rows;
    this.resizes += 1;
    this.#process?.resize(cols, rows);
    this.recording.write((recorder) => recorder.resize(this.ageMs, cols, rows));
    this.#listener.onChange(this);
  }

  /** Makes a full-screen program draw itself anew, for a terminal that was shown only its last output. */
  redraw(): void {
    if (this.#process === null || this.#rows < 2) return;
    this.#process.resize(this.#cols, this.#rows - 1);
    this.#process.resize(this.#cols, this.#rows);
  }

  rename(title: string): void {
    this.#title = title;
    this.#titleIsCustom = true;
    this.#listener.onChange(this);
  }

  /** Attaches a watcher: scrollback first, then what comes. */
  watch(options: WatcherOptions): Watcher {
    return this.flow.watch(options);
  }

  /** The output as an async iterator that finishes when the session closes. */
  output(): AsyncIterableIterator<Uint8Array> & AsyncDisposable {
    return outputStream(this.flow);
  }

  /** The user wants it open: counts as activity. */
  keepOpen(): void {
    if (this.#ending !== null) return;
    const before = this.#deadlines.deadlines.idle;
    this.#touch('keep_open');
    const after = this.#deadlines.deadlines.idle;
    if (before === null || after === null) return;
    this.recording.write((recorder) => recorder.marker(this.ageMs, 'kept open'));
    this.#emitExtended('keep_open', Math.max(0, (after - before) / 1_000));
  }

  /** Spends one extension: lengthens both deadlines, never past the policy. */
  extend(): ExtendResult {
    if (this.#ending !== null || this.#state === 'starting')
      return { ok: false, message: 'The session is not running.' };
    const result = this.#deadlines.extend();
    if (result.ok) {
      this.recording.write((recorder) => recorder.marker(this.ageMs, `extended by ${result.seconds} s`));
      this.#emitExtended('user', result.seconds);
    }
    return result;
  }

  /** Stops everything in it where it stands; its idle timeout rests. */
  async freeze(): Promise<ActionResult> {
    if (this.#ending !== null || this.#process === null || !TRANSITIONS[this.#state].includes('frozen'))
      return { ok: false, message: 'Only a session that runs can be frozen.' };
    const why = await this.#process.freeze();
    if (this.#ending !== null) return { ok: false, message: 'The session has ended meanwhile.' };
    if (why !== null) return { ok: false, message: why };
    if (this.state === 'frozen') return { ok: true };
    this.transition('frozen');
    this.#deadlines.rest();
    this.recording.write((recorder) => recorder.marker(this.ageMs, 'frozen'));
    this.#emit({ ...this.eventBase(), type: 'session:frozen', by: null });
    return { ok: true };
  }

  /** Lets a frozen session go on, with as much idle time left as it had. */
  async thaw(): Promise<ActionResult> {
    if (this.#ending !== null || this.#process === null || this.#state !== 'frozen')
      return { ok: false, message: 'The session is not frozen.' };
    const why = await this.#process.thaw();
    if (why !== null) return { ok: false, message: why };
    if (this.#ending !== null || this.state !== 'frozen') return { ok: true };
    const frozenSeconds = this.#deadlines.resume() / 1_000;
    this.recording.write((recorder) => recorder.marker(this.ageMs, 'thawed'));
    this.transition('waiting');
    this.#emit({ ...this.eventBase(), type: 'session:thawed', frozenSeconds });
    await this.refreshForeground();
    return { ok: true };
  }

  /** New limits, from changed settings; they hold at once. */
  updateLimits(limits: EffectiveLimits): void {
    if (this.#ending !== null) return;
    this.#deadlines.updateLimits(limits);
    this.#listener.onChange(this);
  }

  /** Looks at the deadlines now, whatever the timer says: after a wake-up, and in the sweep. */
  checkDeadlines(): void {
    this.#deadlines.check();
  }

  /** How far past its deadline it is, in milliseconds; negative or null when it is not. */
  get overdueMs(): number | null {
    return this.#deadlines.overdueMs;
  }

  /** Asks what runs in front and follows it with the state. */
  async refreshForeground(): Promise<{ readonly isShell: boolean; readonly command: string | null }> {
    const process = this.#process;
    if (process === null || this.#ending !== null) return { isShell: true, command: null };
    const foreground = await process.foreground();
    if (this.#ending !== null) return { isShell: true, command: null };
    const command = foreground.isShell ? null : foreground.command;
    const changed = command !== this.#foreground;
    this.#foreground = command;
    if (foreground.isShell && (this.#state === 'running' || this.#state === 'interrupted')) this.transition('waiting');
    else if (!foreground.isShell && this.#state === 'waiting') this.transition('running');
    else if (changed) this.#listener.onChange(this);
    return { isShell: foreground.isShell, command };
  }

  /** The only way a session ends. The first reason wins; every call gives the same end. */
  end(reason: EndReason, details: EndDetails = {}): Promise<SessionEnd> {
    this.#ending ??= this.#runEnding(reason, details);
    return this.#ending;
  }

  async #runEnding(reason: EndReason, details: EndDetails): Promise<SessionEnd> {
    this.#deadlines.stop();
    this.#brake[Symbol.dispose]();
    // After the start nobody listens any more, and to make the error that an abort carries is dear.
    if (this.#process === null) this.#starting.abort();
    const deadline = reason === 'idle_timeout' ? 'idle' : reason === 'max_duration' ? 'max' : null;
    const limitSeconds = deadline === null ? null : this.#deadlines.limitSeconds(deadline);
    const isStarting = this.#state === 'starting';
    this.transition('closing');
    // A start under way is waited for, so that what it made can be ended. A failed start is the one that calls.
    if (isStarting && reason !== 'start_failed') await this.#started;
    const event = await endSession(this, reason, { ...details, limitSeconds });
    const { end } = event;
    this.#end = end;
    this.#endedMs = this.dependencies.clock.now();
    this.#foreground = null;
    this.transition('ended');
    this.#emit(event);
    this.#listener.onChange(this);
    return end;
  }

  info(): SessionInfo {
    return sessionInfo(this);
  }

  timing(): SessionTiming {
    return sessionTiming(this, this.#deadlines);
  }

  eventBase(): { id: string; sessionId: SessionId; at: number } {
    return { id: this.dependencies.newEventId(), sessionId: this.id, at: this.dependencies.clock.wall() };
  }

  /** Follows the transition table; anything else is a bug. */
  transition(to: SessionState): void {
    const from = this.#state;
    if (from === to) return;
    if (!TRANSITIONS[from].includes(to)) throw new Error(`A session cannot go from ${from} to ${to}`);
    this.#state = to;
    this.#emit({ ...this.eventBase(), type: 'session:state', from, to });
    this.#listener.onChange(this);
  }

  #onData(bytes: Uint8Array): void {
    this.recording.write((recorder) => recorder.output(this.ageMs, bytes));
    if (this.#ending === null) this.#brake.check();
    this.flow.append(bytes);
    this.#listener.onBytes(bytes.byteLength, 0);
    if (this.#deadlines.limits.values.activity.includes('output')) this.#touch('output');
    else this.#listener.onActivity(this);
  }

  #onExit(status: ExitStatus): void {
    this.#exit = status;
    if (this.#state !== 'starting') void this.end(endReasonOf(status), { exit: status });
  }

  #onProgress(progress: StartProgress): void {
    if (this.#state !== 'starting') return;
    this.#progress = progress;
    this.#listener.onChange(this);
  }

  #onRecordingTruncated(message: string): void {
    this.dependencies.logger.warn({ session: this.id, reason: message }, 'a recording was truncated');
    this.#listener.onChange(this);
    if (this.profile.recording === 'required') void this.end('recording_failed');
  }

  #emit(event: SessionEvent): void {
    this.events.push(event);
    this.#listener.onEvent(this, event);
  }

  #emitExtended(by: 'user' | 'keep_open', seconds: number): void {
    this.#emit({
      ...this.eventBase(),
      type: 'session:extended',
      by,
      seconds,
      used: this.extensionsUsed,
      count: this.#deadlines.limits.values.extensions.count,
    });
    this.#listener.onChange(this);
  }

  #touch(kind: Activity['kind']): void {
    this.#deadlines.touch(kind);
    this.#listener.onActivity(this);
  }

  #lookForActivity(): Promise<'foreground' | 'cpu' | null> | null {
    const { activity } = this.limits.values;
    if (this.#process === null || !(activity.includes('foreground') || activity.includes('cpu'))) return null;
    return this.#probe.look(this.#process, activity);
  }

  #onExpired(deadline: DeadlineKind, lateMs: number | null): void {
    if (lateMs !== null) this.#listener.onLateness(lateMs);
    void this.end(deadline === 'idle' ? 'idle_timeout' : 'max_duration');
  }

  #onWarning(warning: SessionWarning): void {
    this.warnings += 1;
    const what = warning.deadline === 'idle' ? 'idle timeout' : 'maximum duration';
    this.recording.write((recorder) => recorder.marker(this.ageMs, `warning: ${what} in ${warning.beforeSeconds} s`));
    this.#emit({ ...this.eventBase(), type: 'session:warning', warning });
  }
}
