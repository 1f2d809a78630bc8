import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type {
  EndReason,
  LimitReason,
  SessionEnd,
  SessionEvent,
  SessionId,
  SessionInfo,
  SessionState,
  SessionTiming,
  StartProgress,
} from '../../shared/session.ts';
import type { BackendListener, BackendProcess, ExitStatus } from '../backends/backend.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { SessionRecord } from '../journal/journal.ts';
import type { TerminalSize } from '../terminal/compact.ts';
import { endReasonOf, endSession, expiredLimit, whyClosing, whyEnded } from './ending.ts';
import { type InputQueue, NO_SOURCE } from './input/input-queue.ts';
import type { ExtendResult } from './limits/deadline-runner.ts';
import type { SessionSoFar } from './metadata.ts';
import type { OutputFlow, Watcher, WatcherOptions } from './output/output-flow.ts';
import { outputStream } from './output/output-stream.ts';
import { type OrphanedSession, readScrollback, reattachShell } from './resume.ts';
import type {
  ActionResult,
  EndDetails,
  InputOrigin,
  SessionDependencies,
  SessionListener,
  SessionOptions,
  WriteResult,
} from './session-options.ts';
import { SessionParts } from './session-parts.ts';
import type { InFront } from './session-program.ts';
import type { SessionRecording } from './session-recording.ts';
import { startSession, startThrew, titleOf } from './session-start.ts';
import type { Tab } from './tab.ts';
import { WindowSizes } from './window-sizes.ts';

/** Where a session is in its life, with what only that part of it has. */
type Phase =
  | { readonly kind: 'starting'; readonly abort: AbortController; progress: StartProgress | null }
  | { readonly kind: 'live' }
  | { readonly kind: 'ending'; readonly reason: EndReason; readonly ending: Promise<SessionEnd> }
  | {
      readonly kind: 'ended';
      readonly end: SessionEnd;
      readonly ending: Promise<SessionEnd>;
      /** When, in milliseconds on its clock. */
      readonly atMs: number;
    };

/**
 * One run of a profile. It is opened once, and {@link Session.end} is the only way it ends: idempotent, the first reason
 * wins, and exactly one `session:end` follows each `session:start`.
 */
export class Session implements Tab {
  readonly id: SessionId;
  readonly previousId: SessionId | null;
  readonly profile: Profile;
  readonly profileId: string;
  readonly createdAt: number;
  readonly flow: OutputFlow;
  /** Input on its way to the program. */
  readonly input: InputQueue;
  readonly recording: SessionRecording;
  /** Decides on the size of its terminal where several windows show it. */
  readonly sizes = new WindowSizes(({ cols, rows }) => this.resize(cols, rows));
  /** The metadata of a session of this run is in its file as soon as it can be written. */
  readonly unwrittenMetadata = null;

  readonly #parts: SessionParts;
  readonly #listener: SessionListener;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #phase: Phase = { kind: 'starting', abort: new AbortController(), progress: null };
  #started: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions, dependencies: SessionDependencies, listener: SessionListener) {
    this.#listener = listener;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#parts = new SessionParts(options, dependencies, listener, {
      isEnding: () => this.isEnding,
      ended: () => this.ended,
      end: (reason, details) => void this.end(reason, details),
    });
    const { id, previousId, profile, createdAt, flow, input, recording } = this.#parts;
    this.id = id;
    this.previousId = previousId;
    this.profile = profile;
    this.profileId = profile.id;
    this.createdAt = createdAt;
    this.flow = flow;
    this.input = input;
    this.recording = recording;
  }

  get events(): readonly SessionEvent[] {
    return this.#parts.lifecycle.events.kept;
  }

  get eventsLeftOut(): number {
    return this.#parts.lifecycle.events.leftOut;
  }

  get state(): SessionState {
    return this.#parts.lifecycle.state;
  }

  get limits(): EffectiveLimits {
    return this.#parts.limits;
  }

  get title(): string {
    return this.#parts.title;
  }

  get customTitle(): string | null {
    return this.#parts.customTitle;
  }

  get size(): TerminalSize {
    return this.#parts.program.size;
  }

  /** What runs in it; null until that does. */
  get process(): BackendProcess | null {
    return this.#parts.program.process;
  }

  /** How it ended; null until it has. */
  get ended(): SessionEnd | null {
    return this.#phase.kind === 'ended' ? this.#phase.end : null;
  }

  get hasEnded(): boolean {
    return this.#phase.kind === 'ended';
  }

  /** When it ended, on its clock; null until it has. */
  get endedMs(): number | null {
    return this.#phase.kind === 'ended' ? this.#phase.atMs : null;
  }

  /** Whether its end has begun. */
  get isEnding(): boolean {
    return this.#phase.kind === 'ending' || this.#phase.kind === 'ended';
  }

  get isReplaced(): boolean {
    const reason = this.ended?.reason;
    return reason === 'auto_reset' || reason === 'reset';
  }

  /** Milliseconds since it was opened, on its clock. */
  get ageMs(): number {
    return this.#parts.ageMs;
  }

  /** Bytes of output so far. */
  get bytesOut(): number {
    return this.#parts.bytesOut;
  }

  /** Bytes of input that the program's terminal has accepted so far. */
  get bytesIn(): number {
    return this.#parts.bytesIn;
  }

  /** How many commands it may still begin; infinite without a limit. */
  get commandsLeft(): number {
    return this.#parts.commandsLeft;
  }

  /** The limit that has frozen it; null where none has. */
  get frozenBy(): LimitReason | null {
    return this.#parts.expiry.frozenBy;
  }

  /** How far past its deadline it is, in milliseconds: negative before it, null without one. */
  get overdueMs(): number | null {
    return this.#parts.expiry.overdueMs;
  }

  /** Resolves when the start has succeeded or failed. Never rejects. */
  get started(): Promise<void> {
    return this.#started;
  }

  /** Starts the shell. Called once, by the manager. */
  start(): void {
    const { id: profileId, backend } = this.profile;
    this.#parts.lifecycle.emit({ type: 'session:start', profileId, backend, previousId: this.previousId });
    this.#started = this.#start().catch((error: unknown) => {
      void this.end('start_failed', { failure: startThrew({ id: this.id, logger: this.#logger }, error) });
    });
  }

  async #start(): Promise<void> {
    if (this.#phase.kind !== 'starting') return;
    const { signal } = this.#phase.abort;
    const attach = (process: BackendProcess): void => this.#parts.attach(process);
    const start = await startSession(this.#parts.starting(), this.#backendListener, attach, signal);
    const { process, recorder, failure } = start;
    if (recorder.ok) this.recording.attach(recorder.recorder);
    if (failure !== null) void this.end('start_failed', { failure });
    if (!recorder.ok) this.recording.fail(recorder.failure.message);
    if (process === null || this.isEnding) return;
    this.#parts.setDefaultTitle(titleOf(this.profile, process.command));
    this.#phase = { kind: 'live' };
    this.#parts.lifecycle.transition('waiting');
    this.#parts.expiry.start();
    this.#endIfExited();
  }

  /**
   * Continues what an earlier run of the app has opened: takes its shell over, then has `adopt` give it its place, and
   * emits that. False: there is nothing to take over, or it may not continue, and nothing is left of it here.
   */
  async resume(orphan: OrphanedSession, adopt: () => void): Promise<boolean> {
    if (this.#phase.kind !== 'starting') return false;
    const { signal } = this.#phase.abort;
    // What it had shown comes first, and does not count again.
    await readScrollback(this.flow, this.size, orphan);
    this.#parts.discountOutput();
    // Nothing knows of the session yet, so what it prints waits.
    this.#parts.program.pause('resuming');
    const recorder = await reattachShell(
      this.#parts.starting(),
      orphan,
      this.#backendListener,
      (process) => this.#parts.attach(process),
      signal,
    );
    if (recorder === null) {
      this.#parts.credentials?.[Symbol.dispose]();
      return false;
    }
    if (this.process !== null) await this.#parts.credentials?.resume(this.process, signal);
    const { state, awaySeconds } = orphan.restored;
    this.#phase = { kind: 'live' };
    this.#parts.lifecycle.restore(state);
    adopt();
    if (recorder.ok) this.recording.attach(recorder.recorder);
    this.#parts.lifecycle.emit({ type: 'session:reattached', awaySeconds });
    this.#parts.mark(`attached again after ${Math.round(awaySeconds)} s; what it printed meanwhile is not here`);
    if (state !== 'frozen') this.#parts.lifecycle.transition('waiting');
    this.#parts.expiry.start();
    this.#parts.commands.check();
    if (!recorder.ok) this.recording.fail(recorder.failure.message);
    this.#parts.program.resume('resuming');
    this.#listener.onChange();
    this.#listener.onActivity();
    this.#endIfExited();
    return true;
  }

  /** The shell may have exited before the session was live. */
  #endIfExited(): void {
    const { exit } = this.#parts.program;
    if (exit !== null) void this.end(endReasonOf(exit), { exit });
  }

  /**
   * Input for the shell; while that starts, it is kept. Only what the user did counts as activity, and thaws a session
   * that a deadline has frozen. Commands beyond the last allowed one are not passed on.
   */
  write(bytes: Uint8Array, { user, isPaste = false, source = NO_SOURCE }: InputOrigin): WriteResult {
    if (this.isEnding) return 'not_running';
    if (!this.input.hasRoom(source, bytes.byteLength)) return 'refused';
    let allowed: number | null = bytes.byteLength;
    if (user) {
      const { state } = this;
      this.#parts.expiry.touch('input');
      allowed = this.#parts.commands.input(bytes, state === 'waiting' || state === 'starting');
      if (allowed === null) return 'command_limit';
      if (state === 'running' && bytes.includes(0x03)) this.#parts.lifecycle.transition('interrupted');
    }
    this.#listener.onActivity();
    this.input.push(source, bytes, { isPaste, allowed });
    if (user) this.#parts.expiry.want();
    return 'written';
  }

  resize(cols: number, rows: number): void {
    if (!this.isEnding) this.#parts.resize(cols, rows);
  }

  /** Makes a full-screen program redraw itself, for a terminal that was shown only its last output. */
  redraw(): void {
    this.#parts.program.redraw();
  }

  rename(title: string): void {
    this.#parts.rename(title);
  }

  async open(): Promise<this> {
    return this;
  }

  /** A session of this run does not come back at the next launch. */
  dismiss(): void {}

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
    const over = this.#whyOver();
    if (over !== null) return over;
    this.#parts.expiry.keepOpen();
    return { ok: true };
  }

  /** Spends one extension: lengthens both deadlines, never past the policy. */
  extend(): ExtendResult {
    const over = this.#whyOver();
    if (over !== null) return over;
    if (this.#phase.kind === 'starting')
      return { ok: false, message: 'The session is still starting. Try again in a moment.' };
    return this.#parts.expiry.extend();
  }

  /** Stops everything in it where it stands; its idle timeout rests. */
  freeze(): Promise<ActionResult> {
    return this.#parts.expiry.freeze();
  }

  /** Lets a frozen session run again; if a deadline has frozen it, that counts as activity. */
  thaw(): Promise<ActionResult> {
    return this.#parts.expiry.thaw();
  }

  /** New limits, from changed settings; they hold at once. */
  updateLimits(limits: EffectiveLimits): void {
    if (!this.isEnding) this.#parts.updateLimits(limits);
  }

  /** The policy no longer allows it, for this reason, or allows it (again): null. */
  revoke(why: string | null): void {
    this.#parts.expiry.revoke(why);
  }

  /** Judges the deadlines now, whatever the timer says: after a wake-up, and in the sweep. */
  checkDeadlines(): void {
    this.#parts.expiry.check();
  }

  /** Finds out what runs in front, and follows it with the state. */
  refreshForeground(): Promise<Pick<InFront, 'isShell' | 'command'>> {
    return this.#parts.refreshForeground();
  }

  /** The only way a session ends. The first reason wins; every call gives the same end. */
  end(reason: EndReason, details: EndDetails = {}): Promise<SessionEnd> {
    const phase = this.#phase;
    if (phase.kind === 'ending' || phase.kind === 'ended') return phase.ending;
    const { promise: ending, resolve, reject } = Promise.withResolvers<SessionEnd>();
    this.#phase = { kind: 'ending', reason, ending };
    this.#runEnding(phase, reason, details, ending).then(resolve, reject);
    return ending;
  }

  async #runEnding(
    before: Extract<Phase, { kind: 'starting' | 'live' }>,
    reason: EndReason,
    details: EndDetails,
    ending: Promise<SessionEnd>,
  ): Promise<SessionEnd> {
    this.#parts.stop();
    // Once the shell runs nothing listens to the signal, and the error that an abort makes is expensive.
    if (before.kind === 'starting' && this.process === null) before.abort.abort();
    this.#parts.lifecycle.transition('closing');
    // A start under way is waited for, so that what it made can be ended. A failed start is the one that calls.
    if (before.kind === 'starting' && reason !== 'start_failed') await this.#started;
    const facts = { ...details, ...this.#parts.expiry.ranOut(expiredLimit(reason, details)) };
    const { event, recording } = await endSession(this.#parts.closing(), reason, facts);
    this.#parts.credentials?.[Symbol.dispose]();
    const { end } = event;
    this.#phase = { kind: 'ended', end, ending, atMs: this.#clock.now() };
    this.#parts.lifecycle.transition('ended');
    this.#parts.lifecycle.publish(event, recording);
    this.#listener.onChange();
    return end;
  }

  /** Why nothing can be done for it any more; null while it lives. */
  #whyOver(): (ActionResult & { readonly ok: false }) | null {
    const phase = this.#phase;
    if (phase.kind === 'ended') return whyEnded(phase.end);
    return phase.kind === 'ending' ? whyClosing(phase.reason) : null;
  }

  info(): SessionInfo {
    const phase = this.#phase;
    return this.#parts.info({ progress: phase.kind === 'starting' ? phase.progress : null, end: this.ended });
  }

  timing(): SessionTiming {
    return this.#parts.expiry.timing();
  }

  /** What is known of it, for the journal. */
  record(): SessionRecord {
    return this.#parts.record();
  }

  /** The same with its events, for an export while it lives. */
  recordSoFar(): SessionSoFar {
    return this.#parts.recordSoFar();
  }

  get #backendListener(): BackendListener {
    return {
      onData: (bytes) => this.#parts.output(bytes),
      onInputRoom: () => this.input.flush(),
      onExit: (status) => this.#onExit(status),
      onProgress: (progress) => this.#onProgress(progress),
    };
  }

  #onExit(status: ExitStatus): void {
    this.#parts.program.exited(status);
    if (this.#phase.kind === 'live') this.#endIfExited();
  }

  #onProgress(progress: StartProgress): void {
    if (this.#phase.kind !== 'starting') return;
    this.#phase.progress = progress;
    this.#listener.onChange();
  }
}
