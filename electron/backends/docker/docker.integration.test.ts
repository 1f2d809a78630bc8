import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ContainerOptions } from '../../../shared/profile.ts';
import type { StartProgress } from '../../../shared/session.ts';
import { temporaryFolder } from '../../storage/testing/temporary-folder.ts';
import { findTestEngine, needs } from '../../testing/container-engine.ts';
import { imageTag } from '../../testing/docker-api.ts';
import type { StartResult, StartSpec } from '../backend.ts';
import { startShell, type TestShell, testSessionId } from '../testing/shells.ts';
import { EngineRefusal } from './client/engine-errors.ts';
import { type TestDocker, testDocker } from './testing/docker-backend.ts';

const engine = await findTestEngine();
let docker: TestDocker;
const shells: TestShell[] = [];

/** A start with a listener that must not be called when it fails. */
function attempt(
  spec: Partial<StartSpec> & { readonly container: ContainerOptions },
  signal = new AbortController().signal,
  backend = docker.backend,
): { result: Promise<StartResult>; listener: { onData: () => void; onExit: () => void } } {
  const listener = { onData: vi.fn(), onInputRoom: vi.fn(), onExit: vi.fn(), onProgress: (_: StartProgress) => {} };
  const whole = {
    shell: '/bin/sh',
    args: [],
    sessionId: testSessionId(),
    profileId: 'container',
    environment: {},
    cols: 80,
    rows: 24,
    endsAt: null,
    ...spec,
  };
  return { result: backend.start(whole, listener, signal), listener };
}

/** Runs `/bin/sh -c script` to its end and gives what it wrote. */
async function run(
  script: string,
  options: Partial<ContainerOptions> = {},
  spec: Partial<StartSpec> = {},
): Promise<string> {
  const shell = await startShell(docker.backend, {
    args: ['-c', script],
    container: docker.container(options),
    ...spec,
  });
  shells.push(shell);
  await shell.exit;
  return shell.text().replaceAll('\r\n', '\n');
}

/** A folder of the user's that anybody may write. */
function projectFolder(): string {
  const folder = join(temporaryFolder(), 'project');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'file'), 'content');
  return folder;
}

const badge = (shell: TestShell): string => shell.process.isolation.map(({ text }) => text).join(', ');
const loosened = (shell: TestShell): string[] =>
  shell.process.isolation.filter(({ open }) => open).map(({ text }) => text);

describe.runIf(engine.ok)('the docker backend', { ...needs(engine), timeout: 60_000 }, () => {
  beforeAll(() => {
    docker = testDocker(engine);
  });

  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
    await docker.expectNothingLeft();
  }, 120_000);

  afterAll(async () => {
    await docker[Symbol.asyncDispose]();
  });

  describe('a container', () => {
    test('is hardened by default, and its badge says what was found', async () => {
      const shell = await startShell(docker.backend, {
        args: ['-c', 'read line'],
        container: docker.container({ resources: { memoryMiB: 512, cpus: 1, pids: 256 } }),
      });
      shells.push(shell);
      expect(badge(shell)).toBe('container, no network, read-only root, uid 1000, 512 MB, 1 CPU, 256 processes');
      expect(loosened(shell)).toEqual([]);
      expect(shell.process.containment).toBe('container');
      expect(shell.process.container).toMatchObject({ pooled: false, image: docker.container().image });
      expect(shell.process.container?.name).toMatch(/^sandglass-/);
    });

    test('is from inside what its badge says', async () => {
      const inside = await run(
        `grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
        id -u; ls /sys/class/net; ulimit -c
        for place in / /etc /usr /var /dev/shm /tmp /run /var/tmp "$HOME"; do
          if touch $place/probe 2>/dev/null; then echo "writes $place"; fi
        done
        printf '#!/bin/sh\\necho ran' >/tmp/run.sh; chmod +x /tmp/run.sh; /tmp/run.sh
        cat /proc/1/comm; ls /var/run/docker.sock /run/docker.sock 2>/dev/null; nproc >/dev/null; echo end`,
      );
      expect(inside).toMatch(
        /CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\nCapAmb:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2\n1000\nlo\n0\n/,
      );
      expect(inside.match(/writes .*/g)).toEqual([
        'writes /dev/shm',
        'writes /tmp',
        'writes /var/tmp',
        'writes /home/sandglass',
      ]);
      expect(inside).toMatch(/ran\ndocker-init\nend\n$/);
    });

    test('of a loosened profile wears that on its badge', async () => {
      const shell = await startShell(docker.backend, {
        args: ['-c', 'read line'],
        container: docker.container({
          user: '0:0',
          network: 'bridge',
          readOnlyRoot: false,
          noNewPrivileges: false,
          capabilities: ['NET_BIND_SERVICE', 'KILL'],
          resources: { memoryMiB: null, cpus: null, pids: null },
        }),
      });
      shells.push(shell);
      expect(loosened(shell)).toEqual([
        'network bridge',
        'writable root',
        'root user',
        'no memory limit',
        'no CPU limit',
        'no process limit',
        'may KILL, NET_BIND_SERVICE',
        'may gain privileges',
      ]);
      expect(badge(shell)).toBe(`container, ${loosened(shell).join(', ')}`);
    });

    test('has none of the app’s own variables, even where the profile lets in all', async () => {
      const environment = { LANG: 'C.UTF-8', SANDGLASS_SECRET: 'own', ELECTRON_RUN_AS_NODE: '1' };
      await using other = testDocker(engine, { environment });
      const container = docker.container({ environmentAllow: ['S*', 'E*', 'LANG'] });
      const shell = await startShell(other.backend, { args: ['-c', 'env'], container });
      await shell.exit;
      await shell.process.terminate(0);
      expect(shell.text()).toContain('LANG=C.UTF-8');
      expect(shell.text()).not.toMatch(/SANDGLASS_SECRET|ELECTRON/);
      await other.expectNothingLeft();
    });

    test('has the environment that the profile lets in, and nothing else of the host’s', async () => {
      const environment = await run(
        'env',
        { environmentAllow: ['LANG', 'LC_*'] },
        { environment: { MINE: 'a b', TERM: 'dumb', SANDGLASS_SESSION_ID: 'forged' } },
      );
      const names = environment.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      expect(names.toSorted()).toEqual(
        [
          'COLORTERM',
          'HOME',
          'HOSTNAME',
          'LANG',
          'LC_TIME',
          'LOGNAME',
          'MINE',
          'PATH',
          'PWD',
          'SANDGLASS_SESSION_ID',
          'TERM',
          'TERM_PROGRAM',
          'USER',
        ].toSorted(),
      );
      expect(environment).toContain('MINE=a b\n');
      expect(environment).toContain('TERM=dumb\n');
      expect(environment).not.toContain('forged');
      expect(environment).not.toContain('SECRET');
    });

    test('keeps the chosen folder read-only or read-write, and shows nothing else', async () => {
      const folder = projectFolder();
      const script = 'pwd; cat file; { echo new >made; } 2>/dev/null && echo wrote; touch /src/x 2>/dev/null; echo end';
      expect(await run(script, { folderAccess: 'read-only' }, { folder })).toBe('/src\ncontentend\n');
      expect(readdirSync(folder)).toEqual(['file']);
      expect(await run(script, { folderAccess: 'read-write' }, { folder })).toBe('/src\ncontentwrote\nend\n');
      expect(readFileSync(join(folder, 'made'), 'utf8')).toBe('new\n');
      expect(await run('ls -d /src; pwd', { folderAccess: 'none' }, { folder })).toContain('\n/\n');
      const shell = await startShell(docker.backend, {
        args: ['-c', 'read line'],
        folder,
        container: docker.container({ folderAccess: 'read-write' }),
      });
      shells.push(shell);
      expect(badge(shell)).toContain('read-only root, /src read-write, uid 1000');
      expect(loosened(shell)).toEqual([]);
    });

    test('makes nothing in the folder that is mounted over its own places', async () => {
      const folder = projectFolder();
      const options = { folderAccess: 'read-write', mountAt: '/home' } as const;
      expect(await run('cd; pwd; touch x && ls /home', options, { folder })).toBe('/tmp\nfile\n');
      expect(readdirSync(folder)).toEqual(['file']);
    });

    test('runs what the image says', async () => {
      if (!engine.ok) throw new Error(engine.why);
      const source = await engine.docker.createContainer({ Image: engine.image, Cmd: ['true'] });
      const image = `sandglass-test-says:${process.pid}`;
      try {
        await source.commit(imageTag(image), 'CMD ["echo","hello"]');
        const shell = await startShell(docker.backend, withoutShell({ image }, []));
        shells.push(shell);
        await shell.exit;
        expect(shell.text()).toBe('hello\r\n');
        const other = await startShell(docker.backend, withoutShell({ image }, ['/bin/echo', 'given']));
        shells.push(other);
        await other.exit;
        expect(other.text()).toBe('given\r\n');
      } finally {
        await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
        await source.remove();
        await engine.docker.removeImage(image);
      }
    });

    test('runs nothing that the image wants to have looked at regularly', async () => {
      if (!engine.ok) throw new Error(engine.why);
      const source = await engine.docker.createContainer({ Image: engine.image, Cmd: ['true'] });
      const image = `sandglass-test-checks:${process.pid}`;
      try {
        await source.commit(imageTag(image), 'HEALTHCHECK --interval=1s CMD echo looked >/tmp/looked');
        const shell = await startShell(docker.backend, { container: docker.container({ image }) });
        shells.push(shell);
        const found = await engine.docker.getContainer(shell.process.container?.id ?? '').inspect();
        expect(found.Config.Healthcheck).toMatchObject({ Test: ['NONE'] });
        expect(found.State.Health).toBeUndefined();
      } finally {
        await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
        await source.remove();
        await engine.docker.removeImage(image);
      }
    });

    test('lets its shell say itself why it does not like its arguments', async () => {
      // The second time as well: what an image has is remembered.
      for (let round = 0; round < 2; round += 1) {
        const shell = await startShell(docker.backend, {
          shell: '/bin/bash',
          args: ['/nonexistent-script'],
          container: docker.container(),
        });
        shells.push(shell);
        expect((await shell.exit).exitCode).toBe(127);
        expect(shell.text()).toContain('/nonexistent-script: No such file');
      }
    });

    test('runs a shell where the image says nothing, and knows that the next time', async () => {
      let refusals = 0;
      const onAsk = (path: string, body: object): void => {
        if (!path.startsWith('/containers/create') || 'Cmd' in body) return;
        refusals += 1;
        throw new EngineRefusal(400, 'No command specified');
      };
      await using own = testDocker(engine, { interception: { onAsk } });
      for (const turn of ['first', 'second']) {
        const shell = await startShell(own.backend, withoutShell({}, []));
        shell.type(`echo ${turn} $0`);
        await shell.until(new RegExp(`${turn} /bin/sh\r`));
        await shell.process.terminate(0);
      }
      expect(refusals).toBe(1);
      await own.expectNothingLeft();
    });
  });

  describe('a start that fails says at which stage, and leaves nothing', () => {
    const folder = '/nonexistent/sandglass';
    test.each<[string, string, Partial<ContainerOptions>, Partial<StartSpec>]>([
      ['image', 'sandglass-none:1', { image: 'sandglass-none:1' }, {}],
      ['shell', 'has no /bin/none', {}, { shell: '/bin/none' }],
      ['start', 'no user', { user: 'nobody-here' }, {}],
      ['start', 'no group', { user: '1000:nobody-here' }, {}],
      ['create', 'no runtime runnone', { runtime: 'runnone' }, {}],
      ['start', 'no network nowhere', { network: 'nowhere' }, {}],
      ['folder', 'does not exist', { folderAccess: 'read-only' }, { folder }],
      ['folder', 'names none', { folderAccess: 'read-only' }, {}],
      ['folder', 'the container has /proc', { folderAccess: 'read-only', mountAt: '/proc/x' }, { folder: '/srv' }],
      ['folder', 'belongs to the system', { folderAccess: 'read-only' }, { folder: '/etc' }],
      ['create', 'capability', { capabilities: ['NO_SUCH'] }, {}],
      ['create', 'CPUs', { resources: { memoryMiB: 64, cpus: 1_000, pids: 64 } }, {}],
    ])('%s: %s', async (stage, message, options, spec) => {
      const { result, listener } = attempt({ container: docker.container(options), ...spec });
      const answer = await result;
      expect(answer).toMatchObject({ ok: false, failure: { stage, message: expect.stringContaining(message) } });
      if (!answer.ok) expect(answer.failure.hint).not.toBe('');
      expect(await docker.containers()).toEqual([]);
      expect(listener.onData).not.toHaveBeenCalled();
      expect(listener.onExit).not.toHaveBeenCalled();
    });

    test('engine: where there is none', async () => {
      await using nowhere = testDocker(engine, { host: 'unix:///nonexistent/docker.sock' });
      const { result } = attempt({ container: nowhere.container() }, undefined, nowhere.backend);
      expect(await result).toMatchObject({ ok: false, failure: { stage: 'engine' } });
      expect(nowhere.backend.status.state).toBe('unavailable');
    });

    test('create, attach and start: where the engine breaks off', async () => {
      for (const [stage, path] of [
        ['create', /\/create/],
        ['attach', /\/attach/],
        ['start', /\/start/],
      ] as const) {
        const onAsk = (asked: string): void => {
          if (path.test(asked)) throw new Error('broken off');
        };
        await using broken = testDocker(engine, { interception: { onAsk } });
        const { result } = attempt({ container: docker.container() }, undefined, broken.backend);
        const message = expect.stringMatching(/broken off$/);
        expect(await result).toMatchObject({ ok: false, failure: { stage, message } });
        await broken.expectNothingLeft();
      }
    });

    test('sandbox: a limit that the engine drops is not passed over', async () => {
      const warning =
        'Your kernel does not support pids limit capabilities or the cgroup is not mounted. PIDs limit discarded.';
      const onAnswer = (path: string, answer: unknown): unknown =>
        path.startsWith('/containers/create') && typeof answer === 'object'
          ? { ...answer, Warnings: [warning] }
          : answer;
      await using lax = testDocker(engine, { interception: { onAnswer } });
      const { result } = attempt({ container: docker.container() }, undefined, lax.backend);
      expect(await result).toMatchObject({ ok: false, failure: { stage: 'sandbox', message: warning } });
      await lax.expectNothingLeft();
    });

    test('folder: one that is replaced meanwhile', async () => {
      const folder = projectFolder();
      const secret = projectFolder();
      const onAsk = (path: string): void => {
        if (!path.startsWith('/containers/create')) return;
        renameSync(folder, `${folder}-away`);
        symlinkSync(secret, folder);
      };
      await using slow = testDocker(engine, { interception: { onAsk } });
      const container = docker.container({ folderAccess: 'read-write' });
      const { result } = attempt({ container, folder }, undefined, slow.backend);
      expect(await result).toMatchObject({ ok: false, failure: { stage: 'folder' } });
      await slow.expectNothingLeft();
      rmSync(folder);
    });
  });

  test.each([['read line'], ['true']])(
    'a folder that was replaced only while the engine mounted it is noticed (%s)',
    async (script) => {
      const folder = join(projectFolder(), 'contested');
      mkdirSync(folder);
      const secret = projectFolder();
      const onAsk = (path: string): void => {
        if (!path.endsWith('/start')) return;
        renameSync(folder, `${folder}-away`);
        symlinkSync(secret, folder);
      };
      const onAnswer = (path: string, answer: unknown): unknown => {
        if (path.endsWith('/start')) {
          rmSync(folder);
          renameSync(`${folder}-away`, folder);
        }
        return answer;
      };
      await using raced = testDocker(engine, { interception: { onAsk, onAnswer } });
      const container = docker.container({ folderAccess: 'read-write' });
      const { result, listener } = attempt({ container, folder, args: ['-c', script] }, undefined, raced.backend);
      expect(await result).toMatchObject({ ok: false, failure: { stage: 'folder' } });
      await raced.expectNothingLeft();
      expect(listener.onData).not.toHaveBeenCalled();
    },
  );

  describe('a start that is given up leaves nothing', () => {
    test.each([
      ['before it begins', null],
      ['while it is created', /\/containers\/create/],
      ['while its terminal is attached', /\/attach/],
      ['while it is started', /\/start$/],
      ['while it is inspected', /[0-9a-f]{64}\/json$/],
    ])('%s', async (_, path) => {
      const abort = new AbortController();
      if (path === null) abort.abort();
      const onAsk = (asked: string): void => {
        if (path?.test(asked) === true) abort.abort();
      };
      await using own = testDocker(engine, { interception: { onAsk } });
      const { result, listener } = attempt({ container: docker.container() }, abort.signal, own.backend);
      expect(await result).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
      await own.expectNothingLeft();
      expect(listener.onData).not.toHaveBeenCalled();
      expect(listener.onExit).not.toHaveBeenCalled();
    });
  });
});

/** A spec that leaves the shell to the image. */
function withoutShell(options: Partial<ContainerOptions>, args: readonly string[]): Partial<StartSpec> {
  const noShell: object = { shell: undefined };
  return { args, container: docker.container(options), ...noShell };
}
