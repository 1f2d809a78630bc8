import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PASTE_END, PASTE_START } from '../../../shared/frames.ts';
import { stillRunning } from '../running-programs.ts';
import { InputWriter, patternOf } from './input-writer.ts';
import { Screen } from './screen.ts';
import type { SuiteContext } from './suite-context.ts';

/** What is typed reaches the shell, and what runs in front is known. */
export function inputTests({ rig }: SuiteContext): void {
  describe('its input', () => {
    it('may come before the shell does', async () => {
      const session = rig().start();
      const screen = new Screen(session);
      screen.type('echo "typed ahead: $((6 * 7))"\r');
      await screen.row('typed ahead: 42');
    });

    it('controls jobs: stopped, in the background, in front again, interrupted', async () => {
      const screen = await rig().open();
      screen.type('sleep 1000; echo "status $?"\r');
      await settledOn(screen, 'sleep');
      screen.type('\x1a');
      await screen.row(/Stopped/);
      screen.type('jobs -r; echo "none $((1 + 1))"; bg; jobs -r\r');
      await screen.row('none 2');
      await screen.row(/Running/);
      screen.type('fg\r');
      await settledOn(screen, 'sleep');
      screen.type('\x03');
      screen.type('echo "still $((3 + 3))"\r');
      await screen.row('still 6');
    });

    it.each([4, 16])(
      'arrives whole, %i MB of it in a program that reads raw bytes',
      async (megabytes) => {
        const bytes = patternOf(megabytes * 1_048_576);
        const screen = await rig().open();
        screen.type(`stty raw -echo; echo "reads $((1 + 1))"; head -c ${bytes.byteLength} | sha256sum\r`);
        await screen.row(/^reads 2/);
        const before = screen.session.bytesIn;
        await new InputWriter(screen.session, bytes).settled;
        await screen.row(new RegExp(sha256(bytes)));
        expect(screen.session.bytesIn - before).toBe(bytes.byteLength);
      },
      120_000,
    );

    it('waits for a program that reads late, and counts only what was accepted', async () => {
      const bytes = patternOf(4 * 1_048_576);
      const screen = await rig().open();
      screen.type(`stty raw -echo; echo "late $((1 + 1))"; sleep 1; head -c ${bytes.byteLength} | sha256sum\r`);
      await screen.row(/^late 2/);
      const before = screen.session.bytesIn;
      const writer = new InputWriter(screen.session, bytes);
      // Frozen, the program certainly takes nothing, and after it everything.
      expect(await screen.session.freeze()).toEqual({ ok: true });
      const held = screen.session.bytesIn - before;
      expect(held).toBe(writer.accepted);
      expect(held).toBeLessThan(bytes.byteLength);
      expect(screen.session.input.waitingBytes).toBeGreaterThan(0);
      expect(await screen.session.thaw()).toEqual({ ok: true });
      await writer.settled;
      await screen.row(new RegExp(sha256(bytes)));
    }, 120_000);

    it('that is cancelled in a bracketed paste is closed, between two characters', async () => {
      const text = `${PASTE_START}${'日本'.repeat(700_000)}${PASTE_END}`;
      const screen = await rig().open();
      const script = `$/ = "\\x1b[201~"; $_ = <STDIN>; printf "closed %d %d\\r\\n", length, tr/\\x80-\\xff// % 3; <STDIN>`;
      screen.type(`stty raw -echo; echo "pastes $((1 + 1))"; exec perl -e '${script}'\r`);
      await screen.row(/^pastes 2/);
      const writer = new InputWriter(screen.session, Buffer.from(text), true);
      await writer.until(100_000);
      writer.cancel();
      await writer.settled;
      expect(writer.accepted).toBeLessThan(Buffer.byteLength(text));
      await screen.row(new RegExp(`closed ${writer.accepted + PASTE_END.length} 0$`));
    });

    it('that no program has taken is known when the session ends', async () => {
      const bytes = patternOf(4 * 1_048_576);
      const screen = await rig().open();
      screen.type('stty raw -echo; echo "deaf $((1 + 1))"; exec sleep 1000\r');
      await screen.row(/^deaf 2/);
      const before = screen.session.bytesIn;
      const writer = new InputWriter(screen.session, bytes);
      await screen.session.end('closed');
      await writer.settled;
      expect(writer.dropped).toBeGreaterThan(0);
      expect(screen.session.bytesIn - before).toBe(writer.accepted);
      expect(screen.session.write(Buffer.from('x'), { user: true })).toBe('not_running');
    });

    it('is not waited for when the shell does not read: more than a bound is refused', async () => {
      const screen = await rig().open();
      screen.type('stty raw -echo; echo off; exec sleep 1000\r');
      await screen.row(/^off/);
      const piece = new Uint8Array(65_536).fill(0x61);
      let result = screen.session.write(piece, { user: true });
      for (let pieces = 0; result === 'written' && pieces < 1_024; pieces += 1) {
        result = screen.session.write(piece, { user: true });
      }
      expect(result).toBe('refused');
    });

    it('knows what runs in front', async () => {
      const screen = await rig().open();
      expect(await screen.session.refreshForeground()).toEqual({ isShell: true, command: null });
      screen.type('echo go; sleep 1000\r');
      await screen.row('go');
      await settledOn(screen, 'sleep');
      const { manager } = rig();
      expect(await manager.close(screen.session.id, false)).toEqual({ foreground: 'sleep', background: [] });
      await manager.close(screen.session.id, true);
      expect(screen.session.ended?.reason).toBe('closed');
    });

    it.each([
      ['a background job', 'sleep 1000 &', 'sleep'],
      ['a stopped job', 'sh -c "kill -STOP \\$\\$; exec sleep 1000" &', 'sh'],
      ['a disowned job', 'sleep 1000 & disown', 'sleep'],
      ['a job that is deaf to hangups', 'nohup sleep 1000 >/dev/null 2>&1 &', 'sleep'],
      ['a program in a session of its own', '(setsid sleep 1000 </dev/null >/dev/null 2>&1 &)', 'sleep'],
      ['a daemon', '(setsid sh -c "setsid sleep 1000 </dev/null >/dev/null 2>&1 &" &)', 'sleep'],
    ])('knows %s, and asks about it before its tab is closed or restarted', async (_, command, name) => {
      const screen = await rig().open();
      const { manager } = rig();
      const { id } = screen.session;
      expect(await stillRunning(screen.session)).toBeNull();
      screen.type(`${command}\r`);
      // Between fork and exec a program is still called what started it.
      let running = await stillRunning(screen.session);
      while (running === null || running.foreground !== null || running.background.join() !== name) {
        running = await stillRunning(screen.session);
      }
      expect(await manager.close(id, false)).toEqual(running);
      expect(await manager.restart(id, false)).toEqual({ running });
      expect(screen.session.ended).toBeNull();
      await manager.close(id, true);
      expect(screen.session.ended).toMatchObject({ reason: 'closed', survivors: [] });
    });
  });
}

/** Resolves when this command runs in front: between fork and exec it is still called what the shell is. */
async function settledOn(screen: Screen, command: string): Promise<void> {
  let foreground = await screen.session.refreshForeground();
  while (foreground.command !== command) foreground = await screen.session.refreshForeground();
  expect(foreground.isShell).toBe(false);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
