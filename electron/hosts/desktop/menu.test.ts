import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, test } from 'vitest';
import { menuTemplate } from './menu.ts';

function items(platform: NodeJS.Platform, development = false) {
  const done: string[] = [];
  const template = menuTemplate({
    platform,
    appName: 'Sandglass',
    development,
    actions: {
      command: (command) => done.push(command),
      openLogs: () => done.push('logs'),
      openRecordings: () => done.push('recordings'),
      quit: () => done.push('quit'),
    },
  });
  return { done, template, all: template.flatMap(flatten) };
}

function flatten(item: MenuItemConstructorOptions): MenuItemConstructorOptions[] {
  return [item, ...(Array.isArray(item.submenu) ? item.submenu.flatMap(flatten) : [])];
}

/** The keys that the menu takes from the page, defaults of roles included where they could be the shell's. */
const SHELL_ROLES = [
  'quit',
  'close',
  'minimize',
  'reload',
  'forceReload',
  'undo',
  'redo',
  'cut',
  'copy',
  'paste',
  'selectAll',
];

describe.each(['linux', 'win32'] as const)('on %s', (platform) => {
  test('no key of the shell is taken', () => {
    for (const item of items(platform, true).all) {
      if (SHELL_ROLES.includes(item.role ?? '')) expect(item.registerAccelerator).toBe(false);
      if (item.accelerator === undefined || item.registerAccelerator === false) continue;
      expect(String(item.accelerator)).toMatch(/^(Ctrl\+Shift\+\w|CmdOrCtrl\+(0|Plus|-)|F12)$/);
    }
  });

  test('no label has a mnemonic, which would take Alt and a letter from the shell', () => {
    for (const { label } of items(platform).all) expect(label ?? '').not.toContain('&');
  });
});

test.each(['linux', 'win32', 'darwin'] as const)('on %s every command of the menu reaches the window', (platform) => {
  const { all, done } = items(platform);
  for (const id of [
    'newTab',
    'closeTab',
    'export',
    'sessionPanel',
    'aboutSessions',
    'settings',
    'hooks',
    'restart',
    'find',
  ]) {
    const item = all.find((candidate) => candidate.id === id);
    Reflect.apply(item?.click ?? (() => {}), undefined, []);
  }
  expect(done).toEqual([
    'newTab',
    'closeTab',
    'export',
    'sessionPanel',
    'aboutSessions',
    'settings',
    'hooks',
    'restart',
    'find',
  ]);
});

test('developer tools are offered in development only', () => {
  expect(items('linux', true).all.some(({ role }) => role === 'toggleDevTools')).toBe(true);
  expect(items('linux', false).all.some(({ role }) => role === 'toggleDevTools')).toBe(false);
});
