import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SETTINGS_VERSION } from '../../shared/settings.ts';
import { migrate } from './migrations.ts';
import { loadSettings } from './stored-settings.ts';

/** A settings file in memory. */
function fileWith(content: Record<string, unknown>) {
  const written: unknown[] = [];
  return {
    written,
    path: '/settings.json',
    read: () => content,
    edit: (edits: unknown) => {
      written.push(edits);
    },
    replace: (settings: unknown) => {
      written.push(settings);
    },
    setAside: () => '/settings.copy.json',
  };
}

const timeout = fc.integer({ min: 0, max: 604_800 });
const version0 = fc.record(
  {
    idleTimeoutSeconds: timeout,
    maxDurationSeconds: timeout,
    warnBeforeSeconds: fc.uniqueArray(fc.integer({ min: 1, max: 86_400 }), { maxLength: 8 }),
    extensions: fc.record({ count: fc.integer({ min: 0, max: 100 }), seconds: fc.integer({ min: 1, max: 86_400 }) }),
    closeGraceSeconds: fc.integer({ min: 0, max: 60 }),
    maxConcurrentSessions: fc.integer({ min: 1, max: 10_000 }),
    cleanupIntervalSeconds: fc.integer({ min: 1, max: 86_400 }),
    fontSize: fc.integer({ min: 8, max: 32 }),
    scrollbackLines: fc.integer({ min: 0, max: 100_000 }),
    theme: fc.constantFrom('system', 'light', 'dark'),
  },
  { requiredKeys: ['idleTimeoutSeconds'] },
);

test('valid settings of version 0 become valid settings of this version, none lost', () => {
  fc.assert(
    fc.property(version0, (old) => {
      const file = fileWith(old);
      const { user, problem } = loadSettings(file);
      expect(problem).toBeNull();
      expect(user.values['limits.local.idleTimeoutSeconds']).toBe(old.idleTimeoutSeconds);
      const set = Object.values(user.values).filter((value) => value !== undefined);
      expect(set.length).toBe(Object.keys(old).length + (old.extensions === undefined ? 0 : 1));
      expect(file.written).toEqual([]);
    }),
  );
});

test('a file of this version is not touched', () => {
  const file = fileWith({ version: SETTINGS_VERSION, terminal: { fontSize: 15 } });
  expect(loadSettings(file).user.values).toMatchObject({ 'terminal.fontSize': 15 });
  expect(file.written).toEqual([]);
});

test('migrating what is of this version already changes nothing', () => {
  const once = migrate({ idleTimeoutSeconds: 600 });
  expect(once.outcome).toBe('migrated');
  if (once.outcome !== 'migrated') return;
  expect(migrate(once.document)).toEqual({ outcome: 'current', document: once.document, from: SETTINGS_VERSION });
});

test('sections in a file without a version win over its flat settings', () => {
  const migrated = migrate({ idleTimeoutSeconds: 600, limits: { local: { idleTimeoutSeconds: 900 } } });
  expect(migrated).toMatchObject({ document: { limits: { local: { idleTimeoutSeconds: 900 } } } });
});

test('a later version is told, and a version that is none too', () => {
  expect(migrate({ version: SETTINGS_VERSION + 1 })).toEqual({ outcome: 'newer', version: SETTINGS_VERSION + 1 });
  for (const version of ['1', -1, 0.5, null]) {
    expect(migrate({ version: version ?? 'null' })).toEqual({ outcome: 'unknown_version' });
  }
});

test('names of an object’s own machinery in a file are data like any other', () => {
  const hostile: Record<string, unknown> = JSON.parse('{"__proto__": {"fontSize": 9}, "constructor": 1}');
  const { user, problem } = loadSettings(fileWith(hostile));
  expect(user.values).toEqual({});
  expect(problem).toMatchObject({ id: 'settings-unknown' });
});
