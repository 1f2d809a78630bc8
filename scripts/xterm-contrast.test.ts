import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './project.ts';
import { correctReverseContrast } from './xterm-contrast.ts';

const source = readFileSync(join(projectRoot, 'node_modules', '@xterm', 'xterm', 'lib', 'xterm.mjs'), 'utf8');

test('the release of xterm.js in use is corrected in one place, and only once', () => {
  const corrected = correctReverseContrast(source);
  expect(corrected.length - source.length).toBeGreaterThan(0);
  expect(corrected.length - source.length).toBeLessThan(40);
  expect(() => correctReverseContrast(corrected)).toThrow(/0 places/);
});

test('code without that place fails the build', () => {
  expect(() => correctReverseContrast('export {}')).toThrow(/0 places instead of one/);
});
