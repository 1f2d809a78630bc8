import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACTIVITY_KINDS, ON_EXPIRY } from '../../shared/limits.ts';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, PRESETS, type Profile, profileSchema } from '../../shared/profile.ts';
import { DEFAULT_SETTINGS, policySchema } from '../../shared/settings.ts';
import { FAKE_PROFILES } from '../testing/fake-backends.ts';
import { type CredentialRow, emptyRow, SOURCE_KINDS } from './credential-rows.ts';
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

const credential = (change: Partial<CredentialRow>): CredentialRow => ({
  ...emptyRow(0),
  env: 'TOKEN',
  command: 'gh',
  ...change,
});

describe('an untouched form', () => {
  test.each([...PRESETS, ...FAKE_PROFILES])('reads back as the profile it shows: $id', (profile) => {
    expect(readDraft(draftOf(profile), profile, open)).toEqual({ ok: true, profile });
    expect(sameDraft(draftOf(profile), draftOf(structuredClone(profile)))).toBe(true);
  });

  const text = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((value) => /^[^\p{Cc}]*$/u.test(value) && value === value.trim());
  const credentials = fc.record({
    // No name of a variable above has lower case.
    env: fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,9}$/),
    source: fc.oneof(
      fc.record({
        kind: fc.constant('command' as const),
        command: fc.constantFrom('gh', '/usr/bin/vault'),
        args: fc.array(
          fc.string({ maxLength: 10 }).filter((argument) => !argument.includes('\0')),
          { maxLength: 4 },
        ),
      }),
      fc.record({ kind: fc.constant('file' as const), file: text.map((name) => `/${name}`) }),
      fc.record({
        kind: fc.constant('stored' as const),
        name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/),
      }),
    ),
    ttlSeconds: fc.integer({ min: 0, max: 2_592_000 }),
    required: fc.boolean(),
  });
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
        maxCommands: fc.integer({ min: 1, max: 1_000_000 }),
        onExpiry: fc.constantFrom(...ON_EXPIRY),
        activity: fc.shuffledSubarray([...ACTIVITY_KINDS], { minLength: 1 }),
        thawWindowSeconds: fc.integer({ min: 1, max: 86_400 }),
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
      survive: fc.boolean(),
    }),
    credentials: fc.uniqueArray(credentials, { maxLength: 4, selector: ({ env }) => env }),
  });

  test('loses nothing of any profile', () => {
    fc.assert(
      fc.property(profiles, (profile) => {
        const valid = profileSchema.parse(profile);
        expect(readDraft(draftOf(valid), valid, open)).toEqual({ ok: true, profile: valid });
      }),
    );
  });

  test('loses no credential and no limit of any kind of profile, whatever the settings say of them', () => {
    const freezing = structuredClone(DEFAULT_SETTINGS);
    freezing.limits.onExpiry = 'freeze';
    fc.assert(
      fc.property(profiles, fc.constantFrom(local, sandbox, container), (more, base) => {
        const { credentials, limits } = more;
        const valid = profileSchema.parse({ ...base, credentials, limits });
        for (const inForce of [DEFAULT_SETTINGS, freezing]) {
          expect(readDraft(draftOf(valid), valid, { ...open, inForce })).toEqual({ ok: true, profile: valid });
        }
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

  test('what the form does not show stays: other limits, and arguments that lines cannot express', () => {
    const hidden: Profile = {
      ...local,
      args: ['-c', 'one\ntwo'],
      limits: { closeGraceSeconds: 5, extensions: { count: 1, seconds: 60 }, idleTimeoutSeconds: 300 },
    };
    expect(draftOf(hidden).args).toBeNull();
    expect(profileOf(hidden, { name: 'Q' })).toEqual({ ...hidden, name: 'Q' });
    expect(profileOf(hidden, { args: '-l' }).args).toEqual(['-l']);
  });

  test('rows of credentials become credentials, and those that nothing was typed in are none', () => {
    const profile = profileOf(sandbox, {
      credentials: [
        { ...emptyRow(0), env: ' GITHUB_TOKEN ', command: ' gh ', args: 'auth\n\ntoken', ttlSeconds: '1 hour' },
        emptyRow(1),
        { ...emptyRow(2), env: 'KEY', kind: 'file', file: ' /run/key ', command: 'left from before', required: true },
        { ...emptyRow(3), env: 'NPM', kind: 'stored', name: ' npm-token ', ttlSeconds: '0' },
      ],
    });
    expect(profile.credentials).toEqual([
      {
        env: 'GITHUB_TOKEN',
        source: { kind: 'command', command: 'gh', args: ['auth', 'token'] },
        ttlSeconds: 3_600,
        required: false,
      },
      { env: 'KEY', source: { kind: 'file', file: '/run/key' }, ttlSeconds: 0, required: true },
      { env: 'NPM', source: { kind: 'stored', name: 'npm-token' }, ttlSeconds: 0, required: false },
    ]);
  });

  test('a thaw window that is not asked for stays as it was, whatever was typed before', () => {
    const frozen: Profile = { ...local, limits: { onExpiry: 'freeze', thawWindowSeconds: 90 } };
    expect(draftOf(frozen).thawWindowSeconds).toBe('1m 30s');
    expect(profileOf(frozen, { thawWindowSeconds: '2m' }).limits.thawWindowSeconds).toBe(120);
    expect(profileOf(frozen, { thawWindowSeconds: '' }).limits).toEqual({ onExpiry: 'freeze' });
    expect(profileOf(frozen, { onExpiry: 'close', thawWindowSeconds: 'soon' }).limits).toEqual({
      onExpiry: 'close',
      thawWindowSeconds: 90,
    });
    expect(profileOf(frozen, { onExpiry: '' }).limits).toEqual({ thawWindowSeconds: 90 });
  });

  test('a stored “off” is the same as nothing: the settings hold', () => {
    expect(draftOf({ ...local, limits: { idleTimeoutSeconds: 0 } }).idleTimeoutSeconds).toBe('');
  });

  test('home may be written as ~', () => {
    expect(profileOf(local, { folder: '~/src' }).folder).toBe('~/src');
    expect(errorsOf(local, { folder: 'src' }).folder).toBe('Must be a full path, such as /home/me/src.');
    const windows = { ...open, platform: 'win32' };
    expect(errorsOf(local, { folder: 'C:\\src' }, windows)).toEqual({});
    expect(errorsOf(local, { folder: '/src' }, windows).folder).toContain('C:\\src');
  });
});

describe('an error is shown beside its field', () => {
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
    ['mountAt', container, { folder: '/src', folderAccess: 'read-only', mountAt: '/run/sandglass/credentials' }],
    ['mountAt', container, { mountAt: 'src' }],
    ['capabilities', container, { capabilities: ['ALL'] }],
    ['pool', container, { pool: '17' }],
    ['pool', container, { pool: 'two' }],
    ['maxCommands', local, { maxCommands: 'few' }],
    ['maxCommands', local, { maxCommands: '0' }],
    ['maxCommands', local, { maxCommands: '1000001' }],
    ['thawWindowSeconds', local, { onExpiry: 'freeze', thawWindowSeconds: 'off' }],
    [
      'credentials',
      local,
      { credentials: Array.from({ length: 33 }, (_, key) => credential({ key, env: `T${key}` })) },
    ],
    ['credentials.0.env', local, { credentials: [credential({ env: '' })] }],
    ['credentials.0.env', local, { credentials: [credential({ env: '1A' })] }],
    ['credentials.0.env', local, { credentials: [credential({ env: 'SANDGLASS_CREDENTIALS' })] }],
    ['credentials.7.env', local, { credentials: [credential({}), credential({ key: 7 })] }],
    ['credentials.0.env', local, { environment: [row('TOKEN', '1')], credentials: [credential({})] }],
    ['credentials.0.command', local, { credentials: [credential({ command: '' })] }],
    ['credentials.0.command', local, { credentials: [credential({ command: 'bin/gh' })] }],
    ['credentials.0.args', local, { credentials: [credential({ args: 'a\0b' })] }],
    ['credentials.0.args', local, { credentials: [credential({ args: 'a\n'.repeat(65) })] }],
    ['credentials.0.file', local, { credentials: [credential({ kind: 'file' })] }],
    ['credentials.0.file', local, { credentials: [credential({ kind: 'file', file: 'token' })] }],
    ['credentials.0.name', local, { credentials: [credential({ kind: 'stored' })] }],
    ['credentials.0.name', local, { credentials: [credential({ kind: 'stored', name: 'a b' })] }],
    ['credentials.0.ttlSeconds', local, { credentials: [credential({ ttlSeconds: 'soon' })] }],
    ['credentials.0.ttlSeconds', local, { credentials: [credential({ ttlSeconds: '31d' })] }],
    // The row that is wrong is named, also below one that is none.
    ['credentials.5.file', local, { credentials: [emptyRow(4), credential({ key: 5, kind: 'file', file: 'x' })] }],
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
    expect(errorsOf(stored, {}, few)).toEqual({ extensions: 'Must be at most 1 (policy).' });
    const short = { ...open, policy: policySchema.parse({ maxMaxCommands: 10 }) };
    expect(errorsOf(local, { maxCommands: '11' }, short)).toEqual({ maxCommands: 'The policy allows 1 to 10.' });
    expect(errorsOf(local, { maxCommands: '10' }, short)).toEqual({});
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
      'maxCommands',
      'thawWindowSeconds',
    );
    fc.assert(
      fc.property(field, fc.string(), (name, text) => {
        for (const base of [local, sandbox, container]) {
          const read = readDraft({ ...draftOf(base), onExpiry: 'freeze', [name]: text }, base, strict);
          if (read.ok) expect(profileSchema.parse(read.profile)).toEqual(read.profile);
          else expect(Object.keys(read.errors)).not.toEqual([]);
        }
      }),
    );
  });

  test('so is any text in a credential, and each error has its field', () => {
    const part = fc.constantFrom<(keyof CredentialRow)[]>('env', 'command', 'args', 'file', 'name', 'ttlSeconds');
    fc.assert(
      fc.property(fc.constantFrom(...SOURCE_KINDS), part, fc.string(), (kind, name, text) => {
        const read = readDraft(
          { ...draftOf(local), credentials: [{ ...emptyRow(3), kind, [name]: text }] },
          local,
          strict,
        );
        if (read.ok) expect(profileSchema.parse(read.profile)).toEqual(read.profile);
        else for (const field of Object.keys(read.errors)) expect(field).toMatch(/^credentials\.3\.[a-zA-Z]+$/);
      }),
    );
  });
});
