import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ProfileOf } from '../../../../shared/profile.ts';
import { findTestEngine, needs, removeContainers } from '../../../testing/container-engine.ts';
import { ownEngine, ownEngineSupport } from '../../../testing/own-engine.ts';
import type { BackendListener, ReattachSpec, StartResult } from '../../backend.ts';
import { isAlive, openShell, startShell, type TestShell, testSessionId } from '../../testing/shells.ts';
import { ContainerApi } from '../client/container-api.ts';
import { type App, type AppOrders, startApp } from '../testing/apps.ts';
import { type TestDocker, type TestDockerOptions, testDocker } from '../testing/docker-backend.ts';
import { LABELS } from './labels.ts';

const engine = await findTestEngine();
const own = ownEngineSupport(engine);
/** How long a reaper may take to see what has become of what it waits for: it polls every few seconds. */
const SEEN_MS = 60_000;

/** A profile whose containers are those of the sessions here. */
const poolable: Omit<ProfileOf<'docker'>, 'container'> = {
  id: 'local',
  name: 'Pool',
  backend: 'docker',
  shell: '/bin/bash',
  args: ['--norc'],
  environment: { PS1: 'ready> ' },
  limits: {},
  recording: 'on',
  credentials: [],
};

/** One session, and the apps that have it one after the other; the last of them is this process. */
class Succession implements AsyncDisposable {
  readonly docker: TestDocker;
  readonly sessionId = testSessionId();
  readonly #host: string;
  readonly #apps: App[] = [];
  readonly #shells: TestShell[] = [];

  constructor(at = engine, options: TestDockerOptions = {}) {
    this.docker = testDocker(at, options);
    this.#host = at.ok ? at.host : '';
  }

  /** What its container is made with. */
  get container() {
    return this.docker.container({ survive: true });
  }

  orders(changed: Partial<AppOrders> = {}): AppOrders {
    return {
      engine: this.#host,
      installation: this.docker.installation,
      spec: {
        sessionId: this.sessionId,
        shell: '/bin/bash',
        args: ['--norc'],
        environment: { PS1: 'ready> ' },
        container: this.container,
        ...changed.spec,
      },
      reattached: changed.reattached ?? null,
      pooled: changed.pooled ?? null,
      typed: changed.typed ?? [['', 'ready> ']],
    };
  }

  /** An app that opens the session, or takes it over. */
  async app(changed: Partial<AppOrders> = {}): Promise<App> {
    const app = await startApp(this.orders(changed));
    this.#apps.push(app);
    return app;
  }

  /** What is known of the session after its app has died. */
  spec({ container }: Pick<App, 'container'>, changed: Partial<ReattachSpec> = {}): ReattachSpec {
    const { sessionId } = this;
    return { sessionId, profileId: 'local', container, isFrozen: false, cols: 100, rows: 30, endsAt: null, ...changed };
  }

  /** This process takes it over. */
  async takeOver(spec: ReattachSpec): Promise<TestShell> {
    const shell = await openShell(spec.sessionId, (listener) => this.#reattach(spec, listener));
    this.#shells.push(shell);
    return shell;
  }

  /** It cannot; gives why. */
  async refuse(spec: ReattachSpec): Promise<string> {
    const result = await this.#reattach(spec, { onData() {}, onInputRoom() {}, onExit() {} });
    if (result.ok) throw new Error('It was taken over');
    return result.failure.message;
  }

  /** The reaper of an app has nothing to wait for any more. */
  async seen(app: App): Promise<void> {
    await vi.waitFor(() => expect(isAlive(app.reaper)).toBe(false), { timeout: SEEN_MS, interval: 50 });
  }

  async gone(timeout = 20_000): Promise<void> {
    await vi.waitFor(async () => expect(await this.docker.containers()).toEqual([]), { timeout, interval: 50 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#shells.map(({ process }) => process.terminate(0)));
    for (const app of this.#apps) await app.kill();
    for (const { reaper } of this.#apps) if (isAlive(reaper)) process.kill(reaper, 'SIGKILL');
    await this.docker.expectNothingLeft();
    await this.docker[Symbol.asyncDispose]();
  }

  async #reattach(spec: ReattachSpec, listener: BackendListener): Promise<StartResult> {
    const { reattach } = this.docker.backend;
    if (reattach === undefined) throw new Error('It cannot take anything over');
    return reattach(spec, listener, new AbortController().signal);
  }
}

describe.runIf(engine.ok)('a session that outlives a crash', { ...needs(engine), timeout: 120_000 }, () => {
  let succession: Succession;
  afterEach(() => succession[Symbol.asyncDispose](), 120_000);

  test('is attached to again: its shell, with all it knew, is typed into, and its end is reported', async () => {
    succession = new Succession();
    const app = await succession.app({
      typed: [
        ['', 'ready> '],
        ['kept=treasure; cd /var/tmp; echo one$((1 + 1))', 'one2'],
      ],
    });
    expect(await succession.docker.running()).toEqual([app.container.id]);
    await app.kill();
    const shell = await succession.takeOver(succession.spec(app));
    expect(shell.process.isolation).toContainEqual({ text: 'survives a crash', open: false });
    expect(shell.process.container).toMatchObject({ ...app.container, name: expect.stringMatching(/\.by-\d+-\d+$/) });
    shell.type('echo "<$kept $PWD $(stty size)>"');
    await shell.until(/<treasure \/var\/tmp 30 100>/);
    expect(await shell.process.foreground()).toMatchObject({ isShell: true, command: 'bash' });
    // Who had waited for it sees that it has another owner now, and goes without touching it.
    await succession.seen(app);
    expect(await succession.docker.running()).toEqual([app.container.id]);
    shell.type('exit 7');
    expect(await shell.exit).toEqual({ exitCode: 7, signal: null });
    await succession.gone();
  });

  test('is not held up meanwhile: what it prints then is lost, what comes later is not', async () => {
    succession = new Succession();
    const app = await succession.app({
      typed: [
        ['', 'ready> '],
        // More than any buffer holds, and then a sign that it is done.
        [
          'stty -echo; (head -c 8000000 /dev/zero | tr "\\0" x; touch /tmp/done; echo; echo "last"; sleep 1000) &',
          'ready> ',
        ],
      ],
    });
    await app.kill();
    const { id } = app.container;
    await vi.waitFor(
      async () => {
        if (!engine.ok) throw new Error(engine.why);
        const api = new ContainerApi(engine.docker.client, id);
        const { exitCode } = await api.execute(['test', '-e', '/tmp/done'], new Uint8Array(0), 20_000);
        expect(exitCode).toBe(0);
      },
      { timeout: 60_000, interval: 100 },
    );
    const shell = await succession.takeOver(succession.spec(app));
    shell.type('echo "now$((2 + 2))"');
    await shell.until(/now4/);
    expect(shell.text()).not.toContain('last');
    expect(shell.text()).not.toContain('xxxx');
  });

  test('shows a full-screen program whole again', async () => {
    succession = new Succession();
    const app = await succession.app({
      typed: [
        ['', 'ready> '],
        ['printf "%s\\n" alpha beta gamma >/tmp/text; vim.tiny -u NONE /tmp/text', 'gamma'],
      ],
    });
    await app.kill();
    const shell = await succession.takeOver(succession.spec(app));
    await shell.until(/alpha[\s\S]*beta[\s\S]*gamma/);
    expect(await shell.process.foreground()).toMatchObject({ isShell: false });
  });

  test('twice in a row is attached to twice', async () => {
    succession = new Succession();
    const first = await succession.app({
      typed: [
        ['', 'ready> '],
        ['kept=treasure; echo one$((1 + 1))', 'one2'],
      ],
    });
    await first.kill();
    const second = await succession.app({
      reattached: succession.spec(first),
      typed: [['kept=$kept-again; echo two$((1 + 1))', 'two2']],
    });
    await second.kill();
    const shell = await succession.takeOver(succession.spec(second));
    shell.type('echo "<$kept>"');
    await shell.until(/<treasure-again>/);
    await Promise.all([succession.seen(first), succession.seen(second)]);
    expect(await succession.docker.running()).toEqual([second.container.id]);
  });

  test('came from the pool, and is found all the same', async () => {
    succession = new Succession();
    const pooled: ProfileOf<'docker'> = { ...poolable, container: { ...succession.container, pool: 1 } };
    const app = await succession.app({ pooled });
    expect(app.container.pooled).toBe(true);
    await app.kill();
    const shell = await succession.takeOver(succession.spec(app));
    shell.type('echo "pool$((2 + 2))"');
    await shell.until(/pool4/);
    expect(shell.process.container).toMatchObject({ id: app.container.id, pooled: true });
    await succession.seen(app);
    // What still waited in the pool went with its app.
    expect(await succession.docker.containers()).toEqual([app.container.id]);
  });

  test('was frozen, and is frozen again until it is thawed', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    if (engine.ok) await engine.docker.getContainer(app.container.id).pause();
    const shell = await succession.takeOver(succession.spec(app, { isFrozen: true }));
    if (engine.ok) expect((await engine.docker.getContainer(app.container.id).inspect()).State.Paused).toBe(true);
    expect(await shell.process.thaw()).toBeNull();
    shell.type('echo "thawed$((2 + 2))"');
    await shell.until(/thawed4/);
  });

  test('is found by its session where its container is not known', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    const shell = await succession.takeOver({ ...succession.spec(app), container: null });
    expect(shell.process.container?.id).toBe(app.container.id);
  });
});

describe.runIf(engine.ok)('a container that has outlived its app', { ...needs(engine), timeout: 120_000 }, () => {
  let succession: Succession;
  afterEach(() => succession[Symbol.asyncDispose](), 120_000);

  test('is removed after its idle timeout, counted from the crash, when no app has taken it over; its reaper ends', async () => {
    succession = new Succession();
    const app = await succession.app({ spec: { longestIdleSeconds: 4 } });
    const killedAt = performance.now();
    await app.kill();
    await succession.gone(60_000);
    expect(performance.now() - killedAt).toBeGreaterThanOrEqual(4_000);
    await succession.seen(app);
    expect(await succession.refuse(succession.spec(app))).toContain('no longer exists');
  });

  test('is removed after its maximum duration when no app has taken it over', async () => {
    succession = new Succession();
    const endsAt = Date.now() + 8_000;
    const app = await succession.app({ spec: { endsAt } });
    await app.kill();
    await succession.gone(60_000);
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt);
    await succession.seen(app);
  });

  test('and was taken over is removed by no other app', async () => {
    succession = new Succession();
    const app = await succession.app({ spec: { longestIdleSeconds: 60 } });
    await app.kill();
    const shell = await succession.takeOver(succession.spec(app));
    await succession.seen(app);
    shell.type('echo "still$((2 + 2))"');
    await shell.until(/still4/);
  });

  test('is removed by the next launch’s sweep when its reaper is killed, too; not before it is decided who is taken over', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    process.kill(app.reaper, 'SIGKILL');
    const { docker } = succession;
    // A session that starts meanwhile has orphans searched for, and this is one.
    const labels = {
      [LABELS.app]: '1',
      [LABELS.installation]: docker.installation,
      [LABELS.ownerHost]: hostname(),
      [LABELS.ownerPid]: String(app.process.pid),
      [LABELS.ownerStart]: '1',
    };
    if (!engine.ok) return;
    const leftover = await engine.docker.createContainer({ Image: engine.image, Cmd: ['true'], Labels: labels });
    const { container } = succession;
    const other = await startShell(docker.backend, { container, args: ['-c', 'exec sleep 1000'] });
    await vi.waitFor(async () => expect(await docker.containers()).not.toContain(leftover.id), { timeout: 20_000 });
    expect(await docker.running()).toHaveLength(2);
    await docker.backend.sweep?.();
    expect(await docker.running()).toHaveLength(2);
    docker.backend.recovered?.();
    await vi.waitFor(async () => expect(await docker.running()).toEqual([other.process.container?.id]), {
      timeout: 20_000,
    });
    await other.process.terminate(0);
  });

  test('is removed at once when the app is quit rather than killed', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.quit();
    await succession.gone();
    await succession.seen(app);
  });

  test('is removed at once when its session was already ending', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.settle();
    await app.kill();
    await succession.gone();
    await succession.seen(app);
  });

  test('is removed once its shell has ended by itself', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    if (engine.ok) await engine.docker.getContainer(app.container.id).kill();
    await succession.gone(SEEN_MS);
    await succession.seen(app);
  });

  test('goes when its reaper is asked to end', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    // Before the app's end it would be heard as nothing.
    await vi.waitFor(
      () => {
        process.kill(app.reaper, 'SIGTERM');
        expect(isAlive(app.reaper)).toBe(false);
      },
      { timeout: 20_000, interval: 200 },
    );
    await succession.gone();
  });
});

describe.runIf(engine.ok)('a container is not taken over', { ...needs(engine), timeout: 120_000 }, () => {
  let succession: Succession;
  afterEach(() => succession[Symbol.asyncDispose](), 120_000);

  test('while its app lives', async () => {
    succession = new Succession();
    const app = await succession.app();
    expect(await succession.refuse(succession.spec(app))).toContain('Another process');
    expect(await succession.docker.running()).toEqual([app.container.id]);
    await app.quit();
  });

  test('when it has ended, and is removed then', async () => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    process.kill(app.reaper, 'SIGKILL');
    if (engine.ok) await engine.docker.getContainer(app.container.id).kill();
    expect(await succession.refuse(succession.spec(app))).toContain('has ended');
    expect(await succession.docker.containers()).toEqual([]);
  });

  test.each<[string, (spec: ReattachSpec) => ReattachSpec]>([
    ['of another session', (spec) => ({ ...spec, sessionId: 'ANOTHER' })],
    ['of another profile', (spec) => ({ ...spec, profileId: 'another' })],
    [
      'of another image',
      (spec) => ({ ...spec, container: spec.container && { ...spec.container, imageId: 'sha256:0' } }),
    ],
  ])('when it is that %s, and stays', async (_, change) => {
    succession = new Succession();
    const app = await succession.app();
    await app.kill();
    expect(await succession.refuse(change(succession.spec(app)))).toContain('another one');
    expect(await succession.docker.running()).toEqual([app.container.id]);
    succession.docker.backend.recovered?.();
  });

  test('when it was not made to outlive a crash, or is one that the user has made of it', async () => {
    succession = new Succession();
    if (!engine.ok) return;
    const app = await succession.app();
    const { Config, Image } = await engine.docker.getContainer(app.container.id).inspect();
    const copy = await engine.docker.createContainer({
      Image,
      Cmd: ['sleep', '1000'],
      Labels: { ...Config.Labels, [LABELS.session]: 'COPY' },
    });
    try {
      await copy.start();
      await app.kill();
      const container = { ...app.container, id: copy.id };
      expect(await succession.refuse(succession.spec({ container }, { sessionId: 'COPY' }))).toContain('another one');
      expect((await copy.inspect()).State.Running).toBe(true);
    } finally {
      await removeContainers(engine.docker, [copy.id]);
    }
    await succession.takeOver(succession.spec(app));
  });
});

describe.runIf(own.ok)(
  'an engine that was restarted while the app was away',
  { ...needs(own), timeout: 240_000 },
  () => {
    test('has ended its containers: they are not taken over, and are removed', async () => {
      await using other = await ownEngine(engine);
      const succession = new Succession(other);
      await using _ = succession;
      const app = await succession.app();
      await app.kill();
      await other.stop();
      await other.start();
      expect(await succession.refuse(succession.spec(app))).toMatch(/has ended|no longer exists/);
      await succession.gone();
      await succession.seen(app);
    });

    test('is away still: the container is removed when it is back', async () => {
      await using other = await ownEngine(engine);
      const succession = new Succession(other);
      await using _ = succession;
      const app = await succession.app();
      await app.kill();
      process.kill(app.reaper, 'SIGKILL');
      await other.kill();
      expect(await succession.refuse(succession.spec(app))).toMatch(/\w/);
      await other.start();
      await succession.gone(90_000);
    });
  },
);

test('this process leaves no reaper of these tests behind', () => {
  if (process.platform !== 'linux') return;
  const listed = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(listed.split('\n').filter((line) => line.includes('surviving-app.ts'))).toEqual([]);
});
