import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage, parseMessage, type ReaperMessage } from './messages.ts';
import { TrackedSessions } from './tracked-sessions.ts';

const socket = { kind: 'socket', path: '/run/docker.sock' } as const;
const tcp = { kind: 'tcp', host: 'engine', port: 2376, pathPrefix: '/', tls: { ca: 'PEM' } } as const;
const container = 'a'.repeat(64);

const messages: readonly ReaperMessage[] = [
  { kind: 'app', pid: 100, roots: ['/tmp'] },
  { kind: 'session', id: '01ABC', shell: { pid: 200, startedAt: 7 }, cgroups: ['/sys/fs/cgroup/sandglass-100-01ABC'] },
  { kind: 'session', id: '01DEF', shell: null, cgroups: [] },
  { kind: 'folder', session: '01ABC', path: '/tmp/sandglass-x' },
  { kind: 'engine', address: tcp, owner: { host: 'here', pid: '100', start: '5' } },
  { kind: 'created', id: container, address: socket },
  { kind: 'created', id: 'b'.repeat(64), address: tcp, survival: { endsAt: 123_456, idleMs: null } },
];

test('what the app writes is what the reaper reads', () => {
  const all: ReaperMessage[] = [
    ...messages,
    { kind: 'ended', session: '01ABC' },
    { kind: 'removed', id: container },
    { kind: 'done' },
  ];
  for (const message of all) expect(parseMessage(encodeMessage(message).trimEnd())).toEqual(message);
});

test.each([
  ['a pid that means everybody', { kind: 'session', id: 'A', shell: { pid: -1, startedAt: 1 }, cgroups: [] }],
  ['init', { kind: 'session', id: 'A', shell: { pid: 1, startedAt: 1 }, cgroups: [] }],
  ['a shell without its start', { kind: 'session', id: 'A', shell: { pid: 200 }, cgroups: [] }],
  ['a cgroup of someone else', { kind: 'session', id: 'A', shell: null, cgroups: ['/sys/fs/cgroup/user.slice'] }],
  ['a path with detours', { kind: 'session', id: 'A', shell: null, cgroups: ['/sys/sandglass-1/../sandglass-2'] }],
  ['a relative path', { kind: 'folder', session: 'A', path: 'sandglass-1' }],
  ['a container id that is a path', { kind: 'removed', id: '../../images/x' }],
  ['an id that is none', { kind: 'ended', session: 'a b' }],
  ['an owner that means everybody', { kind: 'engine', address: socket, owner: { host: 'a', pid: '', start: '1' } }],
  [
    'a survival without a bound of its kind',
    { kind: 'created', id: container, address: socket, survival: { endsAt: 1 } },
  ],
  ['something unknown', { kind: 'format', disk: '/' }],
])('%s is not understood', (_, message) => {
  expect(parseMessage(JSON.stringify(message))).toBeNull();
});

test('no text breaks it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(parseMessage(text)).toBeNull();
    }),
  );
});

test('all that is tracked passes to a new reaper', () => {
  const tracked = new TrackedSessions();
  for (const message of messages) tracked.apply(message);
  const copy = new TrackedSessions();
  for (const message of tracked.messages()) copy.apply(message);
  expect([...copy.messages()]).toEqual([...tracked.messages()]);
  expect(copy.sessions.get('01ABC')).toEqual({
    shell: { pid: 200, startedAt: 7 },
    cgroups: ['/sys/fs/cgroup/sandglass-100-01ABC'],
    folders: ['/tmp/sandglass-x'],
  });
  expect(copy.engines).toEqual([
    { address: tcp, owner: { host: 'here', pid: '100', start: '5' } },
    { address: socket, owner: null },
  ]);
});

test('what has ended is not tracked any more', () => {
  const tracked = new TrackedSessions();
  for (const message of messages) tracked.apply(message);
  expect(tracked.isEmpty).toBe(false);
  tracked.apply({ kind: 'ended', session: '01ABC' });
  tracked.apply({ kind: 'ended', session: '01DEF' });
  tracked.apply({ kind: 'removed', id: container });
  tracked.apply({ kind: 'removed', id: 'b'.repeat(64) });
  expect(tracked.isEmpty).toBe(true);
});
