import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSandboxFolder } from './sandbox-folder.ts';

let root: string;
let home: string;
let server: Server;
const rules = () => ({
  home,
  forbidden: [join(root, 'app', 'data')],
  environment: { SSH_AUTH_SOCK: `${root}/agent/s` },
});

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'sandglass-folders-'));
  home = join(root, 'people', 'ada');
  const folders = [
    'src',
    '.ssh/keys',
    '.config/nvim',
    '.config/gh',
    '.local/share/keyrings',
    'backup/.gnupg',
    'engine',
    '.colima/default',
  ];
  for (const folder of folders) mkdirSync(join(home, folder), { recursive: true });
  for (const folder of ['app/data/sessions', 'agent', 'plain']) mkdirSync(join(root, folder), { recursive: true });
  symlinkSync(join(home, '.ssh'), join(home, 'src', 'link'));
  symlinkSync(join(home, 'src'), join(root, 'way'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(join(home, 'engine', 'docker.sock'), resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

test.each(['src', '.config/nvim'])('a folder of a project may be chosen: %s', async (folder) => {
  expect(await checkSandboxFolder(join(home, folder), rules())).toMatchObject({ ok: true, path: join(home, folder) });
});

test('the folder that was judged is the one that is given, however often another takes its place', async () => {
  const place = join(root, 'plain', 'contested');
  const judged = join(home, 'src');
  const denied = join(home, '.ssh');
  const swap = (to: string): void => {
    symlinkSync(to, `${place}-next`);
    renameSync(`${place}-next`, place);
  };
  swap(judged);
  let isDone = false;
  const swapping = (async () => {
    for (let round = 0; !isDone; round += 1) {
      swap(round % 2 === 0 ? denied : judged);
      await new Promise(setImmediate);
    }
  })();
  const { dev, ino } = statSync(judged);
  for (let round = 0; round < 200; round += 1) {
    const result = await checkSandboxFolder(place, rules());
    if (result.ok) expect(result).toEqual({ ok: true, path: judged, device: dev, inode: ino });
    else expect(result.failure.message).toContain('.ssh');
  }
  isDone = true;
  await swapping;
  rmSync(place);
});

test.runIf(process.platform === 'linux')(
  'a folder that gives way to a link after it was found is never taken for what the link leads to',
  async () => {
    const place = join(root, 'plain', 'given-way');
    mkdirSync(place);
    const { dev, ino } = statSync(place);
    let isDone = false;
    const swapping = (async () => {
      while (!isDone) {
        renameSync(place, `${place}-away`);
        symlinkSync(join(home, '.ssh'), place);
        await new Promise(setImmediate);
        rmSync(place);
        renameSync(`${place}-away`, place);
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 300; round += 1) {
      const result = await checkSandboxFolder(place, rules());
      if (result.ok) expect(result).toMatchObject({ device: dev, inode: ino });
    }
    isDone = true;
    await swapping;
  },
);

test('links are followed before it is decided, and the real path is what is shown', async () => {
  expect(await checkSandboxFolder(join(root, 'way'), rules())).toMatchObject({ ok: true, path: join(home, 'src') });
  const denied = await checkSandboxFolder(join(home, 'src', 'link', 'keys'), rules());
  expect(denied).toMatchObject({ ok: false, failure: { stage: 'folder', message: expect.stringContaining('.ssh') } });
});

test.each([
  ['/', 'more than one'],
  ['/home', 'more than one'],
  ['/tmp', 'more than one'],
  ['/etc', 'system'],
  ['/usr/share', 'system'],
  ['/proc', 'system'],
  ['/run', 'system'],
  ['/var/run', 'system'],
  ['/dev', 'system'],
  ['/sys', 'system'],
  ['/nonexistent', 'does not exist'],
  ['relative', 'not a full path'],
  ['/etc/passwd', 'not a folder'],
  ['/tm\0p', 'character'],
  [homedir(), ''],
])('never %j', async (folder, message) => {
  const result = await checkSandboxFolder(folder, rules());
  expect(result).toMatchObject({ ok: false, failure: { stage: 'folder', message: expect.stringContaining(message) } });
});

test.each([
  ['people/ada', 'whole home'],
  ['people', 'whole home'],
  ['people/ada/.ssh', 'credentials'],
  ['people/ada/.ssh/keys', 'credentials'],
  ['people/ada/.config', 'all applications'],
  ['people/ada/.config/gh', 'credentials'],
  ['people/ada/.local/share', 'all applications'],
  ['people/ada/backup', '.gnupg'],
  ['people/ada/engine', 'docker.sock'],
  ['people/ada/.colima/default', 'container engine'],
  ['app', 'Sandglass'],
  ['app/data', 'Sandglass'],
  ['app/data/sessions', 'Sandglass'],
  ['agent', 'socket'],
])('never %s: %s', async (folder, message) => {
  const result = await checkSandboxFolder(join(root, folder), rules());
  expect(result).toMatchObject({ ok: false, failure: { stage: 'folder', message: expect.stringContaining(message) } });
});
