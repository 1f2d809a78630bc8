import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly chromium: string | null;
}

/** @param browser the browser's program, where one is used */
export function describeMachine(browser: string | null): Machine {
  const [processor] = cpus();
  return {
    system: `${type()} ${release()}`,
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    chromium: browser === null ? null : execFileSync(browser, ['--version'], { encoding: 'utf8' }).trim(),
  };
}
