import type { Result } from '../report.ts';

/** What a figure's measurement is given. */
export interface Conditions {
  /** Few rounds of little: to see that it works, not how fast it is. */
  readonly quick: boolean;
  /** An empty folder that is removed afterwards. */
  readonly folder: string;
  /** The browser's program. */
  readonly browser: string;
  /** Says how far it is, on one line. */
  progress(text: string): void;
}

/** A group of figures that are measured together. */
export interface Figure {
  readonly name: string;
  measure(conditions: Conditions): Promise<Result[]>;
}
