import type { EffectiveLimits } from '../../shared/limits.ts';
import type { Profile } from '../../shared/profile.ts';
import type { EndReason, LimitReason, SessionEnd, SessionId, SessionInfo } from '../../shared/session.ts';
import type { BackendProcess } from '../backends/backend.ts';
import { openCredentials, type SessionCredentials } from '../credentials/session-credentials.ts';
import type { SessionRecord } from '../journal/journal.ts';
import type { EndingSession } from './ending.ts';
import { InputQueue } from './input/input-queue.ts';
import { Lifecycle } from './lifecycle.ts';
import { CommandCount, commandLimitAfterChange } from './limits/command-count.ts';
import { type ExpiringSession, SessionExpiry } from './limits/session-expiry.ts';
import { type DescribedSession, describeSession, endedMetadata, type SessionSoFar, withEvents } from './metadata.ts';
import { OutputFlow } from './output/output-flow.ts';
import { RecorderBackpressure } from './output/recorder-backpressure.ts';
import { sessionInfo } from './session-info.ts';
import type { EndDetails, SessionDependencies, SessionListener, SessionOptions } from './session-options.ts';
import { type InFront, SessionProgram } from './session-program.ts';
import { SessionRecording } from './session-recording.ts';
import { lastMoments, type StartingSession } from './session-start.ts';

/** As long as a title may be. */
const MAX_TITLE = 80;

/** Where the session is in its life, as its parts need it. */
export interface SessionOwner {
  /** Whether its end has begun. */
  isEnding(): boolean;
  /** How it ended; null until it has. */
  ended(): SessionEnd | null;
  /** Begins its end. */
  end(reason: EndReason, details?: EndDetails): void;
}

/**
 * What a session is made of, wired together: its program, its output and input, its limits, its recording, its credentials
 * and its record. Each part sees of the others only what its port shows. When it starts and ends is the session's decision.
 */
export class SessionParts {
  readonly id: SessionId;
  readonly previousId: SessionId | null;
  readonly profile: Profile;
  readonly createdAt: number;
  readonly lifecycle: Lifecycle;
  readonly program: SessionProgram;
  readonly flow: OutputFlow;
  readonly expiry: SessionExpiry;
  readonly commands: CommandCount;
  readonly recording: SessionRecording;
  readonly credentials: SessionCredentials | null;
  /** Input on its way to the program; what the program's terminal accepts counts. */
  readonly input = new InputQueue((bytes) => {
    this.#bytesIn += bytes;
    this.#listener.onBytes(0, bytes);
  });

  readonly #dependencies: SessionDependencies;
  readonly #listener: SessionListener;
  readonly #owner: SessionOwner;
  readonly #backpressure: RecorderBackpressure;
  #title: string;
  #hasCustomTitle: boolean;
  /** Output in earlier runs of the app, less what of it is shown again. */
  #bytesOutBefore: number;
  #bytesIn: number;
  #resizes: number;
  /** How many commands it may run; 0: any number. More than the limit where that was lowered while it ran. */
  #commandLimit: number;

  constructor(
    options: SessionOptions,
    dependencies: SessionDependencies,
    listener: SessionListener,
    owner: SessionOwner,
  ) {
    const { id, profile, restored, cols, rows, limits } = options;
    const { clock, logger, newEventId, credentials: broker = null } = dependencies;
    const onChange = (): void => listener.onChange();
    this.id = id;
    this.previousId = options.previousId;
    this.profile = profile;
    this.createdAt = restored?.createdAt ?? clock.wall();
    this.#dependencies = dependencies;
    this.#listener = listener;
    this.#owner = owner;
    this.#title = options.title ?? profile.name;
    this.#hasCustomTitle = options.title !== undefined;
    this.#bytesOutBefore = restored?.counters.bytesOut ?? 0;
    this.#bytesIn = restored?.counters.bytesIn ?? 0;
    this.#resizes = restored?.counters.resizes ?? 0;
    this.#commandLimit = limits.values.maxCommands;
    this.lifecycle = new Lifecycle({
      sessionId: id,
      createdAt: this.createdAt,
      clock,
      restoredEvents: restored?.events,
      newEventId,
      onEvent: (event, recording) => listener.onEvent(event, recording),
      onChange,
    });
    this.program = new SessionProgram(cols, rows, this.input);
    this.expiry = new SessionExpiry(this.#expiring(), limits, restored);
    this.commands = new CommandCount(clock, {
      before: restored?.counters.commands ?? 0,
      limit: () => this.#commandLimit,
      isShellInFront: async () =>
        this.process !== null && this.lifecycle.state !== 'frozen' && (await this.refreshForeground()).isShell,
      onChange,
      onLimit: () => this.#expire('command_limit'),
      onError: (error) => logger.warn({ session: id, err: error }, 'A command could not be followed'),
    });
    const source = { pause: () => this.program.pause('windows'), resume: () => this.program.resume('windows') };
    this.flow = new OutputFlow(source, clock, { size: { cols, rows }, checkpoints: dependencies.checkpoints });
    this.#backpressure = new RecorderBackpressure({
      clock,
      waitingBytes: () => this.recording.waitingBytes,
      pause: () => this.program.pause('recording'),
      resume: () => this.program.resume('recording'),
    });
    const isResumed = restored !== undefined;
    this.credentials = openCredentials({ sessionId: id, profile, isResumed, broker, clock, logger, onChange });
    this.recording = new SessionRecording(
      (message) => this.#onRecordingTruncated(message),
      (recorder) => this.credentials?.protect(recorder),
    );
    this.recording.isRequired = profile.recording === 'required';
  }

  get title(): string {
    return this.#title;
  }

  /** The name that the user gave it; null where they gave none. */
  get customTitle(): string | null {
    return this.#hasCustomTitle ? this.#title : null;
  }

  get limits(): EffectiveLimits {
    return this.expiry.limits;
  }

  /** What runs in it; null until that does. */
  get process(): BackendProcess | null {
    return this.program.process;
  }

  /** Milliseconds since it was opened, on its clock. */
  get ageMs(): number {
    return this.#dependencies.clock.now() - this.expiry.startedMs;
  }

  /** Bytes of output so far. */
  get bytesOut(): number {
    return this.#bytesOutBefore + this.flow.totalBytes;
  }

  /** Bytes of input that the program's terminal has accepted so far. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** How many commands it may still begin; infinite without a limit. */
  get commandsLeft(): number {
    return this.#commandLimit === 0 ? Number.POSITIVE_INFINITY : this.#commandLimit - this.commands.state.used;
  }

  rename(title: string): void {
    this.#title = this.redact(title).slice(0, MAX_TITLE);
    this.#hasCustomTitle = true;
    this.#listener.onChange();
  }

  /** A title that the user did not choose; one that they chose stays. */
  setDefaultTitle(title: string): void {
    if (!this.#hasCustomTitle) this.#title = title;
  }

  /** Output so far was read from a recording: it had been counted when it was printed. */
  discountOutput(): void {
    this.#bytesOutBefore -= this.flow.totalBytes;
  }

  /** The shell runs. */
  attach(process: BackendProcess): void {
    this.program.attach(process);
    this.credentials?.attach(process);
  }

  resize(cols: number, rows: number): void {
    if (!this.program.resize(cols, rows)) return;
    this.flow.resize({ cols, rows });
    this.#resizes += 1;
    this.recording.write((recorder) => recorder.resize(this.ageMs, cols, rows));
    this.#listener.onChange();
  }

  updateLimits(limits: EffectiveLimits): void {
    const { used } = this.commands.state;
    this.#commandLimit = commandLimitAfterChange(this.#commandLimit, limits.values.maxCommands, used);
    this.expiry.updateLimits(limits);
    this.commands.check();
  }

  /** Finds out what runs in front, and follows it with the state. */
  async refreshForeground(): Promise<Pick<InFront, 'isShell' | 'command'>> {
    const inFront = this.#owner.isEnding() ? null : await this.program.inFront();
    if (inFront === null || this.#owner.isEnding()) return { isShell: true, command: null };
    const { isShell, command, changed } = inFront;
    const { state } = this.lifecycle;
    if (isShell && (state === 'running' || state === 'interrupted')) this.lifecycle.transition('waiting');
    else if (!isShell && state === 'waiting') this.lifecycle.transition('running');
    else if (changed) this.#listener.onChange();
    return { isShell, command };
  }

  /** Takes the program's next output. */
  output(bytes: Uint8Array): void {
    this.recording.write((recorder) => recorder.output(this.ageMs, bytes));
    if (!this.#owner.isEnding()) this.#backpressure.check();
    this.flow.append(bytes);
    this.commands.output(bytes);
    this.#listener.onBytes(bytes.byteLength, 0);
    const { state } = this.lifecycle;
    if (state === 'running' || state === 'interrupted') this.expiry.notePrinted();
    if (this.limits.values.activity.includes('output')) this.expiry.touch('output');
    else this.#listener.onActivity();
  }

  /** Its end begins: no limit counts any more, and no input is taken. */
  stop(): void {
    this.expiry.stop();
    this.commands.stop();
    this.#backpressure[Symbol.dispose]();
    this.input.close();
  }

  info(life: Pick<SessionInfo, 'progress' | 'end'>): SessionInfo {
    const { state } = this.lifecycle;
    const { program, expiry, commands, recording, credentials } = this;
    return sessionInfo({ ...this.#described(), ...life, state, program, expiry, commands, recording, credentials });
  }

  /** What is known of it, for the journal. */
  record(): SessionRecord {
    return describeSession(this.#described());
  }

  /** The same with its events. */
  recordSoFar(): SessionSoFar {
    return withEvents(this.record(), this.lifecycle.events);
  }

  /** Writes a marker into the recording. */
  mark(label: string): void {
    this.recording.write((recorder) => recorder.marker(this.ageMs, label));
  }

  /** The session as its start needs it. */
  starting(): StartingSession {
    const { id, profile, createdAt, credentials } = this;
    const { backend, recorders, logger, clock } = this.#dependencies;
    return {
      id,
      profile,
      createdAt,
      credentials,
      backend,
      recorders,
      logger,
      recorderListener: this.recording.listener,
      mustBeRecorded: () => this.recording.isRequired,
      title: () => this.#title,
      size: () => this.program.size,
      lastMoments: () => lastMoments(this.limits, clock.wall() - this.ageMs),
      redact: (text) => this.redact(text),
      show: (bytes) => this.#show(bytes),
    };
  }

  /** The session as its end needs it. */
  closing(): EndingSession {
    const { id, flow, recording, process } = this;
    const { logger, writeMetadata } = this.#dependencies;
    return {
      id,
      logger,
      flow,
      recording,
      process,
      graceMs: this.limits.values.closeGraceSeconds * 1_000,
      wall: () => this.lifecycle.wall(),
      ageMs: () => this.ageMs,
      exit: () => this.program.exit,
      show: (bytes) => this.#show(bytes),
      redact: (text) => this.redact(text),
      event: (end) => this.lifecycle.stamp({ type: 'session:end', end }),
      writeMetadata: (event, recorded) => writeMetadata(endedMetadata(this.recordSoFar(), event, recorded)),
    };
  }

  #described(): DescribedSession {
    return {
      id: this.id,
      previousId: this.previousId,
      profile: this.profile,
      createdAt: this.createdAt,
      title: this.#title,
      limits: this.limits,
      process: this.process,
      counters: {
        bytesOut: this.bytesOut,
        bytesIn: this.#bytesIn,
        resizes: this.#resizes,
        warnings: this.expiry.warnings,
        extensions: this.expiry.extensionsUsed,
        commands: this.commands.state.used,
      },
      app: this.#dependencies.app,
      redact: (text) => this.redact(text),
    };
  }

  #expiring(): ExpiringSession {
    const { clock, logger } = this.#dependencies;
    return {
      id: this.id,
      clock,
      logger,
      state: () => this.lifecycle.state,
      isEnding: () => this.#owner.isEnding(),
      process: () => this.process,
      ageMs: () => {
        const end = this.#owner.ended();
        return end === null ? this.ageMs : end.durationSeconds * 1_000;
      },
      bytesOut: () => this.bytesOut,
      modes: () => this.flow.modes(),
      transition: (to) => this.lifecycle.transition(to),
      mark: (label) => this.mark(label),
      emit: (event) => this.lifecycle.emit(event),
      expire: (limit) => this.#expire(limit),
      revoked: (detail) => this.#owner.end('revoked', { detail }),
      refreshForeground: () => this.refreshForeground(),
      onChange: () => this.#listener.onChange(),
      onActivity: () => this.#listener.onActivity(),
      onLateness: (ms) => this.#listener.onLateness(ms),
    };
  }

  /** A limit has run out: the session ends, and a new one takes its place if its limits want that. */
  #expire(expired: LimitReason): void {
    if (this.limits.values.onExpiry === 'reset') this.#owner.end('auto_reset', { expired });
    else this.#owner.end(expired);
  }

  /** A text that may be written down: without the session's secrets. */
  redact(text: string): string {
    return this.credentials?.redact(text) ?? text;
  }

  /** Shows output that is not the program's, and records it. */
  #show(bytes: Uint8Array): void {
    this.recording.write((recorder) => recorder.output(this.ageMs, bytes));
    this.flow.append(bytes);
  }

  #onRecordingTruncated(message: string): void {
    this.#dependencies.logger.warn({ session: this.id, reason: message }, 'A recording was truncated');
    this.#listener.onChange();
    if (this.recording.isRequired) this.#owner.end('recording_failed');
  }
}
