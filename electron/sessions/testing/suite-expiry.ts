import { describe, expect, it, vi } from 'vitest';
import type { Limits } from '../../../shared/limits.ts';
import type { SessionEvent, SessionEventType } from '../../../shared/session.ts';
import type { Session } from '../session.ts';
import { Screen } from './screen.ts';
import type { SuiteContext } from './suite-context.ts';

/** A shell that marks its commands as shell integration does. */
const WITH_MARKS = {
  environment: {
    PS0: '\x1b]133;C\x07',
    PROMPT_COMMAND: `printf '\\033]133;D;%s\\007' "$?"`,
    PS1: '\\[\x1b]133;A\x07\\]$ ',
  },
};

/** What happens when a session's time is up. */
export function expiryTests({ rig }: SuiteContext): void {
  describe('its expiry', () => {
    it('is replaced by a new session: the old one’s end is emitted before the new one’s start', async () => {
      const emitted: SessionEvent[] = [];
      const { manager } = rig();
      using _listening = disposing(manager.on('event', ({ event }) => emitted.push(event)));
      const screen = await rig().open();
      screen.limit({ idleTimeoutSeconds: 2, warnBeforeSeconds: [1], onExpiry: 'reset' });
      const { id } = screen.session;
      // Asked for as soon as it closes, by two windows at once.
      await happened(screen.session, 'session:state', (event) => 'to' in event && event.to === 'closing');
      const again = { previousId: id, cols: 80, rows: 24 };
      const [next, same] = await Promise.all([manager.openAfter(again), manager.openAfter(again)]);
      expect(same).toBe(next);
      rig().adopt(next);
      await screen.closed;
      expect(screen.session.ended).toMatchObject({ reason: 'auto_reset', expired: 'idle_timeout', limitSeconds: 2 });
      expect(screen.rows).toContain('Session timeout - connection closed');
      expect(screen.rows).toContain('Press any key to open a fresh session.');
      expect(rig().metadata(screen.session).end).toMatchObject({ reason: 'auto_reset', expired: 'idle_timeout' });
      const ends = emitted.filter(({ type }) => type === 'session:start' || type === 'session:end');
      expect(ends.map(({ type, sessionId }) => [type, sessionId])).toEqual([
        ['session:start', id],
        ['session:end', id],
        ['session:start', next.id],
      ]);
      await next.started;
      expect(next.process).not.toBeNull();
    });

    it('restarts: what ran is gone before the fresh session starts', async () => {
      const screen = await rig().open();
      screen.type('sleep 1000\r');
      await screen.session.started;
      const fresh = await rig().manager.restart(screen.session.id, true);
      if ('running' in fresh) throw new Error('It was not to ask');
      rig().adopt(fresh);
      expect(screen.session.ended).toMatchObject({ reason: 'reset', survivors: [] });
      expect(rig().processesOf(screen.session)).toEqual([]);
      await new Screen(fresh).prompt();
      await fresh.started;
      expect(fresh.info()).toMatchObject({ previousId: screen.session.id, state: 'waiting' });
    });

    it('freezes what runs until a key is pressed, which the program gets', async () => {
      const screen = await rig().open();
      screen.type('{ while :; do echo beat; sleep 0.05; done & } 2> /dev/null; read -r line; echo "got $line"\r');
      await screen.row('beat');
      screen.limit({ idleTimeoutSeconds: 2, warnBeforeSeconds: [1], onExpiry: 'freeze', thawWindowSeconds: 60 });
      await happened(screen.session, 'session:frozen');
      expect(screen.session.info()).toMatchObject({ state: 'frozen', frozenBy: 'idle_timeout', end: null });
      expect(screen.session.timing().thawRemainingMs).toBeGreaterThan(0);
      // It is not to be frozen again before it has answered.
      screen.limit({ idleTimeoutSeconds: 0 });
      screen.type('a key\r');
      await screen.row('got a key');
      // An engine may report later than the program that it runs again.
      await happened(screen.session, 'session:thawed');
      expect(screen.session.events.filter(({ type }) => type === 'session:thawed')).toHaveLength(1);
    });

    it('closes a session that it has frozen when that is not thawed', async () => {
      const screen = await rig().open();
      screen.type(`trap '' HUP; while :; do echo beat; sleep 0.05; done\r`);
      screen.limit({ idleTimeoutSeconds: 2, warnBeforeSeconds: [1], onExpiry: 'freeze', thawWindowSeconds: 1 });
      await screen.closed;
      expect(await screen.session.end('closed')).toMatchObject({
        reason: 'idle_timeout',
        expired: 'idle_timeout',
        limitSeconds: 2,
        survivors: [],
      });
      expect(screen.session.events.filter(({ type }) => type === 'session:frozen')).toMatchObject([
        { by: 'idle_timeout' },
      ]);
      expect(screen.rows).toContain('Session timeout - connection closed');
    });
  });

  describe('a command in its foreground', () => {
    const BUSY = {
      idleTimeoutSeconds: 2,
      warnBeforeSeconds: [1],
      activity: ['input', 'busy'],
    } satisfies Partial<Limits>;

    it.each([
      ['that computes', 'timeout 5 yes > /dev/null'],
      ['that writes now and then', 'for n in 1 2 3 4 5; do head -c 300000 /dev/zero; sleep 1; done | cat > /dev/null'],
      ['that prints', `sh -c 'for n in 1 2 3 4 5; do sleep 1; echo "line $n"; done'`],
    ])('%s keeps it open, and nothing does once it is done', async (_what, command) => {
      const screen = await rig().open();
      screen.limit(BUSY);
      screen.type(`${command}\r`);
      await vi.waitFor(() => expect(screen.session.timing().lastActivity.kind).toBe('busy'), 30_000);
      await screen.closed;
      const end = await screen.session.end('closed');
      expect(end.reason).toBe('idle_timeout');
      // The work takes five seconds, and no probe is early.
      expect(end.durationSeconds).toBeGreaterThanOrEqual(6);
      expect(screen.session.timing().lastActivity.kind).toBe('busy');
    });

    it.each([
      ['sleep', 'sleep 1000'],
      ['less', 'seq 1 200 > /tmp/text.$$; less /tmp/text.$$'],
      ['a loop that waits', 'while :; do sleep 0.2; done'],
    ])('that is left alone does not: %s', async (_name, command) => {
      const screen = await rig().open();
      screen.type(`${command}\r`);
      await vi.waitFor(async () => expect((await screen.session.refreshForeground()).isShell).toBe(false), 30_000);
      screen.limit(BUSY);
      await screen.closed;
      const end = await screen.session.end('closed');
      expect(end).toMatchObject({ reason: 'idle_timeout', survivors: [] });
      expect(screen.session.timing().lastActivity.kind).toBe('input');
    });
  });

  describe('its maximum of commands', () => {
    it.each([
      ['without marks of the shell', {}, 'lines'],
      ['with marks of the shell', WITH_MARKS, 'marks'],
    ] as const)('lets the last one finish and closes then, %s', async (_how, profile, source) => {
      const screen = await rig().open({ limits: { maxCommands: 3 }, profile });
      screen.type('\r\r');
      screen.type('echo "one $((0 + 1))"\r');
      await screen.row('one 1');
      screen.type('sleep 0.2; echo "two $((1 + 1))"\r');
      await screen.row('two 2');
      // What is typed while a command is in front would be for that.
      await vi.waitFor(async () => expect((await screen.session.refreshForeground()).isShell).toBe(true), 30_000);
      screen.type('sleep 1; echo "three $((2 + 1))"\r');
      await screen.closed;
      expect(screen.rows).toContain('three 3');
      expect(screen.rows).toContain('Command limit reached - connection closed');
      expect(await screen.session.end('closed')).toMatchObject({ reason: 'command_limit', expired: 'command_limit' });
      expect(screen.session.info().commands).toEqual({ used: 3, source });
    });

    it('runs no command beyond the last', async () => {
      const screen = await rig().open({ limits: { maxCommands: 1 } });
      screen.type('echo "first $((0 + 1))"\recho "second $((1 + 1))"\r');
      await screen.closed;
      expect(screen.rows).toContain('first 1');
      expect(screen.rows).not.toContain('second 2');
      expect((await screen.session.end('closed')).reason).toBe('command_limit');
    });
  });
}

function disposing(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}

/** Resolves when an event of this kind has been emitted. */
async function happened(
  session: Session,
  type: SessionEventType,
  wanted: (event: SessionEvent) => boolean = () => true,
): Promise<void> {
  const isThere = (): boolean => session.events.some((event) => event.type === type && wanted(event));
  await vi.waitFor(() => expect(isThere()).toBe(true), { timeout: 30_000, interval: 20 });
}
