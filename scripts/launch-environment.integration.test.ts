import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { desktopEnvironment, launchEnvironment, parseEnvironment, withoutRunner } from './launch-environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-launch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const module = join(import.meta.dirname, 'launch-environment.ts');
const { PATH = '' } = launchEnvironment();

/** Runs a script of a package with npm; it prints both ways to find the environment that npm was called with. */
function runByNpm(called: Record<string, string>, script = 'node print.ts') {
  mkdirSync(join(folder, 'package'));
  const scripts = { print: script, again: 'npm run --silent print' };
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({ name: 'p', type: 'module', scripts }));
  writeFileSync(
    join(folder, 'package', 'print.ts'),
    `import { launchEnvironment, withoutRunner } from ${JSON.stringify(module)};
    console.log(JSON.stringify({ exact: launchEnvironment(), subtracted: withoutRunner(process.env) }));`,
  );
  return (name: string): { exact: Record<string, string>; subtracted: Record<string, string> } =>
    JSON.parse(
      execFileSync('npm', ['run', '--silent', name], {
        cwd: join(folder, 'package'),
        env: called,
        encoding: 'utf8',
      }),
    );
}

/** Node 24, as the launchers run on, is first in the PATH. */
const called = {
  PATH: `${join(process.execPath, '..')}:${PATH}`,
  HOME: tmpdir(),
  EDITOR: 'vi',
  NODE_OPTIONS: '--no-deprecation',
  COLOR: '1',
  npm_config_loglevel: 'error',
  npm_config_prefix: '/home/ada/.npm-global',
  TEXT: 'two\nlines=1',
};

test.runIf(process.platform === 'linux')('what npm was called with is found exactly', () => {
  expect(runByNpm(called)('print').exact).toEqual(called);
});

test.runIf(process.platform === 'linux')('also when a process of the script is in between', () => {
  expect(runByNpm(called, 'sh -c "node print.ts; true"')('print').exact).toEqual(called);
});

test('what npm adds is taken out where its process cannot be read, also of npm in npm', () => {
  const run = runByNpm(called);
  const {
    EDITOR: _editor,
    COLOR: _color,
    npm_config_prefix: _prefix,
    npm_config_loglevel: _level,
    ...expected
  } = called;
  for (const name of ['print', 'again']) {
    const { PWD: _pwd, OLDPWD: _oldPwd, _: _command, SHLVL: _depth, ...subtracted } = run(name).subtracted;
    expect(subtracted, name).toEqual(expected);
  }
});

test('the user’s editor stays where it is told from npm’s own', () => {
  const script = { npm_lifecycle_event: 'start', npm_node_execpath: '/usr/bin/node', NODE: '/usr/bin/node' };
  expect(withoutRunner({ ...script, EDITOR: 'nano' })).toEqual({ EDITOR: 'nano' });
  expect(withoutRunner({ ...script, EDITOR: 'vi', VISUAL: 'vi' })).toEqual({ EDITOR: 'vi', VISUAL: 'vi' });
  expect(withoutRunner({ ...script, EDITOR: 'C:\\WINDOWS\\notepad.exe' })).toEqual({});
});

test('without npm the environment is the process’s own', () => {
  expect(launchEnvironment({ PATH: '/bin', NODE: 'mine', GONE: undefined })).toEqual({ PATH: '/bin', NODE: 'mine' });
});

test('the desktop app gets the names of all variables with them', () => {
  expect(desktopEnvironment({ A: '1', B: '' })).toEqual({ A: '1', B: '', SANDGLASS_LAUNCH_NAMES: '["A","B"]' });
});

test('of a name that is there twice the first counts', () => {
  expect(parseEnvironment('A=1\0A=2\0B=x=y\0broken\0')).toEqual({ A: '1', B: 'x=y' });
});
