import { shuffled } from './statistics.ts';

/** One way to do the same thing: gives the figure of one round. */
export interface Contender {
  readonly name: string;
  run(): Promise<number>;
}

/** Figures by contender, in the order of the rounds. */
export class Rounds {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  /** @throws when there are none */
  of(name: string): readonly number[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new Error(`There are no rounds of “${name}”`);
    return values;
  }
}

/**
 * Lets contenders run in turn, in a new order each round, so that none always runs on a machine that another one has just
 * warmed up or worn out. The first round of each is not counted.
 */
export async function compete(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Rounds> {
  const outcome = new Rounds();
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const { name, run } of shuffled(contenders)) {
      const value = await run();
      if (round > 0) outcome.add(name, value);
    }
  }
  return outcome;
}
