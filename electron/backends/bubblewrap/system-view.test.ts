import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allowedVariables } from '../../environment/inherited-environment.ts';
import { localesOf } from '../../environment/locale.ts';
import { keeperEnvironment, sandboxEnvironment } from './sandbox-environment.ts';
import { groupFile, passwdFile, sandboxUser } from './sandbox-user.ts';
import { isInView, readSystemView } from './system-view.ts';

const view = readSystemView();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-view-'));
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\n');
  chmodSync(join(folder, 'tool'), 0o755);
  symlinkSync('/bin/sh', join(folder, 'shell'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('of this machine nothing is shown that holds secrets', () => {
  const paths = view.entries.map((entry) => entry.path);
  expect(paths).toContain('/usr');
  const secret = /^\/(etc|root|home|srv|opt|mnt|boot)|^\/var\/(?!lib\/(ca-certificates|texmf)|cache\/(fontconfig|man))/;
  expect(paths.filter((path) => secret.test(path))).toEqual([]);
  expect(paths).not.toContain('/');
});

test('a program is inside when its real place is shown, or lies in the chosen folder', () => {
  expect(isInView('/bin/sh', view, null)).toBe(true);
  expect(isInView(join(folder, 'shell'), view, null)).toBe(true);
  expect(isInView(join(folder, 'tool'), view, null)).toBe(false);
  expect(isInView(join(folder, 'tool'), view, folder)).toBe(true);
  expect(isInView(join(folder, 'tool'), view, `${folder}/to`)).toBe(false);
  expect(isInView('/nonexistent', view, null)).toBe(false);
});

test('an allow-list names variables, or what they begin with; never the app’s own', () => {
  const inherited = {
    LANG: 'C',
    LC_ALL: 'de',
    LC_: 'x',
    HOME: '/h',
    SANDGLASS_KEY: 'k',
    NODE_OPTIONS: 'n',
    GONE: undefined,
  };
  expect(allowedVariables(inherited, ['LANG', 'LC_*', 'SANDGLASS_*', 'NODE_OPTIONS', 'GONE'])).toEqual({
    LANG: 'C',
    LC_ALL: 'de',
    LC_: 'x',
  });
  expect(allowedVariables(inherited, [])).toEqual({});
});

test('the profile’s variables win over the allow-list, and never over the mark', () => {
  const user = sandboxUser();
  const environment = sandboxEnvironment({
    inherited: { LANG: 'C', PATH: '/evil' },
    allow: ['LANG'],
    added: { LANG: 'de', SANDGLASS_SESSION_ID: 'other', LD_PRELOAD: '/x' },
    sessionId: 'ID',
    user,
    shell: '/bin/sh',
    locales: localesOf(['C.utf8'], 'linux'),
  });
  expect(environment).toMatchObject({ LANG: 'de', SANDGLASS_SESSION_ID: 'ID', LD_PRELOAD: '/x', HOME: user.home });
  expect(environment.PATH).not.toContain('evil');
  expect(Object.keys(keeperEnvironment('ID'))).toEqual(['PATH', 'SANDGLASS_SESSION_ID']);
});

test('the user is known inside by name', () => {
  const user = { name: 'ada', uid: 1234, gid: 99, home: '/home/ada', isRootOutside: false };
  expect(passwdFile(user, '/bin/x:y\n')).toBe(
    'ada:x:1234:99:ada:/home/ada:/bin/xy\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n',
  );
  expect(groupFile(user)).toBe('ada:x:99:\nnogroup:x:65534:\n');
  expect(passwdFile({ ...user, uid: 65_534 }, '/bin/sh').split('\n')).toHaveLength(2);
});
