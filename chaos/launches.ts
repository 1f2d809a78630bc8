import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import * as z from 'zod';
import { containersLeft, engine } from '../e2e/runner/containers.ts';
import { Home } from '../e2e/runner/home.ts';
import { type ListedProcess, processesMarked } from '../e2e/runner/processes.ts';
import { type ServedApp, serve } from '../e2e/runner/web-host.ts';
import { removeContainers } from '../electron/testing/container-engine.ts';
import { RECORDING_FILE } from '../shared/recording.ts';
import type { SessionEnd, SessionInfo } from '../shared/session.ts';
import type { Problem } from '../shared/settings.ts';
import { AppWindow } from './app-window.ts';
import { checkJournal, checkNothingLeft, checkOneStory, checkRecordings, eventsInJournal } from './verify.ts';

/** How long anything may take that is polled for, in milliseconds: the machine is busy. */
const PATIENCE_MS = 60_000;
const POLL_MS = 50;
/** How long what is left may take to go, in milliseconds: the promise is 5 s, and the machine is busy. */
const GONE_MS = 30_000;

/** What the app is started with, each time. */
export interface LaunchesOptions {
  /** Sections of the settings file. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Variables of the app's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Before the first launch: what the folders are like. Gives more variables. */
  readonly prepare?: (home: Home) => Readonly<Record<string, string>> | undefined;
}

/** How a launch that failed has ended. */
export interface FailedLaunch {
  readonly code: number | null;
  /** What it said on its standard error. */
  readonly message: string;
}

/** One home with the app in it, which is started, killed and started again. */
export class Launches implements AsyncDisposable {
  readonly home: Home;
  #environment: Readonly<Record<string, string>>;
  readonly #apps = new Set<ServedApp>();
  #app: ServedApp | null = null;

  private constructor(home: Home, environment: Readonly<Record<string, string>>) {
    this.home = home;
    this.#environment = environment;
  }

  static async create({ settings, environment = {}, prepare }: LaunchesOptions): Promise<Launches> {
    const home = await Home.create({ settings: { ...settings }, policy: { minimumTimeoutSeconds: 1 } });
    const launches = new Launches(home, environment);
    try {
      launches.#environment = { ...environment, ...prepare?.(home) };
    } catch (error) {
      await launches[Symbol.asyncDispose]();
      throw error;
    }
    return launches;
  }

  get dataFolder(): string {
    return join(this.home.folder, 'data');
  }

  get journalFile(): string {
    return join(this.dataFolder, 'journal.sqlite');
  }

  /** Starts the app and opens a window of it. */
  async launch(): Promise<AppWindow> {
    this.#app = this.#serve();
    return AppWindow.open(this.#app);
  }

  /** Starts one that is not to come up, while another may run. */
  async launchToFail(): Promise<FailedLaunch> {
    const app = this.#serve();
    let message = '';
    app.child.stderr.on('data', (chunk) => {
      message += String(chunk);
    });
    // None that serves: then this says so.
    const outcome = await Promise.race([app.exited, app.nextLink().catch(() => app.exited)]);
    if (typeof outcome === 'string') throw new Error('It has started');
    return { code: outcome, message };
  }

  /** Ends the last one that was started. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const app = this.#app;
    this.#app = null;
    app?.child.kill(signal);
    return (await app?.exited) ?? null;
  }

  /** SIGKILL to those that watch over what the app leaves. */
  killReapers(): void {
    for (const { pid, command } of this.#guards()) if (command.includes('reaper')) killQuietly(pid);
  }

  /** Writes a hook's files, `hook.yaml` last, as a person would; other files are executables. */
  writeHook(name: string, hook: object, files: Readonly<Record<string, string>> = {}): void {
    const folder = join(this.home.config, 'hooks', name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(folder, file), text);
      chmodSync(join(folder, file), 0o700);
    }
    // JSON is YAML.
    writeFileSync(join(folder, 'hook.yaml'), JSON.stringify(hook), { mode: 0o600 });
  }

  /** Replaces sections of the settings file. The app must not run. */
  changeSettings(sections: Readonly<Record<string, unknown>>): void {
    const file = this.home.settingsFile;
    const settings: unknown = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...z.looseObject({}).parse(settings), ...sections }));
  }

  removeHook(name: string): void {
    rmSync(join(this.home.config, 'hooks', name), { recursive: true });
  }

  /** Resolves when the recording of a session has begun, and the journal knows of it. */
  async isKept(window: AppWindow, id: string): Promise<void> {
    await eventually(async () => {
      if ((await sessionOf(window, id)).recording.bytes === 0) throw new Error('Nothing of it is recorded');
      const history = await window.ask('history.list', { limit: 200 });
      if (history.every((entry) => entry.id !== id)) throw new Error('It is not in the journal');
    });
  }

  /** Resolves when the history has these sessions, the latest first, and no others; each with its end. */
  async hasHistory(window: AppWindow, ids: readonly string[]): Promise<void> {
    await eventually(async () => {
      const history = await window.ask('history.list', { limit: 100 });
      const found = history.map(({ id, end }) => (end === null ? `${id}, which has no end` : id));
      if (found.join() !== ids.join()) throw new Error(`The history has ${found.join()}, not ${ids.join()}`);
    });
  }

  /** Resolves when what has happened until now is in the journal. */
  async allWritten(window: AppWindow): Promise<void> {
    // Its thread answers in order; what waited for the first answer is written before the second.
    for (let asked = 0; asked < 2; asked += 1) await window.ask('history.list', { limit: 1 });
  }

  /** Resolves when the user was told of this problem. */
  async told(window: AppWindow, id: string, severity: Problem['severity']): Promise<Problem> {
    return eventually(async () => {
      const problems = await window.problems();
      const found = problems.findLast((problem) => problem.id === id && problem.severity === severity);
      if (found === undefined) throw new Error(`Told are ${problems.map((problem) => problem.id).join(', ')}`);
      return found;
    });
  }

  /** Resolves when no delivery is pending any more. */
  async allTold(window: AppWindow): Promise<void> {
    await eventually(async () => {
      const { hooks } = await window.ask('hooks.list', {});
      const late = hooks.filter(
        ({ pending, deadLetters, state }) => pending > 0 || deadLetters > 0 || state !== 'ready',
      );
      if (hooks.length === 0 || late.length > 0) throw new Error(`Not all are told: ${JSON.stringify(late)}`);
    });
  }

  /** Resolves when the journal has the end of a session. */
  async endOf(window: AppWindow, id: string): Promise<SessionEnd> {
    return eventually(async () => {
      const entry = (await window.ask('history.list', { limit: 200 })).find((one) => one.id === id);
      if (entry?.end == null) throw new Error(`${id} has no end`);
      return entry.end;
    });
  }

  async recordingOf(id: string): Promise<string> {
    const [folder = ''] = (await this.home.sessionFolders()).filter((path) => path.endsWith(id));
    return readFileSync(join(folder, RECORDING_FILE), 'utf8');
  }

  /**
   * Quits the app; then what the journal and the recordings tell is one story for each session, and nothing is left.
   *
   * @param untold sessions that no journal knows of, because it could not be written before the app was killed
   */
  async check(untold: readonly string[] = []): Promise<void> {
    await this.end('SIGTERM');
    const wrong = checkJournal(this.home);
    const kept = eventsInJournal(this.home);
    wrong.push(...checkOneStory('journal', kept), ...(await checkRecordings(this.home, kept, [], untold)));
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    await this.checkNothingLeft([...kept.map(({ sessionId }) => sessionId), ...untold]);
  }

  /** Nothing of these sessions, and no process of the app, is left. The app must not run. */
  async checkNothingLeft(ids: readonly string[]): Promise<void> {
    await eventually(async () => {
      const wrong = await checkNothingLeft(this.home, ids);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    }, GONE_MS);
  }

  /** Ends every process of it, whatever the test has come to. */
  async stop(): Promise<void> {
    for (const app of this.#apps) {
      if (app.child.exitCode === null) app.child.kill('SIGKILL');
      await app.exited;
    }
    this.killReapers();
    for (const { pid } of [...processesMarked(this.home.mark), ...this.#guards()]) killQuietly(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    // Of a test that failed.
    if (engine.ok) await removeContainers(engine.docker, await containersLeft(this.home));
    await this.home.remove();
  }

  /** Processes that know nothing of the test but its folder for temporary files, as the reaper. */
  #guards(): ListedProcess[] {
    return processesMarked(`TMPDIR=${this.home.temporary}`);
  }

  #serve(): ServedApp {
    const app = serve(this.home.environment(this.#environment));
    this.#apps.add(app);
    return app;
  }
}

/** Resolves when `look` throws no more; rejects with what it threw when that takes too long. */
export function eventually<T>(look: () => T | Promise<T>, timeoutMs: number = PATIENCE_MS): Promise<T> {
  return vi.waitFor(look, { timeout: timeoutMs, interval: POLL_MS });
}

/** The session as the window has it, once it is there. */
export function sessionOf(window: AppWindow, id: string): Promise<SessionInfo> {
  return eventually(async () => {
    const session = (await window.ask('sessions.list', {})).find((one) => one.id === id);
    if (session === undefined) throw new Error('It is not there');
    return session;
  });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself.
  }
}
