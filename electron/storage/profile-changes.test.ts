import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { RequestError } from '../../shared/errors.ts';
import {
  type Credential,
  DEFAULT_BUBBLEWRAP,
  DEFAULT_CONTAINER,
  PRESETS,
  type Profile,
  type ProfileOf,
  profileSchema,
} from '../../shared/profile.ts';
import { policySchema, SETTINGS_VERSION, settingsSchema } from '../../shared/settings.ts';
import { createSettingsStore } from './create-settings-store.ts';
import { BUILT_IN_POLICY } from './policy.ts';
import { withProfile } from './profile-changes.ts';
import { openSettingsFile } from './settings-file-conf.ts';
import type { PolicyState } from './settings-store.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const nothingElse = { args: [], environment: {}, limits: {}, recording: 'on' } as const;
const plain = (id: string, change: Partial<ProfileOf<'pty'>> = {}): ProfileOf<'pty'> => ({
  id,
  name: id,
  backend: 'pty',
  ...nothingElse,
  args: [],
  credentials: [],
  ...change,
});
const container = (change: Partial<ProfileOf<'docker'>['container']>, folder?: string): Profile => ({
  ...plain('box'),
  backend: 'docker',
  container: { ...DEFAULT_CONTAINER, ...change },
  ...(folder === undefined ? {} : { folder }),
});

const mounted = (mountAt: string): Profile => container({ folderAccess: 'read-only', mountAt }, '/home/me/src');

interface Setup {
  folder?: string;
  content?: unknown;
  policy?: PolicyState;
}

function open({ folder = temporaryFolder(), content, policy }: Setup = {}) {
  const path = join(folder, 'settings.json');
  if (content !== undefined) writeFileSync(path, JSON.stringify(content));
  const store = createSettingsStore({
    file: openSettingsFile(path),
    env: {},
    readPolicy: () => policy ?? { ok: true, policy: BUILT_IN_POLICY, file: null },
    logger: pino({ level: 'silent' }),
    platform: 'linux',
  });
  const ids = (): string[] => store.settings.profiles.map(({ id }) => id);
  const stored = (): { version: number; profiles?: Profile[] } => JSON.parse(readFileSync(path, 'utf8'));
  return { store, folder, path, ids, stored };
}

function refusal(action: () => void): RequestError {
  try {
    action();
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('profiles that come with the app', () => {
  const presetIds = PRESETS.map(({ id }) => id);

  test('are there without a file, and a list of an earlier version gets the new ones once', () => {
    expect(open().ids()).toEqual(presetIds);
    const earlier = { version: 1, profiles: [plain('local', { name: 'Shell' }), plain('node')] };
    const { store, folder, ids, stored } = open({ content: earlier });
    expect(ids()).toEqual(['local', 'node', 'sandbox', 'container']);
    expect(store.profile('local')?.name).toBe('Shell');
    expect(store.problems).toEqual([]);
    store.deleteProfile('sandbox');
    expect(stored().version).toBe(SETTINGS_VERSION);
    expect(open({ folder }).ids()).toEqual(['local', 'node', 'container']);
  });

  test('a list of an earlier version that uses a new one’s id keeps its own', () => {
    const { store, ids } = open({ content: { version: 1, profiles: [plain('container', { name: 'Mine' })] } });
    expect(ids()).toEqual(['local', 'container', 'sandbox']);
    expect(store.profile('container')).toMatchObject({ name: 'Mine', backend: 'pty' });
  });

  test('once deleted stay so, until they are reset; all of them again are as if never touched', () => {
    const { store, folder, ids, stored } = open();
    store.deleteProfile('sandbox');
    store.deleteProfile('container');
    expect(open({ folder }).ids()).toEqual(['local']);
    store.saveProfile(plain('mine'));
    store.resetProfile('container');
    store.resetProfile('sandbox');
    expect(ids()).toEqual(['local', 'sandbox', 'container', 'mine']);
    store.deleteProfile('mine');
    expect(stored()).toEqual({ version: SETTINGS_VERSION });
  });

  test('the local shell can be changed and reset, not deleted, and stays a local shell', () => {
    const { store, ids } = open();
    store.saveProfile(plain('local', { name: 'Work', shell: '/bin/zsh', folder: '/work' }));
    expect(store.profile('local')).toMatchObject({ name: 'Work', shell: '/bin/zsh' });
    expect(refusal(() => store.deleteProfile('local')).message).toContain('cannot be deleted');
    const turned: Profile = { ...plain('local'), backend: 'bubblewrap', bubblewrap: DEFAULT_BUBBLEWRAP };
    expect(refusal(() => store.saveProfile(turned)).message).toMatch(/^The local shell stays a local shell/);
    store.resetProfile('local');
    expect(store.profile('local')).toEqual(PRESETS[0]);
    expect(ids()).toEqual(presetIds);
  });

  test('only these can be reset', () => {
    const { store } = open();
    store.saveProfile(plain('mine'));
    expect(refusal(() => store.resetProfile('mine'))).toMatchObject({
      code: 'invalid_setting',
      message: 'Only profiles that come with Sandglass can be reset.',
    });
  });
});

describe('saving', () => {
  test('is in force at once, told, stored, and there again after a restart', () => {
    const { store, folder, stored } = open();
    const told = vi.fn();
    store.onChange(told);
    const profile = container({ image: 'node:24', network: 'bridge' });
    store.saveProfile(profile);
    expect(told).toHaveBeenCalledTimes(1);
    expect(store.profile('box')).toEqual(profile);
    expect(stored().profiles?.at(-1)).toEqual(profile);
    expect(open({ folder }).store.settings).toEqual(store.settings);
    store.saveProfile(profile);
    expect(told).toHaveBeenCalledTimes(1);
  });

  test('keeps a profile’s place unless it is put elsewhere', () => {
    const { store, ids } = open();
    store.saveProfile(plain('a'));
    store.saveProfile(plain('b'), 'sandbox');
    expect(ids()).toEqual(['local', 'b', 'sandbox', 'container', 'a']);
    store.saveProfile(plain('b', { name: 'Changed' }));
    expect(ids()).toEqual(['local', 'b', 'sandbox', 'container', 'a']);
    store.saveProfile(plain('b'), null);
    store.saveProfile(plain('a'), 'a');
    store.saveProfile(plain('c'), 'gone-meanwhile');
    expect(ids()).toEqual(['local', 'sandbox', 'container', 'a', 'b', 'c']);
  });

  test('two with one name are two profiles', () => {
    const { store, ids } = open();
    store.saveProfile(plain('a', { name: 'Same' }));
    store.saveProfile(plain('b', { name: 'Same' }));
    expect(ids().slice(-2)).toEqual(['a', 'b']);
  });

  test('two processes that save different profiles both keep theirs, and a deleted one comes back when saved', () => {
    const one = open();
    const two = open({ folder: one.folder });
    one.store.saveProfile(plain('a'));
    two.store.saveProfile(plain('b'));
    expect(two.ids().slice(-2)).toEqual(['a', 'b']);
    one.store.change([{ path: 'terminal.fontSize', value: 15 }]);
    expect(one.ids().slice(-2)).toEqual(['a', 'b']);
    two.store.deleteProfile('b');
    one.store.saveProfile(plain('b'));
    expect(open({ folder: one.folder }).ids().slice(-2)).toEqual(['a', 'b']);
    expect(refusal(() => two.store.deleteProfile('never'))).toMatchObject({ code: 'invalid_setting' });
  });

  test('one deleted elsewhere meanwhile cannot be deleted again', () => {
    const one = open();
    const two = open({ folder: one.folder });
    one.store.saveProfile(plain('a'));
    two.store.deleteProfile('a');
    expect(refusal(() => one.store.deleteProfile('a')).message).toBe('This profile no longer exists.');
  });

  test('a write that fails changes nothing', () => {
    const { store, path, ids } = open();
    store.saveProfile(plain('a'));
    const before = ids();
    const file = openSettingsFile(path);
    const broken = createSettingsStore({
      file: {
        path,
        read: () => file.read(),
        edit: () => {
          throw new Error('ENOSPC: no space left on device');
        },
        replace: () => {},
        setAside: () => file.setAside(),
      },
      env: {},
      readPolicy: () => ({ ok: true, policy: BUILT_IN_POLICY, file: null }),
      logger: pino({ level: 'silent' }),
    });
    const told = vi.fn();
    broken.onChange(told);
    expect(refusal(() => broken.deleteProfile('a'))).toMatchObject({ code: 'internal' });
    expect(broken.settings.profiles.map(({ id }) => id)).toEqual(before);
    expect(told).not.toHaveBeenCalled();
  });

  test('there are at most 200, and at most what one message can carry', () => {
    const many = Array.from({ length: 199 }, (_, index) => plain(`p${index}`));
    const { store } = open({ content: { version: SETTINGS_VERSION, profiles: [plain('local'), ...many] } });
    expect(store.problems).toEqual([]);
    expect(refusal(() => store.saveProfile(plain('one-more'))).message).toContain('at most 200 profiles');
    expect(refusal(() => store.resetProfile('container')).message).toContain('at most 200 profiles');
    store.saveProfile(plain('p7', { name: 'Changed' }));
    const long = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`V${index}`, 'x'.repeat(32_000)]));
    expect(refusal(() => store.saveProfile(plain('p7', { environment: long }))).message).toContain('too long');
    expect(settingsSchema.safeParse(store.settings).success).toBe(true);
  });

  test('a list of an earlier version that is full stays as it is', () => {
    const many = Array.from({ length: 199 }, (_, index) => plain(`p${index}`));
    const { store, ids } = open({ content: { version: 1, profiles: [plain('local'), ...many] } });
    expect(ids()).toHaveLength(200);
    expect(store.problems).toEqual([]);
  });
});

describe('a profile that makes no sense is refused with its field', () => {
  test.each<[string, string, Profile]>([
    ['profile.folder', 'Must be a full path, such as /home/me/src.', plain('a', { folder: 'src' })],
    [
      'profile.shell',
      'Must be a full path, or a name alone that is looked up in PATH.',
      plain('a', { shell: 'bin/bash' }),
    ],
    ['profile.args', 'A NUL character cannot be passed to a program.', plain('a', { args: ['a\0b'] })],
    ['profile.environment', 'A value must not contain a NUL character.', plain('a', { environment: { A: '\0' } })],
    [
      'profile.folder',
      'Choose the folder that the sandbox can see, or no access to one.',
      container({ folderAccess: 'read-only' }),
    ],
    ['profile.mountAt', 'Must be a plain path, without “..” and without a slash at its end.', mounted('/src/../etc')],
    ['profile.mountAt', 'Must be a plain path, without “..” and without a slash at its end.', mounted('/src/')],
    ['profile.mountAt', 'Must be a plain path, without “..” and without a slash at its end.', mounted('//')],
    ['profile.mountAt', 'Must be a folder of its own, such as /src: / would hide the whole image.', mounted('/')],
    [
      'profile.mountAt',
      'Must be a folder of its own, such as /src: the container has /proc there.',
      mounted('/proc/1'),
    ],
    [
      'profile.mountAt',
      'Must be a folder of its own, such as /src: the container has /run/secrets there.',
      mounted('/run'),
    ],
    ['profile.capabilities', 'There is no capability ALL.', container({ capabilities: ['CHOWN', 'ALL'] })],
    [
      'profile.idleTimeoutSeconds',
      'Must be at least 1 minute, or off (built-in policy).',
      plain('a', { limits: { idleTimeoutSeconds: 5 } }),
    ],
  ])('%s: %s', (field, message, profile) => {
    const { store, folder } = open();
    expect(profileSchema.safeParse(profile).success).toBe(true);
    const error = refusal(() => store.saveProfile(profile));
    expect(error).toMatchObject({ code: 'invalid_setting', field, message });
    expect(open({ folder }).ids()).toEqual(PRESETS.map(({ id }) => id));
  });

  test.each<[Profile['limits'], string, string]>([
    [{ idleTimeoutSeconds: 901 }, 'profile.idleTimeoutSeconds', 'Must be at least 1 minute and at most 15 minutes'],
    [{ idleTimeoutSeconds: 0 }, 'profile.idleTimeoutSeconds', 'Must be at least 1 minute and at most 15 minutes'],
    [{ maxDurationSeconds: 30 }, 'profile.maxDurationSeconds', 'Must be at least 1 minute, or off'],
    [{ activity: ['input', 'cpu'] }, 'profile.activity', 'Only input, output may count as activity'],
    [{ extensions: { count: 2, seconds: 60 } }, 'profile.extensions', 'Must be at most 1'],
    [{ maxCommands: 51 }, 'profile.maxCommands', 'Must be at least 1 and at most 50'],
    [{ maxCommands: 0 }, 'profile.maxCommands', 'Must be at least 1 and at most 50'],
  ])('%j is refused with the rule of the policy', (limits, field, rule) => {
    const file = '/etc/sandglass/policy.json';
    const policy = policySchema.parse({
      maxIdleTimeoutSeconds: 900,
      maxExtensions: 1,
      maxMaxCommands: 50,
      allowedActivity: ['input', 'output'],
    });
    const { store } = open({ policy: { ok: true, policy, file } });
    expect(refusal(() => store.saveProfile(plain('a', { limits })))).toMatchObject({
      field,
      message: `${rule} (policy ${file}).`,
    });
    const allowed = { idleTimeoutSeconds: 900, extensions: { count: 1, seconds: 60 }, maxCommands: 50 };
    store.saveProfile(plain('a', { limits: allowed }));
  });

  test('without a readable policy no limit can be set, but other fields can', () => {
    const file = '/etc/sandglass/policy.json';
    const policy: PolicyState = { ok: false, file, why: 'broken', message: 'The policy is broken' };
    const { store } = open({ policy });
    const limited = plain('a', { limits: { idleTimeoutSeconds: 600 } });
    expect(refusal(() => store.saveProfile(limited))).toMatchObject({ code: 'policy_unreadable' });
    store.saveProfile(plain('a'));
    expect(store.profile('a')).toEqual(plain('a'));
  });

  test.each<[string, readonly Credential['source'][], string]>([
    [
      'a variable twice',
      [
        { kind: 'stored', name: 'a' },
        { kind: 'stored', name: 'b' },
      ],
      'TOKEN is listed twice',
    ],
    ['a file by a part of its path', [{ kind: 'file', file: 'token' }], 'TOKEN needs a full path to its file'],
    [
      'a command by a part of its path',
      [{ kind: 'command', command: './get', args: [] }],
      'TOKEN needs the full path of its command, or a name alone that is looked up in PATH',
    ],
    [
      'an argument that cannot be passed',
      [{ kind: 'command', command: 'get', args: ['a\0b'] }],
      'TOKEN has an argument with a NUL character',
    ],
  ])('credentials with %s are refused', (_what, sources, why) => {
    const { store } = open();
    const credentials = sources.map((source) => ({ env: 'TOKEN', source, ttlSeconds: 0, required: false }));
    const error = refusal(() => store.saveProfile(plain('a', { credentials })));
    expect(error).toMatchObject({ field: 'profile.credentials', message: `${why}.` });
  });

  test('a credential has none of Sandglass’s own names', () => {
    const { store } = open();
    const source = { kind: 'stored', name: 'x' } as const;
    const credentials = [{ env: 'SANDGLASS_CREDENTIALS', source, ttlSeconds: 0, required: false }];
    expect(refusal(() => store.saveProfile(plain('a', { credentials }))).message).toBe(
      'SANDGLASS_CREDENTIALS is reserved for Sandglass.',
    );
  });

  test('a credential is not one of the variables, too', () => {
    const { store } = open();
    const credential: Credential = {
      env: 'TOKEN',
      source: { kind: 'command', command: 'get', args: ['token'] },
      ttlSeconds: 0,
      required: true,
    };
    store.saveProfile(plain('a', { credentials: [credential] }));
    const both = plain('a', { credentials: [credential], environment: { TOKEN: 'x' } });
    expect(refusal(() => store.saveProfile(both)).message).toBe('TOKEN is also one of the variables. Remove it there.');
  });

  test('a container’s shell is a path of the container, whatever runs the app', () => {
    const { store } = open();
    store.saveProfile({ ...container({}), shell: '/usr/bin/bash' });
    store.saveProfile({ ...container({}), shell: 'bash' });
    expect(refusal(() => store.saveProfile({ ...container({}), shell: 'C:\\bash.exe' }))).toMatchObject({
      field: 'profile.shell',
    });
  });
});

test('putting profiles anywhere loses none and doubles none', () => {
  const id = fc.constantFrom('local', 'a', 'b', 'c', 'd');
  const place = fc.oneof(id, fc.constant(null), fc.constant(undefined), fc.constant('unknown'));
  fc.assert(
    fc.property(fc.array(fc.tuple(id, place), { maxLength: 12 }), (moves) => {
      let profiles: readonly Profile[] = [plain('local')];
      for (const [moved, before] of moves) {
        const known = new Set([...profiles.map((profile) => profile.id), moved]);
        profiles = withProfile(profiles, plain(moved), before);
        expect([...profiles.map((profile) => profile.id)].sort()).toEqual([...known].sort());
      }
    }),
  );
});
