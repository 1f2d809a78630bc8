import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isSandboxed } from '../../../shared/profile.ts';
import { Screen } from './screen.ts';
import type { SuiteContext } from './suite-context.ts';

/** Finds whichever vi there is, by its own name: in a sandbox, links through /etc may lead nowhere. */
const VI = '"$(command -v vim.basic || command -v vim.tiny || command -v vim)" -u NONE';
const NOTICE = 'Session timeout - connection closed';

/** How sessions end: announced in the terminal, in order, with nothing left. */
export function endingTests({ kind, rig }: SuiteContext): void {
  describe('its end', () => {
    it.each([
      ['vi', VI],
      ['less', 'less'],
    ])('shows its notice in a sane terminal, also from inside %s', async (_name, program) => {
      const screen = await rig().open();
      screen.type(`seq 1 200 > /tmp/text.$$; clear; ${program} /tmp/text.$$; rm /tmp/text.$$\r`);
      await screen.until(() => screen.terminal.buffer.active.type === 'alternate');
      screen.limit({ idleTimeoutSeconds: 2, warnBeforeSeconds: [1] });
      await screen.closed;
      expect(screen.terminal.buffer.active.type).toBe('normal');
      expect(screen.rows).toContain(NOTICE);
      expect(screen.terminal.modes.bracketedPasteMode).toBe(false);
      expect((await screen.session.end('closed')).reason).toBe('idle_timeout');
    });

    it('shows its notice last, also while output is flooding', async () => {
      const screen = await rig().open();
      screen.type('yes flood\r');
      screen.endSoon();
      await screen.closed;
      expect((await screen.session.end('closed')).reason).toBe('max_duration');
      expect(screen.rows.slice(-24)).toContain(NOTICE);
      expect(rig().recordedText(screen.session)).toContain(NOTICE);
    });

    it('shows its notice last even over a flood that cannot be stopped by SIGHUP', async () => {
      const screen = await rig().open();
      screen.type(`bash -c 'trap "" HUP; while :; do echo stubborn stubborn stubborn; done'\r`);
      screen.endSoon();
      await screen.closed;
      expect((await screen.session.end('closed')).survivors).toEqual([]);
      expect(screen.rows.slice(-24)).toContain(NOTICE);
    });

    it('leaves no process behind: not one that ignores SIGHUP, nor one that hides', async () => {
      const screen = await rig().open();
      screen.type(`bash -c 'trap "" HUP TERM; echo one $((1 + 1)); while :; do sleep 1; done' &\r`);
      screen.type(`setsid bash -c '(sleep 1000 & echo two $((1 + 1))) &'\r`);
      await screen.until((rows) => ['one 2', 'two 2'].every((text) => rows.some((row) => row.includes(text))));
      expect(rig().processesOf(screen.session).length).toBeGreaterThan(2);
      const end = await screen.session.end('closed');
      expect(end.survivors).toEqual([]);
      expect(rig().processesOf(screen.session)).toEqual([]);
    });

    it('is quick where nothing resists, whatever the grace period', async () => {
      const screen = await rig().open({ limits: { closeGraceSeconds: 30 } });
      await screen.session.end('closed');
      expect(screen.session.ended?.survivors).toEqual([]);
    }, 20_000);

    it('knows the status that the shell exited with', async () => {
      const screen = await rig().open();
      screen.type('exit 42\r');
      await screen.closed;
      expect(await screen.session.end('closed')).toMatchObject({ reason: 'exited', exitCode: 42, signal: null });
    });

    it('knows that the shell was killed', async () => {
      const screen = await rig().open();
      screen.type('kill -KILL $$\r');
      await screen.closed;
      const end = await screen.session.end('closed');
      // Where an init process is between, it reports the signal as shells do.
      const status = end.exitCode ?? 128 + (end.signal === 'SIGKILL' ? constants.signals.SIGKILL : 0);
      expect({ reason: end.reason, status }).toEqual({ reason: 'exited', status: 137 });
    });

    it('comes to every session when the app quits', async () => {
      const manager = rig().newManager();
      const screens = [await rig().open({}, manager), await rig().open({}, manager)];
      screens[0]?.type(`trap '' HUP TERM; echo deaf $((1 + 1)); while :; do sleep 1; done\r`);
      await screens[0]?.row('deaf 2');
      await manager.quit();
      expect(screens.map(({ session }) => [session.ended?.reason, session.ended?.survivors])).toEqual([
        ['app_quit', []],
        ['app_quit', []],
      ]);
    });

    if (!isSandboxed(kind)) return;

    // A local shell has no bound on its memory.
    it('says that it ran out of memory', async () => {
      const resources = { memoryMiB: 64, cpus: null, pids: null };
      const hungry = `exec perl -e '$all = "x" x 400_000_000; print "enough\\n"'`;
      const session = rig().start({
        profile: { args: ['-c', hungry] },
        bubblewrap: { resources },
        container: { resources },
      });
      const screen = new Screen(session);
      await screen.closed;
      expect(screen.rows).not.toContain('enough');
      expect(await session.end('closed')).toMatchObject({ reason: 'out_of_memory' });
    });
  });
}
