import { expect, test } from 'vitest';
import { DEFAULT_BUBBLEWRAP, DEFAULT_CONTAINER, type Profile } from '../../shared/profile.ts';
import { emptyRow } from './credential-rows.ts';
import { type Draft, draftOf } from './draft.ts';
import { expectedIsolation, openings, profileLine } from './summary.ts';

const common = { id: 'p', name: 'P', environment: {}, limits: {}, recording: 'on' } as const;
const local: Profile = { ...common, args: [], credentials: [], backend: 'pty' };
const sandbox: Profile = {
  ...common,
  args: [],
  credentials: [],
  backend: 'bubblewrap',
  bubblewrap: DEFAULT_BUBBLEWRAP,
};
const container: Profile = { ...common, args: [], credentials: [], backend: 'docker', container: DEFAULT_CONTAINER };

const badge = (profile: Profile, change: Partial<Draft> = {}): string =>
  expectedIsolation({ ...draftOf(profile), ...change })
    .map(({ text, open }) => (open ? `!${text}` : text))
    .join(', ');

test('the badge says what a session will be held by', () => {
  expect(badge(local)).toBe('');
  expect(badge(sandbox)).toBe('bubblewrap, no network, read-only system, no folder, 2048 MB, 512 processes');
  expect(badge(container)).toBe('container, no network, read-only root, uid 1000, 512 MB, 1 CPU, 256 processes');
  expect(badge(container, { folderAccess: 'read-write', folder: '/home/me', runtime: 'runsc' })).toContain(
    'container (runsc), no network, read-only root, /src read-write, uid 1000',
  );
});

test('credentials and survival of a crash are in the badge as the core has them, and open nothing', () => {
  const credentials = ['A', ' B ', ' '].map((env, key) => ({ ...emptyRow(key), env }));
  expect(badge(sandbox, { credentials })).toBe(
    'bubblewrap, no network, read-only system, no folder, 2 credentials, 2048 MB, 512 processes',
  );
  expect(badge(container, { credentials: credentials.slice(0, 1), survive: true })).toBe(
    'container, no network, read-only root, uid 1000, 512 MB, 1 CPU, 256 processes, survives a crash, 1 credential',
  );
  expect(badge(sandbox, { survive: true })).not.toContain('crash');
  expect(openings({ ...draftOf(container), credentials, survive: true })).toEqual({});
});

test('the defaults open nothing, and a folder is what a sandbox is for', () => {
  for (const profile of [local, sandbox, container]) expect(openings(draftOf(profile))).toEqual({});
  expect(openings({ ...draftOf(sandbox), folder: '/src', folderAccess: 'read-write' })).toEqual({});
});

test.each<[keyof ReturnType<typeof openings>, Partial<Draft>, string]>([
  ['network', { network: 'bridge' }, '!network bridge'],
  ['network', { network: 'dev' }, '!network dev'],
  ['user', { user: 'root' }, '!root user'],
  ['user', { user: '0:0' }, '!root user'],
  ['readOnlyRoot', { readOnlyRoot: false }, '!writable root'],
  ['noNewPrivileges', { noNewPrivileges: false }, '!may gain privileges'],
  ['capabilities', { capabilities: ['NET_ADMIN'] }, '!may NET_ADMIN'],
  ['memoryMiB', { memoryMiB: '' }, '!no memory limit'],
  ['cpus', { cpus: '' }, '!no CPU limit'],
  ['pids', { pids: 'no limit' }, '!no process limit'],
  ['environmentAllow', { environmentAllow: 'LANG GITHUB_TOKEN' }, '!secrets passed on'],
])('%s can open a container, and both the field and the badge say so', (field, change, words) => {
  const draft = { ...draftOf(container), ...change };
  expect(Object.keys(openings(draft))).toEqual([field]);
  expect(openings(draft)[field]).toMatch(/\.$/);
  expect(badge(container, change)).toContain(words);
});

test('a bubblewrap sandbox is opened by the machine’s network, and needs no bound on processors', () => {
  expect(badge(sandbox, { network: 'host' })).toContain('!host network');
  expect(openings({ ...draftOf(sandbox), cpus: '' })).toEqual({});
  expect(Object.keys(openings({ ...draftOf(sandbox), memoryMiB: '', pids: '' }))).toEqual(['memoryMiB', 'pids']);
});

test('what cannot be read is left out of the badge', () => {
  expect(badge(container, { memoryMiB: 'much', cpus: 'x', pids: '?', user: '', network: '' })).toBe(
    'container, read-only root',
  );
});

test('a line in the list distinguishes a profile from others of its kind', () => {
  expect(profileLine(draftOf(local))).toBe('login shell');
  expect(profileLine({ ...draftOf(local), shell: '/usr/bin/zsh', folder: '/home/me/src/' })).toBe('zsh · src');
  expect(profileLine({ ...draftOf(sandbox), folder: '/home/me/src', folderAccess: 'read-only' })).toBe(
    'no network · src read-only',
  );
  expect(profileLine(draftOf(container))).toBe('debian:bookworm-slim');
});
