import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installationId } from './installation.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-installation-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a data folder keeps the id it was given first', () => {
  const id = installationId(folder);
  expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(installationId(folder)).toBe(id);
  expect(statSync(join(folder, 'installation')).mode & 0o777).toBe(0o600);
});

test('two data folders have different ids', () => {
  const other = mkdtempSync(join(tmpdir(), 'sandglass-installation-'));
  try {
    expect(installationId(other)).not.toBe(installationId(folder));
  } finally {
    rmSync(other, { recursive: true });
  }
});

test('a damaged file is replaced', () => {
  writeFileSync(join(folder, 'installation'), 'rubbish');
  const id = installationId(folder);
  expect(installationId(folder)).toBe(id);
});

test('a folder that cannot be had is told', () => {
  expect(() => installationId(join(folder, 'missing'))).toThrow('ENOENT');
});
