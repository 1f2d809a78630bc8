import { globSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../e2e/runner/home.ts';

/** As Debian's libfaketime installs it (https://github.com/wolfcw/libfaketime), for programs with threads. */
const [LIBRARY] = process.platform === 'linux' ? globSync('/usr/lib/{,*/}faketime/libfaketimeMT.so.1') : [];

/** Why no wall clock can be set here; an empty text where one can. */
export const NO_CLOCK = LIBRARY === undefined ? 'needs libfaketime' : '';

/** A wall clock for the app alone, which can be set while it runs. Its other clocks go on as they are. */
export class WallClock {
  readonly #file: string;
  #aheadSeconds = 0;

  constructor(home: Home) {
    this.#file = join(home.user, 'clock');
    this.setAhead(0);
  }

  /** What the app is started with. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: LIBRARY ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      // Files keep the times that they have.
      NO_FAKE_STAT: '1',
    };
  }

  /** What it shows, in milliseconds since the Unix epoch. */
  get now(): number {
    return Date.now() + this.#aheadSeconds * 1_000;
  }

  /** Sets it: so many seconds ahead of the machine's own; less than 0: behind it. */
  setAhead(seconds: number): void {
    this.#aheadSeconds = seconds;
    const next = `${this.#file}.next`;
    writeFileSync(next, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    // It is read at any moment.
    renameSync(next, this.#file);
  }
}
