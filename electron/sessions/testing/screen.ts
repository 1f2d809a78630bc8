import { Terminal } from '@xterm/headless';
import type { Limits } from '../../../shared/limits.ts';
import type { WatcherClosedReason } from '../output/output-flow.ts';
import type { Session } from '../session.ts';

/** A window onto a session that shows everything at once, and can be waited for. */
export class Screen {
  readonly terminal: Terminal;
  readonly session: Session;
  /** All that was delivered is shown. */
  readonly closed: Promise<WatcherClosedReason>;
  #isClosed = false;
  #changed: () => void = () => {};

  constructor(session: Session) {
    this.session = session;
    this.terminal = new Terminal({
      allowProposedApi: true,
      ...session.size,
      scrollback: 5_000,
    });
    const { promise, resolve } = Promise.withResolvers<WatcherClosedReason>();
    this.closed = promise;
    const watcher = session.watch({
      headerBytes: 0,
      deliver: (buffer) =>
        this.terminal.write(buffer, () => {
          watcher.acknowledge(buffer.byteLength);
          this.#changed();
        }),
      onClosed: (reason) =>
        // What was delivered last is parsed before this.
        this.terminal.write('', () => {
          this.#isClosed = true;
          resolve(reason);
          this.#changed();
        }),
    });
    this.terminal.onData((data) => session.write(Buffer.from(data), { user: false }));
  }

  get rows(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from({ length: active.length }, (_value, row) => active.getLine(row)?.translateToString(true) ?? '');
  }

  /** From now on these limits hold, as after a change of the settings. How long its start took does not matter then. */
  limit(values: Partial<Limits>): void {
    const { limits } = this.session;
    this.session.updateLimits({ ...limits, values: { ...limits.values, ...values } });
  }

  /** Its time is up a second or two from now, however long it has been open. Gives its limit, in seconds. */
  endSoon(): number {
    const maxDurationSeconds = Math.ceil(this.session.ageMs / 1_000) + 1;
    this.limit({ maxDurationSeconds, warnBeforeSeconds: [1] });
    return maxDurationSeconds;
  }

  type(text: string): void {
    this.session.write(Buffer.from(text), { user: true });
  }

  /** Resolves when the screen is as wanted. Throws when it never will be, with what it shows. */
  async until(wanted: (rows: string[]) => boolean): Promise<void> {
    while (!wanted(this.rows)) {
      if (this.#isClosed) throw new Error(`The session has ended, and shows:\n${this.rows.join('\n').trimEnd()}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Resolves when a row is, or matches, this. */
  async row(row: string | RegExp): Promise<void> {
    await this.until((rows) => rows.some((text) => (typeof row === 'string' ? text === row : row.test(text))));
  }

  async prompt(): Promise<void> {
    await this.until((rows) => rows.some((row) => row.startsWith('$')));
  }
}
