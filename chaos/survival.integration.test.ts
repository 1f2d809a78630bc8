import { afterEach, describe, expect, test } from 'vitest';
import { containersLeft, NO_CONTAINERS } from '../e2e/runner/containers.ts';
import { CONTAINER_PROFILE, LOCAL_PROFILE } from '../e2e/runner/options.ts';
import { outputOf, parseRecording } from '../e2e/runner/recordings.ts';
import type { PartialLimits } from '../shared/limits.ts';
import type { AppWindow } from './app-window.ts';
import { eventually, Launches, sessionOf } from './launches.ts';

const needs = NO_CONTAINERS === '' ? {} : { meta: { needs: NO_CONTAINERS } };

/** The app with a profile whose sessions outlive it. */
function survivors(limits: PartialLimits = {}): Promise<Launches> {
  const survivor = {
    ...CONTAINER_PROFILE,
    id: 'survivor',
    name: 'Survivor',
    limits: { closeGraceSeconds: 0.2, warnBeforeSeconds: [], ...limits },
    container: { ...CONTAINER_PROFILE.container, survive: true },
  };
  return Launches.create({ settings: { profiles: [LOCAL_PROFILE, CONTAINER_PROFILE, survivor] } });
}

async function openSurvivor(window: AppWindow, profileId = 'survivor') {
  const terminal = await window.openShell(profileId);
  const { id } = terminal;
  await window.until(
    () => window.events.some((event) => event.sessionId === id && event.type === 'session:state'),
    'its start',
  );
  return { id, terminal };
}

describe.runIf(NO_CONTAINERS === '')(
  'a session that outlives a crash of the app',
  { ...needs, timeout: 180_000 },
  () => {
    let launches: Launches;
    afterEach(() => launches[Symbol.asyncDispose]());

    test('goes on in the next one with its shell, its history, its time and its recording; one that does not has ended', async () => {
      launches = await survivors({ maxDurationSeconds: 600, extensions: { count: 2, seconds: 60 } });
      const first = await launches.launch();
      const { id, terminal } = await openSurvivor(first);
      const other = await openSurvivor(first, 'container');
      terminal.type('kept=treasure; cd /var/tmp; echo "se$((1))t"');
      await terminal.until('se1t');
      await first.ask('sessions.extend', { id });
      // Recordings are a moment behind.
      await eventually(async () => expect(await launches.recordingOf(id)).toContain('se1t'));
      const before = await sessionOf(first, id);
      expect(before.isolation).toContainEqual({ text: 'survives a crash', open: false });
      await launches.end('SIGKILL');

      const second = await launches.launch();
      const after = await sessionOf(second, id);
      expect(after).toMatchObject({
        createdAt: before.createdAt,
        title: before.title,
        restored: false,
        extensions: { used: 1, count: 2 },
        isolation: before.isolation,
        container: { id: before.container?.id },
        recording: { state: 'recording' },
      });
      expect(after.timing.ageMs).toBeGreaterThan(before.timing.ageMs);
      const maxAt = (info: typeof after): number => info.timing.ageMs + (info.timing.maxRemainingMs ?? 0);
      expect(Math.abs(maxAt(after) - maxAt(before))).toBeLessThan(1);
      const again = await second.attach(id);
      await again.until('se1t');
      again.type('echo "<$kept $PWD>"');
      await again.until('<treasure /var/tmp>');
      expect((await sessionOf(second, other.id)).end?.reason).toBe('app_crash');
      again.type('exit 7');
      const ended = await second.event(id, 'session:end');
      expect(ended).toMatchObject({ end: { reason: 'exited', exitCode: 7 } });

      await launches.check();
      const [metadata] = (await launches.home.metadata()).filter((one) => one.id === id);
      expect(metadata?.counters.extensions).toBe(1);
      expect(metadata?.events.map(({ type }) => type).filter((type) => type !== 'session:state')).toEqual([
        'session:start',
        'session:extended',
        'session:reattached',
        'session:end',
      ]);
      const recording = parseRecording(await launches.recordingOf(id));
      expect(outputOf(recording)).toMatch(/se1t[\s\S]*<treasure \/var\/tmp>/);
      const markers = recording.events.flatMap(([, code, data]) => (code === 'm' ? [data] : []));
      expect(markers).toEqual([
        'extended by 60 s',
        expect.stringMatching(/^attached again after \d+ s; what it printed meanwhile is not here$/),
      ]);
      expect(recording.events.at(-1)?.slice(1)).toEqual(['x', '7']);
      const seconds = recording.events.reduce((sum, [interval]) => sum + interval, 0);
      expect(Math.abs(seconds - (metadata?.durationSeconds ?? 0))).toBeLessThan(1);
    });

    test('outlives the next one, too, whenever that comes, and ends with a quit as any other', async () => {
      launches = await survivors();
      const first = await launches.launch();
      const { id, terminal } = await openSurvivor(first);
      terminal.type('kept=treasure');
      await terminal.until('kept=treasure');
      await launches.end('SIGKILL');
      // As soon as it has it, and in the middle of its use.
      const second = await launches.launch();
      await sessionOf(second, id);
      await launches.end('SIGKILL');
      const third = await launches.launch();
      await sessionOf(third, id);
      const used = await third.attach(id);
      used.type('kept="$kept again"; echo "wri$((1))tten"');
      await used.until('wri1tten');
      await launches.end('SIGKILL');
      const fourth = await launches.launch();
      await sessionOf(fourth, id);
      const terminalAgain = await fourth.attach(id);
      terminalAgain.type('echo "<$kept>"');
      await terminalAgain.until('<treasure again>');
      await launches.end('SIGTERM');
      expect(await containersLeft(launches.home)).toEqual([]);
      const [metadata] = await launches.home.metadata();
      expect(metadata?.end.reason).toBe('app_quit');
      expect(metadata?.events.filter(({ type }) => type === 'session:reattached')).toHaveLength(3);
      await launches.check();
    });

    test('does not when its time was over meanwhile: it has ended with the crash, and is gone', async () => {
      launches = await survivors({ maxDurationSeconds: 20, extensions: { count: 0, seconds: 1 } });
      const first = await launches.launch();
      const { id } = await openSurvivor(first);
      await launches.end('SIGKILL');
      await eventually(async () => expect(await containersLeft(launches.home)).toEqual([]));
      const second = await launches.launch();
      expect((await sessionOf(second, id)).end?.reason).toBe('app_crash');
      await launches.check();
    });

    test('does not when its time was over meanwhile and nobody was left to remove it: the next launch does', async () => {
      launches = await survivors({ idleTimeoutSeconds: 15, extensions: { count: 0, seconds: 1 } });
      const first = await launches.launch();
      const { id, terminal } = await openSurvivor(first);
      terminal.type('');
      const { lastActivity } = (await sessionOf(first, id)).timing;
      await launches.end('SIGKILL');
      launches.killReapers();
      expect(await containersLeft(launches.home)).toHaveLength(1);
      await eventually(() => expect(Date.now() - lastActivity.at).toBeGreaterThan(16_000));
      const second = await launches.launch();
      expect((await sessionOf(second, id)).end?.reason).toBe('app_crash');
      await eventually(async () => expect(await containersLeft(launches.home)).toEqual([]));
      await launches.check();
    });

    test('stands still again where the user had it stand still', async () => {
      launches = await survivors();
      const first = await launches.launch();
      const { id, terminal } = await openSurvivor(first);
      terminal.type('kept=treasure');
      await terminal.until('kept=treasure');
      await first.ask('sessions.freeze', { id });
      await launches.allWritten(first);
      await launches.end('SIGKILL');
      const second = await launches.launch();
      expect((await sessionOf(second, id)).state).toBe('frozen');
      await second.ask('sessions.thaw', { id });
      const again = await second.attach(id);
      again.type('echo "<$kept>"');
      await again.until('<treasure>');
      await launches.check();
    });
  },
);
