import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, PRESETS, type Profile, profileSchema } from '../../shared/profile.ts';
import { DEFAULT_SETTINGS, policySchema } from '../../shared/settings.ts';
import { FAKE_PROFILES } from '../testing/fake-backends.ts';
import { type Draft, draftOf, sameDraft } from './draft.ts';
import { type DraftContext, type DraftErrors, readDraft } from './read-draft.ts';

const open: DraftContext = { policy: policySchema.parse({}), inForce: DEFAULT_SETTINGS, platform: 'linux' };
const strict: DraftContext = { ...open, policy: policySchema.parse({ maxIdleTimeoutSeconds: 600 }) };
const common = { id: 'p', name: 'P', args: [], environment: {}, limits: {}, recording: 'on' } as const;
const local: Profile = { ...common, args: [], credentials: [], backend: 'pty' };
const sandbox: Profile = {
  ...common,
  args: [],
  credentials: [],
  backend: 'bubblewrap',
  bubblewrap: DEFAULT_BUBBLEWRAP,
};
const container: Profile = { ...common, args: [], credentials: [], backend: 'docker', container: DEFAULT_CONTAINER };

function errorsOf(base: Profile, change: Partial<Draft>, context = open): DraftErrors {
  const read = readDraft({ ...draftOf(base), ...change }, base, context);
  return read.ok ? {} : read.errors;
}

function profileOf(base: Profile, change: Partial<Draft>): Profile {
  const read = readDraft({ ...draftOf(base), ...change }, base, open);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.profile;
}

const row = (name: string, value: string, key = 0) => ({ key, name, value });

describe('a form that nobody touched', () => {
  test.each([...PRESETS, ...FAKE_PROFILES])('reads back as the profile it shows: $id', (profile) => {
    expect(readDraft(draftOf(profile), profile, open)).toEqual({ ok: true, profile });
    expect(sameDraft(draftOf(profile), draftOf(structuredClone(profile)))).toBe(true);
  });

  const text = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((value) => /^[^\p{Cc}]*$/u.test(value) && value === value.trim());
  const profiles = fc.record({
    id: fc.constant('p'),
    name: text,
    backend: fc.constant('docker' as const),
    shell: fc.constantFrom('bash', '/bin/sh'),
    args: fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
    folder: text.map((name) => `/${name}`),
    environment: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}$/), fc.string({ maxLength: 20 }), {
      maxKeys: 4,
    }),
    limits: fc.record(
      {
        idleTimeoutSeconds: fc.integer({ min: 60, max: 604_800 }),
        maxDurationSeconds: fc.integer({ min: 60, max: 604_800 }),
        closeGraceSeconds: fc.integer({ min: 0, max: 60 }),
      },
      { requiredKeys: [] },
    ),
    recording: fc.constantFrom('on', 'required'),
    container: fc.record({
      image: fc.constantFrom('debian', 'node:24', 'localhost:5000/a/b@sha256:abc'),
      pull: fc.constantFrom('missing', 'always', 'never'),
      user: fc.constantFrom('root', '1000', '1000:1000', 'me:staff'),
      folderAccess: fc.constantFrom('none', 'read-only', 'read-write'),
      mountAt: fc.constantFrom('/src', '/work/here'),
      network: fc.constantFrom('none', 'bridge', 'dev'),
      resources: fc.record({
        memoryMiB: fc.option(fc.integer({ min: 16, max: 1_048_576 })),
        cpus: fc.option(fc.integer({ min: 5, max: 6_400 }).map((hundredths) => hundredths / 100)),
        pids: fc.option(fc.integer({ min: 8, max: 1_000_000 })),
      }),
      environmentAllow: fc.constantFrom([], ['LANG', 'LC_*']),
      runtime: fc.constantFrom(null, 'runsc'),
      readOnlyRoot: fc.boolean(),
      capabilities: fc.constantFrom([], ['NET_ADMIN', 'SYS_PTRACE']),
      noNewPrivileges: fc.boolean(),
      pool: fc.integer({ min: 0, max: 16 }),
    }),
  });

  test('loses nothing of any profile', () => {
    fc.assert(
      fc.property(profiles, (profile) => {
        const valid = profileSchema.parse(profile);
        expect(readDraft(draftOf(valid), valid, open)).toEqual({ ok: true, profile: valid });
      }),
    );
  });
});

describe('what was typed', () => {
  test('becomes a profile, without the blanks around it', () => {
    const profile = profileOf(container, {
      name: ' Review ',
      image: ' node:24 ',
      shell: ' bash ',
      args: '-l\n\n-i',
      folder: '/home/me/src ',
      folderAccess: 'read-only',
      environment: [row('CI', '1'), row(' A ', ' b ', 1), row('', '', 2)],
      memoryMiB: '1 GB',
      cpus: '',
      pids: '100',
      idleTimeoutSeconds: '5m',
      pool: '',
    });
    expect(profile).toMatchObject({
      name: 'Review',
      shell: 'bash',
      args: ['-l', '-i'],
      folder: '/home/me/src',
      environment: { CI: '1', A: ' b ' },
      limits: { idleTimeoutSeconds: 300 },
      container: { image: 'node:24', resources: { memoryMiB: 1_024, cpus: null, pids: 100 }, pool: 0 },
    });
  });

  test('empty fields leave out what may be left out', () => {
    const full: Profile = { ...local, shell: '/bin/sh', folder: '/src', limits: { idleTimeoutSeconds: 300 } };
    const profile = profileOf(full, { shell: '', folder: ' ', idleTimeoutSeconds: '' });
    expect(profile).toEqual(local);
  });

  test('what the form does not show stays: other limits, and arguments that lines cannot tell', () => {
    const hidden: Profile = {
      ...local,
      args: ['-c', 'one\ntwo'],
      limits: { closeGraceSeconds: 5, extensions: { count: 1, seconds: 60 }, idleTimeoutSeconds: 300 },
    };
    expect(draftOf(hidden).args).toBeNull();
    expect(profileOf(hidden, { name: 'Q' })).toEqual({ ...hidden, name: 'Q' });
    expect(profileOf(hidden, { args: '-l' }).args).toEqual(['-l']);
  });

  test('a stored “off” is the same as nothing: the settings hold', () => {
    expect(draftOf({ ...local, limits: { idleTimeoutSeconds: 0 } }).idleTimeoutSeconds).toBe('');
  });

  test('home may be written as ~', () => {
    expect(profileOf(local, { folder: '~/src' }).folder).toBe('~/src');
    expect(errorsOf(local, { folder: 'src' }).folder).toBe('A full path, such as /home/me/src.');
    const windows = { ...open, platform: 'win32' };
    expect(errorsOf(local, { folder: 'C:\\src' }, windows)).toEqual({});
    expect(errorsOf(local, { folder: '/src' }, windows).folder).toContain('C:\\src');
  });
});

describe('what is wrong is told beside its field', () => {
  test.each<[keyof DraftErrors, Profile, Partial<Draft>]>([
    ['name', local, { name: '  ' }],
    ['name', local, { name: 'x'.repeat(81) }],
    ['shell', local, { shell: 'bin/bash' }],
    ['args', local, { args: Array.from({ length: 65 }, () => 'a').join('\n') }],
    ['environment.1', local, { environment: [row('A', '1'), row('1A', '2', 1)] }],
    ['environment.1', local, { environment: [row('A', '1'), row('A', '2', 1)] }],
    ['environment.0', local, { environment: [row('', 'value')] }],
    ['environment.0', local, { environment: [row('__proto__', 'value')] }],
    ['idleTimeoutSeconds', local, { idleTimeoutSeconds: 'soon' }],
    ['idleTimeoutSeconds', local, { idleTimeoutSeconds: '5s' }],
    ['idleTimeoutSeconds', local, { idleTimeoutSeconds: 'off' }],
    ['maxDurationSeconds', local, { maxDurationSeconds: '8d' }],
    ['folder', sandbox, { folderAccess: 'read-write' }],
    ['environmentAllow', sandbox, { environmentAllow: 'LANG *' }],
    ['memoryMiB', sandbox, { memoryMiB: 'much' }],
    ['memoryMiB', sandbox, { memoryMiB: '4 MB' }],
    ['cpus', sandbox, { cpus: '0' }],
    ['pids', sandbox, { pids: '1' }],
    ['image', container, { image: '' }],
    ['image', container, { image: 'a b' }],
    ['user', container, { user: '-1' }],
    ['network', container, { network: 'host' }],
    ['mountAt', container, { folder: '/src', folderAccess: 'read-only', mountAt: '/proc' }],
    ['mountAt', container, { mountAt: 'src' }],
    ['capabilities', container, { capabilities: ['ALL'] }],
    ['pool', container, { pool: '17' }],
    ['pool', container, { pool: 'two' }],
  ])('%s', (field, base, change) => {
    const errors = errorsOf(base, change);
    expect(Object.keys(errors)).toEqual([field]);
    expect(errors[field]).toMatch(/^[A-Z].*\.$/);
  });

  test('the policy is named where it forbids', () => {
    expect(errorsOf(local, { idleTimeoutSeconds: '15m' }, strict)).toEqual({
      idleTimeoutSeconds: 'The policy allows 1m to 10m.',
    });
    const stored: Profile = { ...local, limits: { extensions: { count: 9, seconds: 60 } } };
    const few = { ...open, policy: policySchema.parse({ maxExtensions: 1 }) };
    expect(errorsOf(stored, {}, few)).toEqual({ extensions: 'At most 1, says the policy.' });
  });

  test('any text is read or refused, never thrown at', () => {
    const field = fc.constantFrom<(keyof Draft)[]>(
      'name',
      'shell',
      'folder',
      'args',
      'image',
      'user',
      'network',
      'mountAt',
      'memoryMiB',
      'cpus',
      'pids',
      'pool',
      'runtime',
      'environmentAllow',
      'idleTimeoutSeconds',
      'maxDurationSeconds',
    );
    fc.assert(
      fc.property(field, fc.string(), (name, text) => {
        for (const base of [local, sandbox, container]) {
          const read = readDraft({ ...draftOf(base), [name]: text }, base, strict);
          if (read.ok) expect(profileSchema.parse(read.profile)).toEqual(read.profile);
          else expect(Object.keys(read.errors)).not.toEqual([]);
        }
      }),
    );
  });
});
