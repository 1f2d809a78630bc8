import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ContainerOptions, DEFAULT_CONTAINER } from '../../../../shared/profile.ts';
import { temporaryFolder } from '../../../storage/testing/temporary-folder.ts';
import { findTestEngine, needs } from '../../../testing/container-engine.ts';
import { imageTag } from '../../../testing/docker-api.ts';
import type { StartSpec } from '../../backend.ts';
import { startShell, type TestShell } from '../../testing/shells.ts';
import type { ImageFacts } from '../image/image-facts.ts';
import { type TestDocker, testDocker } from '../testing/docker-backend.ts';
import { tarOf } from '../testing/registry.ts';
import { hostLocales, identityFor } from './container-identity.ts';
import { userForFolder } from './folder-owner.ts';

const engine = await findTestEngine();
const isRoot = process.getuid?.() === 0;
const HOST = { PATH: process.env.PATH ?? '', LANG: 'de_DE.UTF-8', LC_TIME: 'de_DE.UTF-8', LC_PAPER: 'C' };

describe.runIf(engine.ok)('the programs of a container', { ...needs(engine), timeout: 60_000 }, () => {
  /** An image of BusyBox's shell alone: no users, no locales. */
  const bare = `sandglass-test-bare:${process.pid}`;
  const shells: TestShell[] = [];
  let docker: TestDocker;

  beforeAll(async () => {
    if (!engine.ok) return;
    const files = Readable.from([tarOf('bin/sh', readFileSync('/bin/busybox'))]);
    await engine.docker.importImage(files, imageTag(bare));
  });

  afterAll(async () => {
    if (engine.ok) await engine.docker.removeImage(bare);
  });

  beforeEach(() => {
    docker = testDocker(engine, { environment: HOST });
  });

  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.process.terminate(0)));
    await docker.expectNothingLeft();
    await docker[Symbol.asyncDispose]();
  });

  const start = async (options: Partial<ContainerOptions>, spec: Partial<StartSpec>): Promise<TestShell> => {
    const shell = await startShell(docker.backend, { container: docker.container(options), ...spec });
    shells.push(shell);
    return shell;
  };
  const run = async (
    script: string,
    options: Partial<ContainerOptions> = {},
    spec: Partial<StartSpec> = {},
  ): Promise<string> => {
    const shell = await start(options, { shell: '/bin/sh', args: ['-c', script], ...spec });
    await shell.exit;
    return shell.text().replaceAll('\r\n', '\n');
  };

  test('have a user with a name, a group, and a home folder that can be written', async () => {
    const text = await run('id; echo "$USER $LOGNAME"; touch ~/x && echo ~; getent passwd root | cut -d: -f1');
    expect(text).toBe(
      'uid=1000(sandglass) gid=1000(sandglass) groups=1000(sandglass)\nsandglass sandglass\n/home/sandglass\nroot\n',
    );
    const badge = shells[0]?.process.isolation.map((item) => item.text).join(', ');
    expect(badge).toBe('container, no network, read-only root, uid 1000, 512 MB, 1 CPU, 256 processes');
  });

  test('have one also in an image without users, and the image’s own where it has one', async () => {
    expect(await run('id -un; id -gn; echo "$USER"; cat /etc/passwd', { image: bare })).toBe(
      'sandglass\nsandglass\nsandglass\nroot:x:0:0:root:/root:/bin/sh\nsandglass:x:1000:1000:sandglass:/home/sandglass:/bin/sh\n',
    );
    expect(await run('id -un; echo "$USER"; cat /proc/self/mounts', { user: '33:33' })).toMatch(
      /^www-data\nwww-data\n(?![\s\S]*\/etc\/passwd)/,
    );
    expect(await run('id -un; echo "$USER"', { user: 'games' })).toBe('games\ngames\n');
  });

  test('have a locale that the image has, whatever the host’s is', async () => {
    const text = await run('locale 2>&1; perl -e 1 2>&1; echo end');
    expect(text).toMatch(/LANG=C\.UTF-8\n/);
    expect(text).not.toMatch(/de_DE|annot set|warning/i);
    expect(text).toContain('LC_PAPER=C\n');
    expect(await run('echo "$LANG"', { image: bare })).toBe('C\n');
    expect(await run('echo "$LANG"', {}, { environment: { LANG: 'POSIX' } })).toBe('POSIX\n');
  });

  test('edit lines by characters', async () => {
    const shell = await start({}, { shell: '/bin/bash', args: ['--norc'], environment: { PS1: '\\u> ' } });
    await shell.until(/sandglass> /);
    shell.process.write(Buffer.from('echo "<a\u00e9\x7f>" | od -An -c\r'));
    await shell.until(/<\s+a\s+>/);
  });

  describe('with a folder that is shown read-write', () => {
    const folderOf = (uid: number, mode = 0o755): string => {
      const folder = join(temporaryFolder(), 'project');
      mkdirSync(folder);
      writeFileSync(join(folder, 'file'), 'content');
      chmodSync(folder, mode);
      chownSync(folder, uid, uid);
      return folder;
    };

    test.runIf(isRoot)('run as its owner', async () => {
      const folder = folderOf(4321);
      const text = await run('id -u; id -un; touch made && echo wrote', { folderAccess: 'read-write' }, { folder });
      expect(text).toBe('4321\nsandglass\nwrote\n');
      expect(shells[0]?.process.isolation.map((item) => item.text)).toContain('uid 4321');
    });

    test.runIf(isRoot)('do not run as root, and the start says why the folder cannot be written', async () => {
      const folder = folderOf(0);
      await expect(run('true', { folderAccess: 'read-write' }, { folder })).rejects.toThrow(
        `The container’s user (1000:1000) cannot write to ${folder}, which belongs to uid 0`,
      );
      expect(await run('cat file', { folderAccess: 'read-only' }, { folder })).toBe('content');
      const asRoot = { folderAccess: 'read-write', user: '0:0' } as const;
      expect(await run('touch made && echo wrote', asRoot, { folder })).toBe('wrote\n');
    });

    test.runIf(isRoot)(
      'keep the user that the profile names, who is asked what the permissions do not say',
      async () => {
        const folder = folderOf(4321);
        await expect(run('true', { folderAccess: 'read-write', user: '33:33' }, { folder })).rejects.toThrow(
          /cannot write/,
        );
        await expect(run('read line', { folderAccess: 'read-write', user: 'www-data' }, { folder })).rejects.toThrow(
          /cannot write/,
        );
        expect(await run('echo ok', { folderAccess: 'read-write', user: 'www-data' }, { folder: folderOf(33) })).toBe(
          'ok\n',
        );
      },
    );
  });
});

describe('an identity', () => {
  const request = { user: '1000:1000', home: '/home/sandglass', shell: null, inherited: HOST, allow: ['LANG', 'LC_*'] };
  const facts: ImageFacts = {
    passwd: 'root:x:0:0:root:/root:/bin/sh\nsandglass:x:7:7::/:/bin/sh',
    group: 'root:x:0:\nstaff:x:1000:\n',
    environment: ['PATH=/bin'],
    isMusl: false,
    locales: new Set(['C.UTF-8']),
  };
  const contents: string[] = [];
  const write = (kind: string, content: string): string => {
    contents.push(`${kind}\n${content}`);
    return `/files/${kind}`;
  };

  test('never takes the name of another, and leaves a file alone that needs no line', () => {
    expect(identityFor({ ...request, shell: '/bin/bash' }, facts, write)).toMatchObject({
      environment: { USER: 'sandglass2', LOGNAME: 'sandglass2' },
      passwd: '/files/passwd',
      group: null,
    });
    expect(contents).toEqual([
      `passwd\n${facts.passwd}\nsandglass2:x:1000:1000:sandglass2:/home/sandglass:/bin/bash\n`,
    ]);
  });

  test.each<[string, Partial<ImageFacts> | null, Record<string, string>]>([
    ['that has none of the host’s', {}, { LANG: 'C.UTF-8', LC_PAPER: 'C' }],
    ['that has the host’s', { locales: new Set(['de_DE.UTF-8']) }, HOST],
    ['with musl', { isMusl: true, locales: new Set() }, HOST],
    ['with archived locales only', { locales: new Set(['en_US.UTF-8']) }, { LANG: 'en_US.UTF-8', LC_PAPER: 'C' }],
    ['without any', { locales: new Set() }, { LANG: 'C', LC_PAPER: 'C' }],
    ['that chooses one itself', { environment: ['LANG=fr_FR.UTF-8'] }, { LANG: 'fr_FR.UTF-8' }],
  ])('has the locale of an image %s', (_name, change, expected) => {
    const { environment } = identityFor(request, change === null ? null : { ...facts, ...change }, write);
    const { USER: _, LOGNAME: __, ...locale } = environment;
    const { PATH: ___, ...wanted } = expected;
    expect(locale).toEqual(wanted);
    expect(hostLocales(request)).toEqual(['de_DE.UTF-8', 'de_DE.UTF-8']);
  });

  test('is left to an engine whose users are not this machine’s', async () => {
    const options = { ...DEFAULT_CONTAINER, folderAccess: 'read-write' } as const;
    const folder = { path: temporaryFolder(), device: 0, inode: 0, parents: '' };
    chmodSync(folder.path, 0o700);
    const info = { local: true, rootless: false, securityOptions: [] };
    const ask = (change: Partial<typeof info>, app: { uid: number; gid: number }): Promise<string> =>
      userForFolder(options, folder, { ...ENGINE, ...info, ...change }, app);
    const uid = process.getuid?.() ?? 0;
    const own = { uid: uid === 0 ? 1234 : uid, gid: 1234 };
    if (uid === 0) chownSync(folder.path, own.uid, own.gid);
    expect(await ask({}, own)).toBe(`${own.uid}:1234`);
    for (const other of [{ local: false }, { rootless: true }]) expect(await ask(other, own)).toBe('1000:1000');
  });
});

const ENGINE = {
  name: 'Docker',
  endpoint: 'unix:///x',
  address: { kind: 'socket', path: '/x' },
  local: true,
  rootless: false,
  runtimes: [],
  cgroupVersion: 2,
  securityOptions: [],
} as const;
