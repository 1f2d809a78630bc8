import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchEnvironment, parseEnvironment } from '../../../scripts/launch-environment.ts';
import { AppPage } from '../../model/app-page.ts';
import type { Home } from '../../runner/home.ts';
import { writeHook } from '../../runner/hooks.ts';
import { LOCAL_PROFILE } from '../../runner/options.ts';
import { expect, test } from '../../runner/test.ts';
import { startWebHost } from '../../runner/web-host.ts';

// A launcher adds nothing to what shells, hooks and profiles see: what they have is what the launcher was called with.

/** Everything that the launcher is called with. */
function called(home: Home): Record<string, string> {
  const own = home.environment({});
  const app = Object.entries(own).filter(([name]) => name.startsWith('SANDGLASS_') || name.startsWith('SG_E2E_'));
  return {
    ...Object.fromEntries(app),
    HOME: home.user,
    TMPDIR: home.temporary,
    PATH: `${join(home.user, 'bin')}:${launchEnvironment().PATH}`,
    PLAIN: 'a value',
    LINES_OF_TEXT: 'first\nsecond=third',
    EMPTY: '',
    NODE_OPTIONS: '--no-deprecation',
    npm_config_loglevel: 'error',
    EDITOR: 'nano -w',
  };
}

/** What a terminal and its shell add, as docs/environment.md lists it; the last four are the profile's and bash's own. */
const ADDED = [
  'TERM',
  'COLORTERM',
  'TERM_PROGRAM',
  'TERM_PROGRAM_VERSION',
  'SANDGLASS_SESSION_ID',
  'LANG',
  'PWD',
  'SHLVL',
  'HISTFILE',
  'PS1',
  '_',
];

test.use({
  settings: { profiles: [LOCAL_PROFILE, { id: 'tool', name: 'Tool', backend: 'pty', shell: 'tool' }] },
});

/** Writes a program that writes its environment, and keeps its terminal. */
async function writeProgram(file: string, output: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\nenv -0 >'${output}'\necho written\n[ ! -t 0 ] || exec sleep 1000\n`);
  await chmod(file, 0o700);
}

for (const script of ['start', 'serve'] as const) {
  test(`npm run ${script}: shells, hooks and profiles have the environment that npm was called with`, async ({
    home,
    context,
  }) => {
    test.slow();
    const environment = called(home);
    await mkdir(join(home.user, 'bin'));
    await writeProgram(join(home.user, 'bin', 'tool'), join(home.exports, 'tool'));
    await writeHook(
      home,
      'log',
      { events: ['session:start'], run: 'log.sh' },
      {
        'log.sh': `#!/bin/sh\nenv -0 >'${join(home.exports, 'hook')}'\n`,
      },
    );
    const page = await context.newPage();
    const host = await startWebHost(environment, page, ['npm', 'run', script]);
    try {
      const app = new AppPage(page, 'web');
      await app.ready();
      await app.openTab();
      const file = join(home.exports, 'environment');
      await app.terminal.run(`env -0 >${file}; echo é is $'\\u00e9', done`);
      await app.terminal.waitForLine('é is é, done');
      const found = parseEnvironment(await readFile(file, 'utf8'));
      const kept = Object.entries(environment).filter(([name]) => !name.startsWith('SANDGLASS_'));
      expect(Object.fromEntries(Object.entries(found).filter(([name]) => !ADDED.includes(name)))).toEqual(
        Object.fromEntries(kept),
      );
      const hook = async () => parseEnvironment(await readFile(join(home.exports, 'hook'), 'utf8').catch(() => ''));
      await expect.poll(async () => (await hook()).PATH, 'the PATH of a hook').toBe(environment.PATH);
      expect(await hook()).toMatchObject({ LANG: found.LANG });
      expect(await hook()).not.toHaveProperty('NODE_ENV');
      await app.openProfile('Tool');
      await app.terminal.waitForLine('written');
      expect(parseEnvironment(await readFile(join(home.exports, 'tool'), 'utf8'))).toMatchObject({
        PATH: environment.PATH,
      });
      expect(found).toMatchObject({
        TERM_PROGRAM: 'Sandglass',
        LANG: expect.stringMatching(/utf-?8$/i),
        PWD: home.user,
      });
    } finally {
      await host.terminate();
    }
  });
}
