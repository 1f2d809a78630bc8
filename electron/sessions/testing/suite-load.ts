import { describe, expect, it } from 'vitest';
import { Screen } from './screen.ts';
import type { SuiteContext } from './suite-context.ts';

/** How many sessions are open at once. */
const MANY = { pty: 10, bubblewrap: 10, docker: 20 } as const;

/** Many sessions at once do not get into each other's way. */
export function loadTests({ kind, rig }: SuiteContext): void {
  describe('many sessions', () => {
    it(`open, answer and close, ${MANY[kind]} at once`, async () => {
      const screens = Array.from({ length: MANY[kind] }, () => new Screen(rig().start()));
      await Promise.all(
        screens.map(async (screen, index) => {
          await screen.prompt();
          screen.type(`echo "answer $((${index} * 7))"\r`);
          await screen.row(`answer ${index * 7}`);
        }),
      );
      const ends = await Promise.all(screens.map(({ session }) => session.end('closed')));
      expect(ends.map(({ reason, survivors }) => [reason, survivors])).toEqual(ends.map(() => ['closed', []]));
    }, 120_000);
  });
}
