import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import { DEFAULT_CONTAINER, type Profile } from '../../shared/profile.ts';
import { createSettingsStore } from '../storage/create-settings-store.ts';
import { BUILT_IN_POLICY } from '../storage/policy.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { type FolderObjection, type ProfileHost, profileHandlers, sandboxFolderObjection } from './profiles.ts';

function serve(host: ProfileHost = {}, objectionTo?: FolderObjection) {
  const settings = createSettingsStore({
    file: openSettingsFile(join(temporaryFolder(), 'settings.json')),
    env: {},
    readPolicy: () => ({ ok: true, policy: BUILT_IN_POLICY, file: null }),
    logger: pino({ level: 'silent' }),
  });
  return { handlers: profileHandlers(settings, host, objectionTo), settings };
}

const local = (folder?: string): Profile => ({
  id: 'mine',
  name: 'Mine',
  backend: 'pty',
  args: [],
  environment: {},
  limits: {},
  recording: 'on',
  credentials: [],
  ...(folder === undefined ? {} : { folder }),
});

const container = (folder: string): Profile => ({
  ...local(folder),
  backend: 'docker',
  container: { ...DEFAULT_CONTAINER, folderAccess: 'read-only' },
});

async function refusal(answer: unknown): Promise<RequestError> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a profile’s folder', () => {
  test('is kept as a plain full path, the home folder written out', async () => {
    const { handlers, settings } = serve();
    const folder = temporaryFolder();
    const view = await handlers['profiles.save']({ profile: local(`${join(folder, 'x', '..')}/`) });
    expect(view.profiles.find(({ id }) => id === 'mine')?.folder).toBe(folder);
    await handlers['profiles.save']({ profile: local('~') });
    expect(settings.profile('mine')?.folder).toBe(homedir());
    await handlers['profiles.save']({ profile: local() });
    expect(settings.profile('mine')).toEqual(local());
  });

  test('has to be there, to be a folder, and a full path', async () => {
    const { handlers, settings } = serve();
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const save = (path: string) => refusal(handlers['profiles.save']({ profile: local(path) }));
    const gone = join(folder, 'gone');
    expect(await save(gone)).toMatchObject({
      code: 'invalid_setting',
      field: 'profile.folder',
      message: `${gone} does not exist, or you may not see it.`,
    });
    expect((await save(file)).fullMessage).toBe(`Folder: ${file} is not a folder.`);
    expect((await save('src')).fullMessage).toMatch(/^Folder: Must be a full path/);
    expect(settings.profile('mine')).toBeUndefined();
  });

  test('that a sandbox must not see is refused as its backend would; without access it may be anything', async () => {
    const folder = temporaryFolder();
    const asked: unknown[] = [];
    const { handlers } = serve({}, async (...question) => {
      asked.push(question);
      return `${folder} holds your keys`;
    });
    const error = await refusal(handlers['profiles.save']({ profile: container(folder) }));
    expect(error.fullMessage).toBe(`Folder: ${folder} holds your keys.`);
    await handlers['profiles.save']({ profile: local(folder) });
    expect(asked).toEqual([['docker', folder, 'read-only']]);
  });

  test('with keys in it is refused to every sandbox, and open to a local shell', async () => {
    const home = temporaryFolder();
    const { handlers } = serve({}, sandboxFolderObjection({ home, forbidden: [], environment: {} }));
    const error = await refusal(handlers['profiles.save']({ profile: container(home) }));
    expect(error.fullMessage).toMatch(/^Folder: .* holds your whole home folder/);
    await handlers['profiles.save']({ profile: local(home) });
    const project = join(home, 'src');
    mkdirSync(project);
    await handlers['profiles.save']({ profile: container(project) });
  });

  test('that went later does not keep a profile from being deleted', async () => {
    const folder = temporaryFolder();
    const { handlers, settings } = serve();
    await handlers['profiles.save']({ profile: local(folder) });
    rmSync(folder, { recursive: true });
    await handlers['profiles.delete']({ id: 'mine' });
    expect(settings.profile('mine')).toBeUndefined();
  });
});

test('a profile is put where it is asked to be, deleted and reset', async () => {
  const { handlers } = serve();
  const saved = await handlers['profiles.save']({ profile: local(), before: 'sandbox' });
  expect(saved.profiles.map(({ id }) => id)).toEqual(['local', 'mine', 'sandbox', 'container']);
  await handlers['profiles.delete']({ id: 'sandbox' });
  const view = await handlers['profiles.reset']({ id: 'sandbox' });
  expect(view.profiles.map(({ id }) => id)).toEqual(['local', 'sandbox', 'mine', 'container']);
});

test('a host without a folder dialog says so; one with it gives what was chosen', async () => {
  const choose = (host: ProfileHost) => serve(host).handlers['profiles.chooseFolder']({});
  expect(await choose({})).toEqual({ outcome: 'unavailable' });
  expect(await choose({ chooseFolder: async () => null })).toEqual({ outcome: 'cancelled' });
  expect(await choose({ chooseFolder: async () => '/src' })).toEqual({ outcome: 'chosen', folder: '/src' });
});
