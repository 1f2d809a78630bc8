import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Credential, Profile } from '../../../../shared/profile.ts';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { imageTag } from '../../../testing/docker-api.ts';
import type { StartSpec } from '../../backend.ts';
import { supplyOf, valuesOf } from '../../testing/credentials.ts';
import { openShell, startShell, type TestShell, testSessionId } from '../../testing/shells.ts';
import { type TestDocker, testDocker } from '../testing/docker-backend.ts';

const engine = await findTestEngine();
const TOKEN = 'first-value-of-the-token';
/** Everything that a shell, a terminal or printf could take for something else. */
const ODD = `-n %s%%\\0101\\n $HOME "quoted" 'single' \`x\` grüße ❤\n\ttwo\nlines \\`;
const SHOW =
  'echo "<$TOKEN>"; stat -c %a:%u "$SANDGLASS_CREDENTIALS" "$SANDGLASS_CREDENTIALS/TOKEN"; cat "$SANDGLASS_CREDENTIALS/TOKEN"; echo .';

let docker: TestDocker;
const shells: TestShell[] = [];

async function start(spec: Partial<StartSpec>, backend = docker.backend): Promise<TestShell> {
  const shell = await startShell(backend, { container: docker.container(), ...spec });
  shells.push(shell);
  return shell;
}

/** Runs `/bin/sh -c script` with these credentials to its end and gives what it wrote. */
async function run(
  script: string,
  values: Readonly<Record<string, string>>,
  spec: Partial<StartSpec> = {},
): Promise<string> {
  const shell = await start({ args: ['-c', script], credentials: supplyOf(values), ...spec });
  await shell.exit;
  return shell.text().replaceAll('\r\n', '\n');
}

/** Starts what an image runs by itself, with these arguments. */
async function startImage(args: string[], image?: string): Promise<TestShell> {
  const sessionId = testSessionId();
  const container = docker.container(image === undefined ? {} : { image });
  const spec = { ...SIZE, sessionId, profileId: 'container', args, environment: {}, endsAt: null, container };
  const credentials = supplyOf({ TOKEN });
  const shell = await openShell(sessionId, (listener) =>
    docker.backend.start({ ...spec, credentials }, listener, new AbortController().signal),
  );
  shells.push(shell);
  return shell;
}

const SIZE = { cols: 80, rows: 24 } as const;

const credential = (env: string): Credential => ({
  env,
  source: { kind: 'stored', name: 'x' },
  ttlSeconds: 0,
  required: true,
});

describe.runIf(engine.ok)('credentials of containers', { ...needs(engine), timeout: 60_000 }, () => {
  beforeAll(() => {
    docker = testDocker(engine);
  });

  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
    await docker.expectNothingLeft();
  });

  afterAll(async () => {
    await docker[Symbol.asyncDispose]();
  });

  test('are there before the shell begins, as variables and files, for its user alone, in memory', async () => {
    const text = await run(
      `${SHOW}; stat -f -c %T "$SANDGLASS_CREDENTIALS"; ls -A /run/sandglass /run/sandglass/credentials`,
      { TOKEN },
    );
    expect(text.split('\n')).toEqual([
      `<${TOKEN}>`,
      '700:1000',
      '600:1000',
      `${TOKEN}.`,
      'tmpfs',
      '/run/sandglass:',
      'credentials',
      '',
      '/run/sandglass/credentials:',
      'TOKEN',
      '',
    ]);
  });

  test('are what they were, whatever is in them', async () => {
    const bytes = (text: string): string => Buffer.from(text).toString('hex');
    const script =
      'cat $SANDGLASS_CREDENTIALS/ODD | od -An -tx1 -v | tr -d " \\n"; echo; printf %s "$ODD" | od -An -tx1 -v | tr -d " \\n"';
    expect(await run(script, { ODD })).toBe(`${bytes(ODD)}\n${bytes(ODD)}`);
    const ending = 'ends in lines\n\n';
    expect(await run('printf %s "$END" | od -An -tx1 -v | tr -d " \\n"', { END: ending })).toBe(bytes(ending));
    const long = 'x'.repeat(65_536);
    expect(await run('wc -c <$SANDGLASS_CREDENTIALS/LONG; printf %s "$LONG" | wc -c', { LONG: long })).toBe(
      '65536\n65536\n',
    );
  });

  test('are not in what the engine says of the container', async () => {
    if (!engine.ok) throw new Error(engine.why);
    const shell = await start({ credentials: supplyOf({ TOKEN }) });
    await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'second-value' }));
    const id = shell.process.container?.id ?? '';
    const inspected = JSON.stringify(await engine.docker.getContainer(id).inspect());
    expect(inspected).not.toMatch(/first-value|second-value/);
    expect(inspected).toContain('SANDGLASS_CREDENTIALS=/run/sandglass/credentials');
    expect(JSON.stringify(docker.logged)).not.toMatch(/first-value|second-value/);
  });

  test('leave the session as it would be without them: its command, its terminal, its exit status', async () => {
    const shell = await start({
      shell: '/bin/bash',
      args: ['--norc', '-i'],
      credentials: supplyOf({ TOKEN }),
      environment: { PS1: '> ' },
    });
    expect([shell.process.command, shell.process.args]).toEqual(['/bin/bash', ['--norc', '-i']]);
    expect(shell.process.isolation).toContainEqual({ text: '1 credential', open: false });
    await shell.until(/> $/);
    expect(shell.text().replace('\x1b[?2004h', '')).toBe('> ');
    expect(await shell.process.foreground()).toMatchObject({ isShell: true });
    shell.type('umask; jobs; [ -t 0 ] && [ -t 1 ] && echo a-terminal; echo "$0 $_sandglass"; exit 7');
    expect(await shell.exit).toMatchObject({ exitCode: 7 });
    expect(shell.text()).toMatch(/0022\r\na-terminal\r\n\/bin\/bash \r\n/);
  });

  test('reach what the image runs by itself', async () => {
    const shell = await startImage(['/bin/sh', '-c', SHOW]);
    await shell.exit;
    expect(shell.text()).toContain(`<${TOKEN}>`);
    const other = await startImage([]);
    other.type('echo "<$TOKEN>"; exit');
    await other.exit;
    expect(other.text()).toContain(`<${TOKEN}>`);
  });

  test('reach users without a name, root without its powers, and a root file system that can be written', async () => {
    for (const options of [{ user: '4711:4712' }, { user: '0:0' }, { user: 'nobody' }, { readOnlyRoot: false }]) {
      expect(await run(SHOW, { TOKEN }, { container: docker.container(options) })).toContain(`${TOKEN}.\n`);
    }
  });

  test('are replaced as a whole in a session that runs', async () => {
    const shell = await start({
      args: ['-c', `${SHOW}; read x; ${SHOW}; ls -A1 $SANDGLASS_CREDENTIALS`],
      credentials: supplyOf({ TOKEN }),
    });
    await shell.until(/first-value-of-the-token\.\r\n/);
    expect(
      await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'second-value', LATE: 'was missing' })),
    ).toBeNull();
    expect(shell.process.isolation).toContainEqual({ text: '2 credentials', open: false });
    expect(await shell.process.readCredentials?.()).toEqual(valuesOf({ LATE: 'was missing', TOKEN: 'second-value' }));
    shell.type('');
    await shell.exit;
    expect(shell.text()).toMatch(/second-value\.\r\nLATE\r\nTOKEN\r\n$/);
    await shell.process.terminate(0);
    expect(await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'third' }))).toBe('The session has ended.');
  });

  test('that are missing keep no session from starting', async () => {
    const supply = { names: ['TOKEN'], take: () => [] };
    const shell = await start({ args: ['-c', 'echo "<$TOKEN>"; ls -A $SANDGLASS_CREDENTIALS'], credentials: supply });
    await shell.exit;
    expect(shell.text()).toBe('<>\r\n');
    expect(shell.process.isolation.map(({ text }) => text).join()).not.toContain('credential');
  });

  test('reach containers of an engine on another machine', async () => {
    await using far = testDocker(engine, { isFar: true });
    const shell = await startShell(far.backend, {
      args: ['-c', SHOW],
      container: far.container(),
      credentials: supplyOf({ TOKEN }),
    });
    await shell.exit;
    expect(shell.text()).toContain(`<${TOKEN}>`);
    await shell.process.terminate(0);
  });

  test('are read back as they are, where there are any', async () => {
    const values = { ODD, LINES: 'ends in lines\n\n', LONG: 'x'.repeat(65_536) };
    const shell = await start({ credentials: supplyOf(values) });
    const read = await shell.process.readCredentials?.();
    expect(Object.fromEntries((read ?? []).map(({ env, value }) => [env, Buffer.from(value).toString()]))).toEqual(
      values,
    );
    const other = await start({});
    expect(await other.process.readCredentials?.()).toEqual([]);
  });

  test('wait while the session is frozen', async () => {
    const shell = await start({ credentials: supplyOf({ TOKEN }) });
    await shell.process.freeze();
    expect(await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'second-value' }))).toBe('The session is frozen.');
    await shell.process.thaw();
    expect(await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'second-value' }))).toBeNull();
  });

  test('are given to a container that was kept ready when a session gets it, and not before', async () => {
    const container = docker.container({ pool: 1 });
    const profile: Profile = {
      id: 'pooled',
      name: 'Pooled',
      backend: 'docker',
      shell: '/bin/sh',
      args: ['-c', `${SHOW}; echo "mark $SANDGLASS_SESSION_ID."`],
      environment: {},
      limits: {},
      recording: 'on',
      credentials: [credential('TOKEN')],
      container,
    };
    docker.backend.keepReady?.([profile]);
    await vi.waitFor(() => expect(docker.logged.map(({ message }) => message)).toContain('A container is ready'), {
      timeout: 30_000,
    });
    const shell = await start({ profileId: 'pooled', args: profile.args, container, credentials: supplyOf({ TOKEN }) });
    expect(shell.process.container?.pooled).toBe(true);
    docker.backend.keepReady?.([]);
    await shell.exit;
    expect(shell.text()).toContain(`<${TOKEN}>`);
  });

  test('are not given where the start is cancelled meanwhile', async () => {
    const abort = new AbortController();
    const supply = {
      names: ['TOKEN'],
      take() {
        abort.abort();
        return valuesOf({ TOKEN });
      },
    };
    const whole: StartSpec = {
      sessionId: testSessionId(),
      profileId: 'container',
      shell: '/bin/sh',
      args: [],
      environment: {},
      ...SIZE,
      endsAt: null,
      container: docker.container(),
      credentials: supply,
    };
    const result = await docker.backend.start(whole, { onData() {}, onInputRoom() {}, onExit() {} }, abort.signal);
    expect(result).toMatchObject({ ok: false, failure: { stage: 'aborted' } });
  });

  test('are not given to an image without a shell, which is said', async () => {
    if (!engine.ok) throw new Error(engine.why);
    // An image with nothing in it but a file.
    const empty = 'sandglass-test-empty:latest';
    await importEmptyImage(empty);
    try {
      await expect(startImage(['/file'], empty)).rejects.toThrow(
        `The image ${empty} has no /bin/sh, which writes the session’s credentials into the container`,
      );
    } finally {
      await engine.docker.removeImage(empty);
    }
  });
});

/** Makes an image of one empty file. */
async function importEmptyImage(tag: string): Promise<void> {
  if (!engine.ok) throw new Error(engine.why);
  // A tar archive (POSIX ustar): one head of 512 bytes, then two empty blocks.
  const head = Buffer.alloc(512);
  head.write('file', 0);
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write('00000000000\0', 124);
  head.write('00000000000\0', 136);
  head.write('        ', 148);
  head.write('0', 156);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const archive = Readable.from([Buffer.concat([head, Buffer.alloc(1_024)])]);
  await engine.docker.importImage(archive, imageTag(tag));
}
