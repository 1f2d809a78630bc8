import type { BackendStatus } from '../../../shared/backends.ts';
import type { Isolation, Survivor } from '../../../shared/session.ts';
import type {
  Backend,
  BackendListener,
  BackendProcess,
  Backends,
  ExitStatus,
  Foreground,
  ReattachSpec,
  StartResult,
  StartSpec,
} from '../../backends/backend.ts';
import type { Logger } from '../../base/logger.ts';
import type { ForegroundUsage } from '../../processes/usage.ts';
import type {
  ClosedRecording,
  Recorder,
  RecorderFactory,
  RecorderListener,
  RecorderResult,
  RecordingHeader,
  ReopenResult,
} from '../../recording/recorder.ts';
import { Secrets } from '../../recording/redaction/secrets.ts';
import { redactText, StreamRedactor } from '../../recording/redaction/stream-redactor.ts';

/** A shell that does what a test says, and writes down in `log` what is done to it. */
export class StandInProcess implements BackendProcess {
  readonly pid = 4_242;
  readonly command = '/bin/sh';
  readonly args: readonly string[] = [];
  readonly isolation: Isolation = [];
  readonly container = null;
  readonly containment = 'tree';
  readonly written: string[] = [];
  readonly sizes: string[] = [];
  inFront: Foreground = { isShell: true, command: null };
  inBackground: readonly string[] = [];
  cpuMs = 0;
  usage: ForegroundUsage | null = null;
  takesInput = true;
  survivors: readonly Survivor[] = [];
  /** What comes out while the ladder runs. */
  lastWords = '';
  paused = false;
  readonly #listener: BackendListener;
  readonly #log: string[];
  #exited = false;

  constructor(listener: BackendListener, log: string[]) {
    this.#listener = listener;
    this.#log = log;
  }

  print(text: string): void {
    this.#listener.onData(new TextEncoder().encode(text));
  }

  exit(status: ExitStatus): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#listener.onExit(status);
  }

  write(bytes: Uint8Array): number {
    if (!this.takesInput) return 0;
    this.written.push(new TextDecoder().decode(bytes));
    return bytes.byteLength;
  }

  /** It reads again. */
  takeInput(): void {
    this.takesInput = true;
    this.#listener.onInputRoom?.();
  }

  resize(cols: number, rows: number): void {
    this.sizes.push(`${cols}x${rows}`);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async foreground(): Promise<Foreground> {
    return this.inFront;
  }

  async background(): Promise<readonly string[]> {
    return this.inBackground;
  }

  async foregroundUsage(): Promise<ForegroundUsage | null> {
    return this.usage;
  }

  async cpuTimeMs(): Promise<number> {
    return this.cpuMs;
  }

  async freeze(): Promise<string | null> {
    this.#log.push('freeze');
    return null;
  }

  async thaw(): Promise<string | null> {
    this.#log.push('thaw');
    return null;
  }

  async settle(): Promise<void> {
    this.#log.push('settle');
  }

  async terminate(graceMs: number): Promise<{ survivors: readonly Survivor[] }> {
    this.#log.push(`ladder ${graceMs}`);
    if (this.lastWords !== '') this.print(this.lastWords);
    this.exit({ exitCode: null, signal: 'SIGHUP' });
    return { survivors: this.survivors };
  }
}

/** Starts stand-in shells; `fail` makes the next start fail, `hold` makes it wait. */
export class StandInBackend implements Backend {
  readonly kind = 'pty';
  readonly status: BackendStatus = { kind: 'pty', state: 'available', message: '', found: [] };
  readonly processes: StandInProcess[] = [];
  readonly log: string[];
  fail: StartResult | null = null;
  hold: Promise<void> | null = null;

  constructor(log: string[]) {
    this.log = log;
  }

  async start(_spec: StartSpec, listener: BackendListener): Promise<StartResult> {
    if (this.hold !== null) await this.hold;
    if (this.fail !== null) return this.fail;
    const process = new StandInProcess(listener, this.log);
    this.processes.push(process);
    return { ok: true, process };
  }

  /** What was to be taken over. */
  readonly reattached: ReattachSpec[] = [];

  async reattach(spec: ReattachSpec, listener: BackendListener): Promise<StartResult> {
    this.reattached.push(spec);
    if (this.fail !== null) return this.fail;
    const process = new StandInProcess(listener, this.log);
    this.processes.push(process);
    return { ok: true, process };
  }

  onStatus(): () => void {
    return () => {};
  }

  async check(): Promise<void> {}

  killAllNow(): void {
    this.log.push('kill all');
  }

  get last(): StandInProcess {
    const process = this.processes.at(-1);
    if (process === undefined) throw new Error('No shell was started');
    return process;
  }
}

/** A recorder in memory that writes down in `log` when it is closed. */
export class StandInRecorders implements RecorderFactory {
  readonly log: string[];
  readonly lines: string[] = [];
  listener: RecorderListener | null = null;
  fail: RecorderResult | null = null;
  hold: Promise<void> | null = null;
  /** What there is of a recording of an earlier run. */
  left: { readonly lastEventMs: number; readonly cols: number; readonly rows: number } | null = null;

  constructor(log: string[]) {
    this.log = log;
  }

  folderOf(id: string): string {
    return `/nowhere/${id}`;
  }

  async reopen(): Promise<ReopenResult> {
    const { left } = this;
    if (left === null)
      return { ok: false, failure: { stage: 'recording', message: 'There is no recording.', hint: '' } };
    return { ok: true, ...left, resume: (listener) => this.#recorder(listener) };
  }

  open(_header: RecordingHeader, listener: RecorderListener): Promise<RecorderResult> {
    return this.#recorder(listener);
  }

  async #recorder(listener: RecorderListener): Promise<RecorderResult> {
    if (this.hold !== null) await this.hold;
    if (this.fail !== null) return this.fail;
    this.listener = listener;
    const { lines, log } = this;
    const closed: ClosedRecording = {
      file: '/nowhere/recording.cast',
      bytes: 1,
      sha256: '0'.repeat(64),
      truncated: false,
      message: null,
    };
    const secrets = new Secrets();
    const redactor = new StreamRedactor(secrets, (_at, bytes) => lines.push(`o ${new TextDecoder().decode(bytes)}`));
    const recorder: Recorder = {
      bytes: 1,
      waitingBytes: 0,
      addSecret: (name, value) => void secrets.add(name, value),
      output: (at, bytes) => redactor.write(at, bytes),
      resize: (_at, cols, rows) => redactor.event(() => lines.push(`r ${cols}x${rows}`)),
      marker: (_at, label) => redactor.event(() => lines.push(`m ${redactText(secrets, label)}`)),
      flush: async () => {},
      close: async (_at, exitStatus) => {
        redactor.flush();
        log.push(`recording closed ${exitStatus}`);
        return closed;
      },
    };
    return { ok: true, recorder };
  }
}

/** A logger that keeps its warnings and errors, so that a test can ask for none. */
export function keepingLogger(): Logger & { readonly complaints: string[] } {
  const complaints: string[] = [];
  return {
    complaints,
    debug: () => {},
    info: () => {},
    warn: (_details, message) => complaints.push(message),
    error: (_details, message) => complaints.push(message),
  };
}

/** The same backend whatever kind a profile asks for. */
export function backendsOf(backend: Backend): Backends {
  return { pty: backend, bubblewrap: backend, docker: backend };
}
