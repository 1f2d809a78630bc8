import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import {
  type EndReason,
  EXPIRIES,
  type Expiry,
  type SessionEnd,
  type SessionEvent,
  type SessionId,
  type SessionInfo,
  type SessionState,
  type SessionTiming,
  type SessionWarning,
  type StartProgress,
  TRANSITIONS,
} from '../../shared/session.ts';
import type { BackendListener, BackendProcess, ExitStatus } from '../backends/backend.ts';
import { openCredentials, type SessionCredentials } from '../credentials/session-credentials.ts';
import { endSession, whyOver } from './ending.ts';
import { InputQueue, NO_SOURCE } from './input/input-queue.ts';
import { CommandCount, commandLimitAfterChange } from './limits/command-count.ts';
import type { ExtendResult } from './limits/deadline-keeper.ts';
import { SessionExpiry } from './limits/session-expiry.ts';
import { OutputFlow, type Watcher, type WatcherOptions } from './output/output-flow.ts';
import { outputStream } from './output/output-stream.ts';
import { RecorderBrake } from './output/recorder-backpressure.ts';
import { type LeftSession, readScrollback, reattachShell, tellReattached } from './resume.ts';
import { SessionEvents } from './session-events.ts';
import { sessionInfo } from './session-info.ts';
import type {
  ActionResult,
  EndDetails,
  InputOrigin,
  SessionDependencies,
  SessionListener,
  SessionOptions,
  WriteResult,
} from './session-options.ts';
import { SessionProgram } from './session-program.ts';
import { SessionRecording } from './session-recording.ts';
import { endReasonOf, startSession, startThrew, titleOf } from './session-start.ts';
import { WindowSizes } from './window-sizes.ts';

/** As long as a title may be. */
const MAX_TITLE = 80;

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
  readonly sizes = new WindowSizes(({ cols, rows }) => this.resize(cols, rows));
  readonly recording: SessionRecording;
  readonly eventLog: SessionEvents;
  readonly dependencies: SessionDependencies;
  /** Null where its profile has none. */
  readonly credentials: SessionCredentials | null;

  #listener: SessionListener;
  #state: SessionState = 'starting';
  #title: string;
  #titleIsCustom: boolean;
  #progress: StartProgress | null = null;
  #exit: ExitStatus | null = null;
  #ending: Promise<SessionEnd> | null = null;
  #endReason: EndReason | null = null;
  #end: SessionEnd | null = null;
  #endedMs: number | null = null;
  readonly #starting = new AbortController();
  #started: Promise<void> = Promise.resolve();

  /** On its way to the program; what its terminal accepts counts. */
  readonly input = new InputQueue((bytes) => {
    this.bytesIn += bytes;
    this.#listener.onBytes(0, bytes);
  });
  readonly #program: SessionProgram;
  readonly #brake: RecorderBrake;
  readonly #expiry: SessionExpiry;
  readonly #commands: CommandCount;

  /** In earlier runs of the app; less what of it is shown again. */
  #bytesOutBefore: number;
  bytesIn: number;
  resizes: number;
  /** How many commands it may run; 0: any number. More than the limit where that was lowered while it ran. */
  commandLimit: number;
  warnings: number;

  constructor(options: SessionOptions, dependencies: SessionDependencies, listener: SessionListener) {
    this.id = options.id;
    this.previousId = options.previousId;
    this.profile = options.profile;
    this.dependencies = dependencies;
    this.#listener = listener;
    this.#program = new SessionProgram(options.cols, options.rows, this.input);
    this.#title = options.title ?? options.profile.name;
    this.#titleIsCustom = options.title !== undefined;
    const { clock, logger, credentials: broker = null } = dependencies;
    const { earlier, cols, rows, profile } = options;
    this.createdAt = earlier?.createdAt ?? clock.wall();
    this.eventLog = new SessionEvents(earlier?.events);
    this.#bytesOutBefore = earlier?.counters.bytesOut ?? 0;
    this.bytesIn = earlier?.counters.bytesIn ?? 0;
    this.resizes = earlier?.counters.resizes ?? 0;
    this.warnings = earlier?.counters.warnings ?? 0;
    this.commandLimit = options.limits.values.maxCommands;
    this.#expiry = new SessionExpiry(this, options.limits, listener, earlier?.time);
    this.#commands = new CommandCount(clock, {
      before: earlier?.counters.commands ?? 0,
      limit: () => this.commandLimit,
      isShellInFront: async () =>
        this.process !== null && this.#state !== 'frozen' && (await this.refreshForeground()).isShell,
      onChange: () => listener.onChange(this),
      onLimit: () => this.expire('command_limit'),
      onError: (error) => dependencies.logger.warn({ session: this.id, err: error }, 'a command could not be followed'),
    });
    const source = { pause: () => this.#program.hold('windows'), resume: () => this.#program.release('windows') };
    this.flow = new OutputFlow(source, clock, { size: { cols, rows }, checkpoints: dependencies.checkpoints });
    this.#brake = new RecorderBrake({
      clock,
      waitingBytes: () => this.recording.waitingBytes,
      hold: () => this.#program.hold('recording'),
      release: () => this.#program.release('recording'),
    });
    const isResumed = earlier !== undefined;
    const onChange = (): void => listener.onChange(this);
    this.credentials = openCredentials({ sessionId: this.id, profile, isResumed, broker, clock, logger, onChange });
    this.recording = new SessionRecording(
      (message) => this.#onRecordingTruncated(message),
      (recorder) => this.credentials?.protect(recorder),
    );
    this.recording.isRequired = this.profile.recording === 'required';
  }

  /** What has happened to it, oldest first, within a bound. */
  get events(): readonly SessionEvent[] {
    return this.eventLog.kept;
  }

  get state(): SessionState {
    return this.#state;
  }

  get limits(): EffectiveLimits {
    return this.#expiry.limits;
  }

  get title(): string {
    return this.#title;
  }

  get customTitle(): string | null {
    return this.#titleIsCustom ? this.#title : null;
  }

  get cols(): number {
    return this.#program.cols;
  }

  get rows(): number {
    return this.#program.rows;
  }

  get process(): BackendProcess | null {
    return this.#program.process;
  }

  /** The command in the foreground, when one runs. */
  get foreground(): string | null {
    return this.#end === null ? this.#program.command : null;
  }

  /** While it starts: how far that has come, if it takes a while. */
  get progress(): StartProgress | null {
    return this.#state === 'starting' ? this.#progress : null;
  }

  get warning(): SessionWarning | null {
    return this.#expiry.warning;
  }

  /** Why the policy no longer allows it; null while it does. */
  get revocation(): string | null {
    return this.#expiry.revocation;
  }

  /** Commands begun so far, and what counted them. */
  get commands(): SessionInfo['commands'] {
    return this.#commands.state;
  }

  /** Which limit has frozen it; null where none has. */
  get frozenBy(): Expiry | null {
    return this.#expiry.frozenBy;
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
    return this.dependencies.clock.now() - this.#expiry.startedMs;
  }

  get extensionsUsed(): number {
    return this.#expiry.extensionsUsed;
  }

  get bytesOut(): number {
    return this.#bytesOutBefore + this.flow.totalBytes;
  }

  /** Resolves when the start has succeeded or failed. Never rejects. */
  get started(): Promise<void> {
    return this.#started;
  }

  /** Starts the shell. Called once, by the manager. */
  start(): void {
    this.tell({
      ...this.eventBase(),
      type: 'session:start',
      profileId: this.profile.id,
      backend: this.profile.backend,
      previousId: this.previousId,
    });
    this.#started = this.#start().catch((error: unknown) => {
      void this.end('start_failed', { failure: startThrew(this, error) });
    });
  }

  async #start(): Promise<void> {
    const { signal } = this.#starting;
    const process = await startSession(this, this.#backendListener, (running) => this.#attach(running), signal);
    if (process === null || this.#ending !== null) return;
    if (!this.#titleIsCustom) this.#title = titleOf(this.profile, process.command);
    this.transition('waiting');
    this.#expiry.start();
    if (this.#exit !== null) void this.end(endReasonOf(this.#exit), { exit: this.#exit });
  }

  get #backendListener(): BackendListener {
    return {
      onData: (bytes) => this.#onData(bytes),
      onInputRoom: () => this.input.flush(),
      onExit: (status) => this.#onExit(status),
      onProgress: (progress) => this.#onProgress(progress),
    };
  }

  #attach(process: BackendProcess): void {
    this.#program.attach(process);
    this.credentials?.attach(process);
  }

  /**
   * Goes on with what an earlier run of the app had opened: takes its shell over, then has `adopt` give it its place, and
   * tells of it. False: there is nothing to take over, or it may not go on; nothing is left of it here then.
   */
  async resume(left: LeftSession, adopt: () => void): Promise<boolean> {
    // What it had shown comes first, and does not count again.
    await readScrollback(this, left);
    this.#bytesOutBefore -= this.flow.totalBytes;
    // Nobody knows of it yet: what it prints waits.
    this.#program.hold('resuming');
    const attach = (process: BackendProcess): void => this.#attach(process);
    const recorder = await reattachShell(this, left, this.#backendListener, attach, this.#starting.signal);
    if (recorder === null) {
      this.credentials?.[Symbol.dispose]();
      return false;
    }
    if (this.process !== null) await this.credentials?.resume(this.process, this.#starting.signal);
    this.#state = left.earlier.state;
    adopt();
    if (recorder.ok) this.recording.attach(recorder.recorder);
    tellReattached(this, left);
    this.#expiry.start();
    this.#commands.check();
    if (!recorder.ok) this.recording.fail(recorder.failure.message);
    this.#program.release('resuming');
    this.#listener.onChange(this);
    this.#listener.onActivity(this);
    // It may have exited before anybody knew of it.
    if (this.#exit !== null) void this.end(endReasonOf(this.#exit), { exit: this.#exit });
    return true;
  }

  /**
   * Input for the shell; while that starts, it is kept. Only what the user did counts as activity, and lets a session go
   * on that a deadline has frozen. Commands beyond the last that may be are not passed on.
   */
  write(bytes: Uint8Array, { user, isPaste = false, source = NO_SOURCE }: InputOrigin): WriteResult {
    if (this.#ending !== null) return 'not_running';
    if (!this.input.hasRoom(source, bytes.byteLength)) return 'refused';
    let allowed: number | null = bytes.byteLength;
    if (user) {
      this.#expiry.touch('input');
      allowed = this.#commands.input(bytes, this.#state === 'waiting' || this.#state === 'starting');
      if (allowed === null) return 'command_limit';
      if (this.#state === 'running' && bytes.includes(0x03)) this.transition('interrupted');
    }
    this.#listener.onActivity(this);
    this.input.push(source, bytes, { isPaste, allowed });
    if (user) this.#expiry.goOn();
    return 'written';
  }

  resize(cols: number, rows: number): void {
    if (this.#ending !== null || !this.#program.resize(cols, rows)) return;
    this.flow.resize({ cols, rows });
    this.resizes += 1;
    this.recording.write((recorder) => recorder.resize(this.ageMs, cols, rows));
    this.#listener.onChange(this);
  }

  /** Makes a full-screen program draw itself anew, for a terminal that was shown only its last output. */
  readonly redraw = (): void => this.#program.redraw();

  rename(title: string): void {
    this.#title = this.redact(title).slice(0, MAX_TITLE);
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
  keepOpen(): ActionResult {
    if (this.#ending !== null) return whyOver(this.#end, this.#endReason);
    this.#expiry.keepOpen();
    return { ok: true };
  }

  /** Spends one extension: lengthens both deadlines, never past the policy. */
  extend(): ExtendResult {
    if (this.#ending !== null) return whyOver(this.#end, this.#endReason);
    if (this.#state === 'starting')
      return { ok: false, message: 'The session is still starting. Try again in a moment.' };
    return this.#expiry.extend();
  }

  /** Stops everything in it where it stands; its idle timeout rests. */
  readonly freeze = (): Promise<ActionResult> => this.#expiry.freeze();

  /** Lets a frozen session go on; what a deadline has frozen counts that as activity. */
  readonly thaw = (): Promise<ActionResult> => this.#expiry.thaw();

  /** New limits, from changed settings; they hold at once. */
  updateLimits(limits: EffectiveLimits): void {
    if (this.#ending !== null) return;
    this.commandLimit = commandLimitAfterChange(this.commandLimit, limits.values.maxCommands, this.commands.used);
    this.#expiry.updateLimits(limits);
    this.#commands.check();
  }

  /** The policy no longer allows it, for this reason, or allows it (again): null. */
  readonly revoke = (why: string | null): void => this.#expiry.revoke(why);

  /** Looks at the deadlines now, whatever the timer says: after a wake-up, and in the sweep. */
  readonly checkDeadlines = (): void => this.#expiry.check();

  /** How far past its deadline it is, in milliseconds; negative or null when it is not. */
  get overdueMs(): number | null {
    return this.#expiry.overdueMs;
  }

  /** Asks what runs in front and follows it with the state. */
  async refreshForeground(): Promise<{ readonly isShell: boolean; readonly command: string | null }> {
    const inFront = this.#ending === null ? await this.#program.inFront() : null;
    if (inFront === null || this.#ending !== null) return { isShell: true, command: null };
    const { isShell, command, changed } = inFront;
    if (isShell && (this.#state === 'running' || this.#state === 'interrupted')) this.transition('waiting');
    else if (!isShell && this.#state === 'waiting') this.transition('running');
    else if (changed) this.#listener.onChange(this);
    return { isShell, command };
  }

  /** Its time is up: it ends, and makes way for a fresh one if its limits want that. */
  expire(expired: Expiry): void {
    if (this.limits.values.onExpiry === 'reset') void this.end('auto_reset', { expired });
    else void this.end(expired);
  }

  /** The only way a session ends. The first reason wins; every call gives the same end. */
  end(reason: EndReason, details: EndDetails = {}): Promise<SessionEnd> {
    this.#ending ??= this.#runEnding(reason, details);
    return this.#ending;
  }

  async #runEnding(reason: EndReason, details: EndDetails): Promise<SessionEnd> {
    this.#endReason = reason;
    this.#expiry.stop();
    this.#commands.stop();
    this.#brake[Symbol.dispose]();
    this.input.close();
    // After the start nobody listens any more, and to make the error that an abort carries is dear.
    if (this.process === null) this.#starting.abort();
    const expired = details.expired ?? EXPIRIES.find((expiry) => expiry === reason) ?? null;
    const isStarting = this.#state === 'starting';
    this.transition('closing');
    // A start under way is waited for, so that what it made can be ended. A failed start is the one that calls.
    if (isStarting && reason !== 'start_failed') await this.#started;
    const event = await endSession(this, reason, { ...details, ...this.#expiry.ranOut(expired) });
    this.credentials?.[Symbol.dispose]();
    const { end } = event;
    this.#end = end;
    this.#endedMs = this.dependencies.clock.now();
    this.transition('ended');
    this.tell(event);
    this.#listener.onChange(this);
    return end;
  }

  readonly info = (): SessionInfo => sessionInfo(this);

  readonly timing = (): SessionTiming => this.#expiry.timing();

  /** Milliseconds since the Unix epoch, and never before the start, however the wall clock is set meanwhile. */
  wall(): number {
    return Math.max(this.createdAt, this.dependencies.clock.wall());
  }

  eventBase(): { id: string; sessionId: SessionId; at: number } {
    return { id: this.dependencies.newEventId(), sessionId: this.id, at: this.wall() };
  }

  /** Keeps an event and tells it. For the parts of a session alone. */
  tell(event: SessionEvent): void {
    this.eventLog.add(event);
    this.#listener.onEvent(this, event);
  }

  /** A text that may be written down: without its secrets. */
  readonly redact = (text: string): string => this.credentials?.redact(text) ?? text;

  /** Writes down a moment in the recording. */
  mark(label: string): void {
    this.recording.write((recorder) => recorder.marker(this.ageMs, label));
  }

  /** Follows the transition table; anything else is a bug. */
  transition(to: SessionState): void {
    const from = this.#state;
    if (from === to) return;
    if (!TRANSITIONS[from].includes(to)) throw new Error(`A session cannot go from ${from} to ${to}`);
    this.#state = to;
    this.tell({ ...this.eventBase(), type: 'session:state', from, to });
    this.#listener.onChange(this);
  }

  #onData(bytes: Uint8Array): void {
    this.recording.write((recorder) => recorder.output(this.ageMs, bytes));
    if (this.#ending === null) this.#brake.check();
    this.flow.append(bytes);
    this.#commands.output(bytes);
    this.#listener.onBytes(bytes.byteLength, 0);
    if (this.#state === 'running' || this.#state === 'interrupted') this.#expiry.notePrinted();
    if (this.limits.values.activity.includes('output')) this.#expiry.touch('output');
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
    if (this.recording.isRequired) void this.end('recording_failed');
  }
}
