import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Session } from '../session.ts';
import { Screen } from './screen.ts';
import type { SuiteContext } from './suite-context.ts';

const BLOCKS = 32_768;
/** Every byte value, each block turned by one against the one before: a piece that is lost or swapped is noticed. */
const PERL_BLOCKS = `exec perl -e '$b = join "", map { chr } 0..255; print substr($b, $_ % 256), substr($b, 0, $_ % 256) for 0..${BLOCKS - 1}'`;

/** What programs write reaches every watcher: all of it, in order, as it was. */
export function outputTests({ rig }: SuiteContext): void {
  describe('its output', () => {
    it('is all there when a program exits right after it', async () => {
      const screen = await rig().open();
      screen.type('exec seq 1 4000\r');
      await screen.closed;
      expect((await screen.session.end('closed')).reason).toBe('exited');
      const numbers = screen.rows.filter((row) => /^\d+$/.test(row));
      expect(numbers).toEqual(Array.from({ length: 4_000 }, (_value, index) => String(index + 1)));
    });

    it('is the bytes that were written, 8 MB of them', async () => {
      const session = rig().start({ profile: { args: ['-c', `stty -opost; printf BEGIN; ${PERL_BLOCKS}`] } });
      const output = await everything(session);
      const at = output.indexOf('BEGIN') + 'BEGIN'.length;
      const block = Buffer.from(Array.from({ length: 256 }, (_value, index) => index));
      const expected = createHash('sha256');
      for (let turn = 0; turn < BLOCKS; turn += 1) {
        expected.update(block.subarray(turn % 256)).update(block.subarray(0, turn % 256));
      }
      const written = output.subarray(at, at + BLOCKS * 256);
      expect(written.byteLength).toBe(BLOCKS * 256);
      expect(createHash('sha256').update(written).digest('hex')).toBe(expected.digest('hex'));
    });

    it('waits in the program while a window does not keep up, and then comes whole', async () => {
      const bytes = 12_000_000;
      const flood = { profile: { args: ['-c', `head -c ${bytes} /dev/zero | tr '\\0' x`] } };
      const slow = rig().start(flood);
      let [count, delivered, keepsUp] = [0, 0, false];
      const closed = Promise.withResolvers<string>();
      const watcher = slow.watch({
        headerBytes: 0,
        deliver: (buffer) => {
          delivered += buffer.byteLength;
          count += Buffer.from(buffer).filter((byte) => byte === 0x78).byteLength;
          if (keepsUp) watcher.acknowledge(buffer.byteLength);
        },
        onClosed: closed.resolve,
      });
      // In the time that this one takes to write it all, the other would have, too.
      await everything(rig().start(flood));
      expect(slow.ended).toBeNull();
      expect(slow.flow.totalBytes).toBeLessThan(bytes);
      keepsUp = true;
      watcher.acknowledge(delivered);
      expect(await closed.promise).toBe('ended');
      expect(count).toBe(bytes);
      expect(await slow.end('closed')).toMatchObject({ reason: 'exited', exitCode: 0 });
    });

    it('fits the window: a program sees a new size', async () => {
      // An engine may give a container its size a moment after its start.
      const script = `sub now { print "now ", \`stty size\` } $SIG{WINCH} = \\&now; $| = 1; now; sleep 1 while 1`;
      const screen = new Screen(rig().start({ profile: { args: ['-c', `exec perl -e '${script}'`] } }));
      await screen.row('now 24 80');
      screen.session.resize(101, 31);
      screen.terminal.resize(101, 31);
      await screen.row('now 31 101');
    });
  });

  describe('a frozen session', () => {
    it('continues where it was when it is thawed, with nothing lost and nothing twice', async () => {
      const screen = await rig().open();
      screen.type('for i in {1..1500}; do echo count $i; done; echo all $((1 + 1))\r');
      await screen.row(/^count \d+$/);
      expect(await screen.session.freeze()).toEqual({ ok: true });
      expect(screen.session.state).toBe('frozen');
      screen.session.write(Buffer.from('echo "typed meanwhile $((2 + 2))"\r'), { user: true });
      expect(await screen.session.thaw()).toEqual({ ok: true });
      await screen.row('all 2');
      await screen.row('typed meanwhile 4');
      const counted = screen.rows.filter((row) => /^count \d+$/.test(row));
      expect(counted).toEqual(Array.from({ length: 1_500 }, (_value, index) => `count ${index + 1}`));
      const types = screen.session.events.map(({ type }) => type);
      expect(types.filter((type) => type === 'session:frozen' || type === 'session:thawed')).toHaveLength(2);
    });

    it('does nothing, rests its idle timeout, and ends at its maximum duration', async () => {
      const screen = await rig().open();
      screen.type('while :; do echo beat; sleep 0.05; done\r');
      await screen.row('beat');
      expect(await screen.session.freeze()).toEqual({ ok: true });
      const shown = screen.rows.filter((row) => row === 'beat').length;
      screen.limit({ idleTimeoutSeconds: 2 });
      screen.endSoon();
      await screen.closed;
      expect(await screen.session.end('closed')).toMatchObject({ reason: 'max_duration', survivors: [] });
      expect(screen.rows).toContain('Session timeout - connection closed');
      // What was on its way when it was stopped, and perhaps a last word when it was woken to be ended.
      expect(screen.rows.filter((row) => row === 'beat').length).toBeLessThanOrEqual(shown + 5);
    });
  });
}

/** All output of a session, to its end. */
async function everything(session: Session): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  await using output = session.output();
  for await (const piece of output) pieces.push(piece);
  return Buffer.concat(pieces);
}
