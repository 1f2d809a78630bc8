import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { readChangelog, releaseOf, releases } from './changelog.ts';

const sample = `# Changelog

## [Unreleased]

- Not yet.

## [1.1.0-beta.2] - 2026-02-03

### Added

- One thing.

## [1.0.0] - 2026-01-02

- The first.
`;

test('releases are read with their dates and notes, and what is not released is left out', () => {
  expect(releases(sample)).toEqual([
    { version: '1.1.0-beta.2', date: '2026-02-03', notes: '### Added\n\n- One thing.' },
    { version: '1.0.0', date: '2026-01-02', notes: '- The first.' },
  ]);
});

test('a version without notes is an error that says what to add', () => {
  expect(() => releaseOf(sample, '2.0.0')).toThrow('## [2.0.0] - YYYY-MM-DD');
  expect(() => releaseOf('## [2.0.0] - 2026-03-04\n', '2.0.0')).toThrow('no notes for 2.0.0');
});

test('the version in package.json has notes', () => {
  expect(releaseOf(readChangelog(), packageJson.version).notes).toContain('### Added');
});
