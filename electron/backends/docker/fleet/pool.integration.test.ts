import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ContainerOptions, type ProfileOf, profileSchema } from '../../../../shared/profile.ts';
import { temporaryFolder } from '../../../storage/testing/temporary-folder.ts';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { imageTag } from '../../../testing/docker-api.ts';
import { startShell, type TestShell } from '../../testing/shells.ts';
import { type TestDocker, testDocker } from '../testing/docker-backend.ts';
import { LABELS } from './labels.ts';

const engine = await findTestEngine();
const open: TestDocker[] = [];

function newDocker(options?: Parameters<typeof testDocker>[1]): TestDocker {
  const docker = testDocker(engine, options);
  open.push(docker);
  return docker;
}

/** A profile with an interactive bash, of which so many are kept ready. */
function profile(
  docker: TestDocker,
  pool: number,
  options: Partial<ContainerOptions> = {},
  changed: Partial<ProfileOf<'docker'>> = {},
): ProfileOf<'docker'> {
  const made = profileSchema.parse({
    id: 'ready',
    name: 'Ready',
    backend: 'docker',
    shell: '/bin/bash',
    args: ['--norc'],
    environment: { PS1: 'ready> ' },
    container: docker.container({ pool, ...options }),
    ...changed,
  });
  if (made.backend !== 'docker') throw new Error('not a container');
  return made;
}

/** Opens a session of a profile, as the app does. */
function openSession(docker: TestDocker, of: ProfileOf<'docker'>, size = { cols: 80, rows: 24 }): Promise<TestShell> {
  const { id, shell, args, folder, environment, container } = of;
  return startShell(docker.backend, {
    profileId: id,
    args,
    environment,
    container,
    ...(shell === undefined ? {} : { shell }),
    ...(folder === undefined ? {} : { folder }),
    ...size,
  });
}

/** Resolves with their ids once so many containers run, without that one, all of which are, or were, ready. */
async function until(docker: TestDocker, count: number, but?: string): Promise<string[]> {
  return await vi.waitFor(
    async () => {
      const ids = await docker.running();
      expect(ids).toHaveLength(count);
      expect(ids).not.toContain(but);
      for (const id of ids) {
        expect(docker.logged).toContainEqual({
          level: 'debug',
          details: { profile: 'ready', containerId: id },
          message: 'A container is ready',
        });
      }
      return ids;
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe.runIf(engine.ok)('containers that are kept ready', { ...needs(engine), timeout: 120_000 }, () => {
  afterEach(async () => {
    for (const docker of open.splice(0)) {
      await docker[Symbol.asyncDispose]();
      await docker.expectNothingLeft();
    }
  }, 120_000);

  test('are there before they are needed, and are handed out with their prompt and the right size', async () => {
    const docker = newDocker();
    const ready = profile(docker, 1);
    docker.backend.keepReady?.([ready]);
    const [id] = await until(docker, 1);
    const shell = await openSession(docker, ready, { cols: 132, rows: 43 });
    expect(shell.process.container).toMatchObject({ id, pooled: true });
    await shell.until(/ready> /);
    await vi.waitFor(async () => {
      shell.type('stty size');
      await shell.until(/\d+ \d+\r\n/);
      expect(shell.text()).toContain('43 132\r\n');
    });
    expect(shell.process.isolation.map(({ text }) => text)).toContain('no network');
    shell.type('echo "session=[$SANDGLASS_SESSION_ID]"');
    await shell.until(/session=\[\]/);
    await shell.process.terminate(0);
    expect((await shell.exit).signal).toBe('SIGKILL');
  });

  test('are each handed out once, and replaced in the background', async () => {
    const docker = newDocker();
    const ready = profile(docker, 2);
    docker.backend.keepReady?.([ready]);
    const first = await until(docker, 2);
    const shells = await Promise.all([openSession(docker, ready), openSession(docker, ready)]);
    expect(shells.map((shell) => shell.process.container?.id).toSorted()).toEqual(first.toSorted());
    await until(docker, 4);
    await Promise.all(shells.map((shell) => shell.process.terminate(0)));
    const second = await until(docker, 2);
    expect(second.some((id) => first.includes(id))).toBe(false);
  });

  test('twenty sessions at once each get a container of their own', { timeout: 300_000 }, async () => {
    const docker = newDocker();
    const ready = profile(docker, 3);
    docker.backend.keepReady?.([ready]);
    const first = await until(docker, 3);
    const shells = await Promise.all(Array.from({ length: 20 }, () => openSession(docker, ready)));
    const ids = shells.map((shell) => shell.process.container?.id ?? '');
    expect(new Set(ids).size).toBe(20);
    expect(first.every((id) => ids.includes(id))).toBe(true);
    for (const [index, shell] of shells.entries()) shell.type(`echo "I am $((${index} + 100))"`);
    await Promise.all(shells.map((shell, index) => shell.until(new RegExp(`I am ${index + 100}\r`))));
    await Promise.all(shells.map((shell) => shell.process.terminate(0)));
  });

  test('follow their profile: another content, another count, none', async () => {
    const docker = newDocker();
    docker.backend.keepReady?.([profile(docker, 2)]);
    const before = await until(docker, 2);
    docker.backend.keepReady?.([profile(docker, 1)]);
    const [kept] = await until(docker, 1);
    expect(before).toContain(kept);
    const changed = profile(docker, 1, { network: 'none' }, { environment: { PS1: 'changed> ' } });
    docker.backend.keepReady?.([changed]);
    await until(docker, 1, kept);
    const shell = await openSession(docker, changed);
    expect(shell.process.container?.pooled).toBe(true);
    await shell.until(/changed> /);
    await shell.process.terminate(0);
    docker.backend.keepReady?.([]);
    await until(docker, 0);
  });

  test('are not handed out to a session of another content', async () => {
    const docker = newDocker();
    docker.backend.keepReady?.([profile(docker, 1)]);
    await until(docker, 1);
    const shell = await openSession(docker, profile(docker, 1, {}, { environment: { PS1: 'other> ' } }));
    expect(shell.process.container?.pooled).toBe(false);
    await shell.until(/other> /);
    await shell.process.terminate(0);
  });

  test('that have died are replaced, not handed out', async () => {
    if (!engine.ok) throw new Error(engine.why);
    const docker = newDocker();
    const ready = profile(docker, 1);
    docker.backend.keepReady?.([ready]);
    const [dead] = await until(docker, 1);
    await engine.docker.getContainer(dead ?? '').kill();
    await until(docker, 1, dead);
    expect(docker.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'No container is kept ready' }),
    );
    const shell = await openSession(docker, ready);
    expect(shell.process.container?.id).not.toBe(dead);
    await shell.until(/ready> /);
    await shell.process.terminate(0);
  });

  test('that are too old are replaced by the regular sweep, and when a session starts', async () => {
    let now = 0;
    const docker = newDocker({ now: () => now, poolMaxAgeMs: 1_000 });
    const ready = profile(docker, 1);
    docker.backend.keepReady?.([ready]);
    const [first] = await until(docker, 1);
    await docker.backend.sweep?.();
    expect(await docker.running()).toEqual([first]);
    now = 2_000;
    await docker.backend.sweep?.();
    const second = await until(docker, 1, first);
    now = 4_000;
    const shell = await openSession(docker, ready);
    expect(second).not.toContain(shell.process.container?.id);
    expect(shell.process.container?.pooled).toBe(false);
    await shell.process.terminate(0);
  });

  test('of an image that was replaced under its name are replaced, too', async () => {
    if (!engine.ok) throw new Error(engine.why);
    const image = `sandglass-test-pool:${process.pid}`;
    await engine.docker.tagImage(engine.image, imageTag(image));
    try {
      const docker = newDocker();
      docker.backend.keepReady?.([profile(docker, 1, { image })]);
      const [first] = await until(docker, 1);
      const source = engine.docker.getContainer(first ?? '');
      await source.commit(imageTag(image));
      await docker.backend.sweep?.();
      await until(docker, 1, first);
      await docker.backend.close?.();
      await docker.expectNothingLeft();
    } finally {
      await engine.docker.removeImage(image);
    }
  });

  test('of a folder that is another one by now are not handed out', async () => {
    const docker = newDocker();
    const folder = join(temporaryFolder(), 'project');
    mkdirSync(folder);
    const ready = profile(docker, 1, { folderAccess: 'read-only' }, { folder });
    docker.backend.keepReady?.([ready]);
    const [old] = await until(docker, 1);
    renameSync(folder, `${folder}-old`);
    mkdirSync(folder);
    const shell = await openSession(docker, ready);
    expect(shell.process.container?.id).not.toBe(old);
    await shell.process.terminate(0);
    rmSync(`${folder}-old`, { recursive: true });
  });

  test('of an image that is not there wait for it without pulling, and log that once', async () => {
    const docker = newDocker();
    docker.backend.keepReady?.([profile(docker, 2, { image: 'sandglass-none:1', pull: 'missing' })]);
    await vi.waitFor(() => expect(docker.logged.filter(({ level }) => level === 'warn')).toHaveLength(1), {
      timeout: 20_000,
    });
    await docker.backend.sweep?.();
    expect(docker.logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(await docker.containers()).toEqual([]);
  });

  test('say whose they are and that they wait, and are known to the sweep', async () => {
    if (!engine.ok) throw new Error(engine.why);
    const docker = newDocker();
    docker.backend.keepReady?.([profile(docker, 1)]);
    const [id] = await until(docker, 1);
    const { Labels } = (await engine.docker.getContainer(id ?? '').inspect()).Config;
    expect(Labels).toMatchObject({
      [LABELS.app]: '1',
      [LABELS.installation]: docker.installation,
      [LABELS.role]: 'pool',
      [LABELS.session]: '',
      [LABELS.profile]: 'ready',
    });
    await docker.backend.sweep?.();
    expect(await docker.running()).toEqual([id]);
  });

  test('are gone when the backend closes, the one in the making too', async () => {
    const docker = newDocker();
    docker.backend.keepReady?.([profile(docker, 3)]);
    await vi.waitFor(async () => expect((await docker.containers()).length).toBeGreaterThan(0), {
      timeout: 60_000,
      interval: 5,
    });
    await docker.backend.close?.();
  });
});
