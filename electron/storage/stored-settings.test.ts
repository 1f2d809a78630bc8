import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER } from '../../shared/profile.ts';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { COPY, IDLE, openSettings } from './testing/open-settings.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

// What a person wrote into the settings file is used as far as it can be, and stays.

test('a file that cannot be understood is replaced when the user agrees, and a copy is kept', () => {
  const content = '{"version": 1, "terminal": {';
  const { store, folder, stored, path } = openSettings({ content });
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  expect(store.replaceFile()).toBe(join(folder, COPY));
  expect(readFileSync(join(folder, COPY), 'utf8')).toBe(content);
  expect(statSync(join(folder, COPY)).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(stored()).toEqual({ version: SETTINGS_VERSION, terminal: { fontSize: 15 } });
  expect(store.fileProblem).toBeNull();
  store.change([{ path: 'terminal.fontSize', value: 16 }]);
  expect(stored()).toEqual({ version: SETTINGS_VERSION, terminal: { fontSize: 16 } });
});

test('what is wrong with a file is told with its line', () => {
  const { store } = openSettings({ content: '{\n  "terminal": {\n    "fontSize" 15\n  }\n}\n' });
  expect(store.problems[0]?.message).toContain('line 3, column 16: a colon is missing');
});

test('an earlier copy is never overwritten', () => {
  const folder = temporaryFolder();
  openSettings({ folder, content: 'first' }).store.replaceFile();
  openSettings({ folder, content: 'second' }).store.replaceFile();
  expect(readFileSync(join(folder, COPY), 'utf8')).toBe('first');
  expect(readFileSync(join(folder, 'settings.corrupt-20261104T120102Z-2.json'), 'utf8')).toBe('second');
});

test('a value that is not valid costs that value alone, and stays in the file until it is changed', () => {
  const content = {
    version: SETTINGS_VERSION,
    limits: { local: { idleTimeoutSeconds: 'long', maxDurationSeconds: 7_200 }, colour: 'red' },
    terminal: 'big',
    appearance: { theme: 'dark' },
    profiles: [
      { id: 'node', name: 'Node', backend: 'pty', shell: '/usr/bin/node' },
      { id: 'Bad id', name: 'Bad', backend: 'pty' },
    ],
  };
  const { store, folder, stored } = openSettings({ content });
  expect(store.settings.limits.local).toEqual({ idleTimeoutSeconds: 3_600, maxDurationSeconds: 7_200 });
  expect(store.settings.appearance.theme).toBe('dark');
  expect(store.settings.profiles.map(({ id }) => id)).toEqual(['local', 'node']);
  const [problem, ...others] = store.problems;
  expect(others).toEqual([]);
  expect(problem?.id).toBe('settings-repaired');
  for (const text of [
    'Idle timeout (limits.local.idleTimeoutSeconds) is "long" but must be a time of up to 7 days, or off; 3600 is used.',
    '“limits.colour” is not known.',
    '“terminal” is not a section of settings; defaults are used.',
    'profiles[1] “Bad” is left out: id: ',
  ]) {
    expect(problem?.message).toContain(text);
  }
  expect(stored()).toEqual(content);
  expect(readdirSync(folder)).toEqual(['settings.json']);

  store.change([{ path: 'appearance.theme', value: 'light' }]);
  expect(stored()).toEqual({ ...content, appearance: { theme: 'light' } });
  store.change([
    { path: IDLE, value: 600 },
    { path: 'terminal.fontSize', value: 15 },
  ]);
  const { limits } = content;
  expect(stored()).toEqual({
    ...content,
    limits: { ...limits, local: { ...limits.local, idleTimeoutSeconds: 600 } },
    terminal: { fontSize: 15 },
    appearance: { theme: 'light' },
  });
  expect(store.problems[0]?.message).not.toContain('Idle timeout');
});

test('comments and commas at the end are allowed, and stay when settings are changed', () => {
  const content = `// mine
{
    "version": ${SETTINGS_VERSION}, /* the format */
    "terminal": {
        // easier to read
        "fontSize": 15, // was 13
    },
    "profiles": [
        { "id": "local", "name": "Local shell", "backend": "pty" },
        // for scripts
        { "id": "node", "name": "Node", "backend": "pty", "shell": "node", },
    ],
}
`;
  const { store, path } = openSettings({ content });
  expect(store.problems).toEqual([]);
  expect(store.settings.terminal.fontSize).toBe(15);
  store.change([
    { path: 'terminal.fontSize', value: 16 },
    { path: 'appearance.theme', value: 'dark' },
  ]);
  const node = store.profile('node');
  if (node === undefined) throw new Error('The profile was not read');
  store.saveProfile({ ...node, name: 'Node 24' });
  // What stood on one line still does.
  expect(readFileSync(path, 'utf8')).toContain('"name": "Node 24", "backend": "pty", "shell": "node", },');
  store.saveProfile({ ...node, id: 'other' });
  const text = readFileSync(path, 'utf8');
  for (const kept of ['// mine', '/* the format */', '// easier to read', '// was 13', '// for scripts']) {
    expect(text).toContain(kept);
  }
  expect(text).toContain('        "fontSize": 16');
  const again = openSettings({ folder: path.replace(/.settings.json$/, '') });
  expect(again.store.problems).toEqual([]);
  expect(again.store.settings).toEqual(store.settings);
});

test('a linked file stays a link, and what it leads to is changed', () => {
  const folder = temporaryFolder();
  const target = join(temporaryFolder(), 'dotfiles.json');
  writeFileSync(target, '// shared\n{ "terminal": { "fontSize": 15 } }\n');
  symlinkSync(target, join(folder, 'settings.json'));
  const { store } = openSettings({ folder });
  store.change([{ path: 'terminal.fontSize', value: 16 }]);
  expect(lstatSync(join(folder, 'settings.json')).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toMatch(/^\/\/ shared\n\{[\s\S]*"fontSize": 16/);
});

test('a profile’s gaps are filled at any depth', () => {
  const content = {
    version: SETTINGS_VERSION,
    limits: { extensions: { seconds: 900 } },
    profiles: [
      { id: 'a', backend: 'bubblewrap', bubblewrap: { network: 'host', resources: { pids: 64 } } },
      { id: 'b', name: 'B', backend: 'docker', container: { image: 'alpine' }, limits: { extensions: { count: 1 } } },
      { id: 'c', backend: 'bubblewrap', credentials: [{ env: 'TOKEN', source: { kind: 'file', file: '/t' } }] },
    ],
  };
  const { store, stored } = openSettings({ content });
  expect(store.problems).toEqual([]);
  expect(store.profile('a')).toMatchObject({
    name: 'a',
    bubblewrap: { ...DEFAULT_BUBBLEWRAP, network: 'host', resources: { ...DEFAULT_BUBBLEWRAP.resources, pids: 64 } },
  });
  expect(store.profile('b')).toMatchObject({
    container: { ...DEFAULT_CONTAINER, image: 'alpine' },
    limits: { extensions: { count: 1, seconds: 900 } },
  });
  expect(store.profile('c')).toMatchObject({
    bubblewrap: DEFAULT_BUBBLEWRAP,
    credentials: [{ ttlSeconds: 0, required: false }],
  });
  expect(stored()).toEqual(content);
});

test('what is wrong in a profile costs that alone, and names no value that may be secret', () => {
  const content = {
    version: SETTINGS_VERSION,
    profiles: [
      {
        id: 'a',
        name: 'Box',
        backend: 'bubblewrap',
        folder: '/src',
        args: ['-c', 5],
        environment: { GOOD: 'x', 'BAD-NAME': 'hidden', NUMBER: 271_828 },
        limits: { idleTimeoutSeconds: -1, maxDurationSeconds: 600 },
        bubblewrap: { network: 'lan', folderAccess: 'read-only', colour: 'red' },
        credentials: [
          { env: 'OK', source: { kind: 'file', file: '/t' }, ttlSeconds: 'long', required: true },
          { env: 'LOST', source: { kind: 'nowhere', token: 'hidden' } },
        ],
      },
      { id: 'b', name: 'Which', backend: 'dokcer' },
      { id: 'a', name: 'Again', backend: 'pty' },
    ],
  };
  const { store, stored } = openSettings({ content });
  expect(store.settings.profiles.map(({ id }) => id)).toEqual(['local', 'a']);
  expect(store.profile('a')).toEqual({
    id: 'a',
    name: 'Box',
    backend: 'bubblewrap',
    folder: '/src',
    args: [],
    environment: { GOOD: 'x' },
    limits: { maxDurationSeconds: 600 },
    recording: 'on',
    bubblewrap: { ...DEFAULT_BUBBLEWRAP, folderAccess: 'read-only' },
    credentials: [{ env: 'OK', source: { kind: 'file', file: '/t' }, ttlSeconds: 0, required: true }],
  });
  const message = store.problems[0]?.message ?? '';
  for (const text of [
    'profiles[0].bubblewrap.network (“Box”): must be one of none, host (it is "lan"); "none" is used',
    'profiles[0].bubblewrap.colour (“Box”) is not known',
    'profiles[0].limits.idleTimeoutSeconds',
    'profiles[0].args',
    'profiles[0].environment.BAD-NAME',
    'profiles[0].environment.NUMBER',
    'profiles[0].credentials[0].ttlSeconds',
    'profiles[0].credentials[1]',
    'profiles[1] “Which” is left out: backend must be one of pty, bubblewrap, docker (it is "dokcer")',
    'Profile 3 has the id “a” of another profile',
  ]) {
    expect(message).toContain(text);
  }
  expect(message).not.toMatch(/hidden|271828/);

  // Another change of the same profile leaves it all in the file.
  const box = store.profile('a');
  if (box === undefined) throw new Error('The profile was not read');
  store.saveProfile({ ...box, name: 'Sandbox' });
  const [first, ...rest] = content.profiles;
  const { profiles } = stored() as { profiles: unknown[] };
  expect(profiles).toContainEqual({ ...first, name: 'Sandbox' });
  for (const other of rest) expect(profiles).toContainEqual(other);
});

test('profiles keep what the file says of them when others go, come or move', () => {
  const content = `{
  "version": ${SETTINGS_VERSION},
  "profiles": [
    { "id": "local", "name": "Local shell", "backend": "pty" },
    { "id": "a", "backend": "pty", "note": 1 }, // first
    "no profile",
    { "id": "b", "backend": "pty", "note": 2 }, // second
    { "id": "c", "backend": "pty", "note": 3 }
  ]
}
`;
  const { store, path, stored } = openSettings({ content });
  const c = store.profile('c');
  if (c === undefined) throw new Error('The profile was not read');
  const ids = (): unknown[] => (stored() as { profiles: { id?: string }[] }).profiles.map((each) => each.id ?? 'none');
  // The comments are gone from what JSON.parse reads.
  const strip = (): void => writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/ \/\/ .*$/gm, ''));
  store.deleteProfile('b');
  expect(readFileSync(path, 'utf8')).toContain('// first');
  strip();
  expect(ids()).toEqual(['local', 'a', 'none', 'c']);
  store.saveProfile({ ...c, id: 'd', name: 'D' }, 'a');
  expect(ids()).toEqual(['local', 'd', 'a', 'none', 'c']);
  store.saveProfile(c, 'd');
  expect(ids()).toEqual(['local', 'c', 'd', 'a', 'none']);
  expect(stored()).toMatchObject({ profiles: [{}, { note: 3 }, {}, { note: 1 }, 'no profile'] });
});

test('a file of an earlier version is used as it is, and brought to this one with the first change', () => {
  const content = '// old\n{ "idleTimeoutSeconds": 600, "theme": "dark" }\n';
  const { store, path } = openSettings({ content });
  expect(store.settings.limits.local.idleTimeoutSeconds).toBe(600);
  expect(readFileSync(path, 'utf8')).toBe(content);
  store.change([{ path: 'terminal.fontSize', value: 15 }]);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('// old');
  expect(JSON.parse(text.replace('// old', ''))).toEqual({
    version: SETTINGS_VERSION,
    limits: { local: { idleTimeoutSeconds: 600 } },
    appearance: { theme: 'dark' },
    terminal: { fontSize: 15 },
  });
});

test('a file that is edited while the app runs is in force once it is read again', () => {
  const { store, path } = openSettings({ content: { version: SETTINGS_VERSION, terminal: { fontSize: 15 } } });
  const told = vi.fn();
  store.onChange(told);
  writeFileSync(path, '{ "terminal": { "fontSize": 16 } ');
  store.refresh();
  expect(store.settings.terminal.fontSize).toBe(15);
  expect(store.fileProblem).toMatchObject({ isUnused: true });
  expect(told).toHaveBeenCalledTimes(1);
  writeFileSync(path, '{ "terminal": { "fontSize": 16 } }');
  store.refresh();
  expect(store.settings.terminal.fontSize).toBe(16);
  expect(store.fileProblem).toBeNull();
  expect(told).toHaveBeenCalledTimes(2);
  store.refresh();
  expect(told).toHaveBeenCalledTimes(2);
});
