import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLocations, LocationError, makeFolders } from './locations.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const linux = { platform: 'linux', platformFolders: { config: '/c', data: '/d', log: '/l' } } as const;

test('without SANDGLASS_HOME everything is in the folders of the platform', () => {
  expect(findLocations({ ...linux, env: {} })).toEqual({
    config: '/c',
    data: '/d',
    logs: '/l',
    sessions: '/d/sessions',
    hooks: '/c/hooks',
    settingsFile: '/c/settings.json',
    policyFile: '/etc/sandglass/policy.json',
  });
});

test('SANDGLASS_HOME holds everything of the user, but not the policy', () => {
  const found = findLocations({ ...linux, env: { SANDGLASS_HOME: '/home/me/glass' } });
  expect(found).toMatchObject({
    config: '/home/me/glass/config',
    data: '/home/me/glass/data',
    logs: '/home/me/glass/logs',
    policyFile: '/etc/sandglass/policy.json',
  });
});

test('a SANDGLASS_HOME that is not absolute is refused with what to do', () => {
  expect(() => findLocations({ ...linux, env: { SANDGLASS_HOME: 'glass' } })).toThrow(LocationError);
  expect(() => findLocations({ ...linux, env: { SANDGLASS_HOME: 'glass' } })).toThrow('“glass”');
});

test('the policy is where only an administrator can write, on each platform', () => {
  const windows = findLocations({
    platform: 'win32',
    env: { ProgramData: 'D:\\Shared', SANDGLASS_HOME: 'D:\\me' },
  });
  expect(windows.policyFile).toBe('D:\\Shared\\Sandglass\\policy.json');
  expect(windows.settingsFile).toBe('D:\\me\\config\\settings.json');
  const mac = findLocations({ ...linux, platform: 'darwin', env: {} });
  expect(mac.policyFile).toBe('/Library/Application Support/Sandglass/policy.json');
});

test('the folders are made for the user alone, and making them twice is fine', () => {
  const locations = findLocations({ ...linux, env: { SANDGLASS_HOME: join(temporaryFolder(), 'home') } });
  makeFolders(locations);
  makeFolders(locations);
  for (const folder of [locations.config, locations.data, locations.sessions, locations.hooks]) {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test('a folder that cannot be made is named, with the reason and what to do', () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'config'));
  writeFileSync(join(home, 'data'), 'a file where a folder should be');
  const make = () => makeFolders(findLocations({ ...linux, env: { SANDGLASS_HOME: home } }));
  expect(make).toThrow(LocationError);
  expect(make).toThrow(join(home, 'data'));
  expect(make).toThrow('SANDGLASS_HOME');
});
