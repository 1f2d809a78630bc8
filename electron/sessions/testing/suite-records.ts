import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isSandboxed } from '../../../shared/profile.ts';
import { createExport } from '../../recording/exports/export.ts';
import type { SuiteContext } from './suite-context.ts';

const run = promisify(execFile);

/** What stays of a session: its recording and its metadata. */
export function recordTests({ kind, rig }: SuiteContext): void {
  describe('its records', () => {
    it('record its run, its warning and its timeout, in agreement', async () => {
      const screen = await rig().open();
      screen.type('echo $((6 * 7))\r');
      await screen.row('42');
      screen.limit({ idleTimeoutSeconds: 2 });
      await screen.closed;
      const { session } = screen;
      const end = await session.end('closed');
      expect(end).toMatchObject({ reason: 'idle_timeout', limitSeconds: 2, survivors: [] });
      expect(session.events.map((event) => event.type)).toContain('session:warning');
      expect(screen.rows.filter((row) => row === 'Session timeout - connection closed')).toHaveLength(1);
      const metadata = rig().metadata(session);
      const cast = readFileSync(rig().recordingFile(session));
      expect(metadata.recording.sha256).toBe(createHash('sha256').update(cast).digest('hex'));
      expect(metadata.events.filter((event) => event.type === 'session:end')).toEqual([session.events.at(-1)]);
      expect(metadata.recording.bytes).toBe(cast.byteLength);
      expect(rig().recordedText(session)).toContain('Session timeout - connection closed');
      expect(cast.toString()).toContain('"m", "warning: idle timeout in 1 s"');
    });

    it('say what was found of its isolation, and what held it together', async () => {
      const screen = await rig().open();
      const { session } = screen;
      const found = session.process?.isolation ?? [];
      const container = session.process?.container ?? null;
      await session.end('closed');
      const metadata = rig().metadata(session);
      expect(metadata).toMatchObject({ backend: kind, isolation: found, container });
      expect(found.length > 0).toBe(isSandboxed(kind));
      // The one thing that is open for who runs these tests as root.
      const asRoot = kind === 'bubblewrap' && process.getuid?.() === 0 ? ['root outside'] : [];
      expect(found.filter(({ open }) => open).map(({ text }) => text)).toEqual(asRoot);
      expect(metadata.containment === 'container').toBe(kind === 'docker');
      expect(container === null).toBe(kind !== 'docker');
      const header = JSON.parse(readFileSync(rig().recordingFile(session), 'utf8').split('\n', 1)[0] ?? '');
      expect(header.tags ?? []).toEqual(found.map(({ text }) => text));
    });

    it('are played by asciinema', async () => {
      const screen = await rig().open();
      screen.type('printf "\\e[1mbold\\e[0m \\xe2\\x8f\\xb3 %s\\n" $((6 * 7)); exit\r');
      await screen.closed;
      await screen.session.end('closed');
      const { session } = screen;
      const cast = join(rig().folder, `${session.id}.cast`);
      const played = join(rig().folder, `${session.id}.played`);
      const exported = createExport('cast-v2', {
        folder: rig().recordingFolder(session),
        metadata: rig().metadata(session),
      });
      await pipeline(exported.open(), createWriteStream(cast));
      // It wants a terminal of its own.
      const command = `exec asciinema cat ${cast} > ${played}`;
      const env = { ...process.env, LC_ALL: 'C.UTF-8', ASCIINEMA_CONFIG_HOME: rig().folder };
      await run('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env, timeout: 30_000 });
      expect(readFileSync(played, 'utf8')).toBe(rig().recordedText(session));
      expect(rig().recordedText(session)).toContain('\x1b[1mbold\x1b[0m ⏳ 42');
    });
  });
}
