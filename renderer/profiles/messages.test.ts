import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../shared/profile.ts';
import { FAKE_PROFILES } from '../testing/fake-backends.ts';
import { homeOf, profileSummary, shortFolder } from './messages.ts';

describe('a profile in one line', () => {
  test('says where it runs, what of the network it has, and which folder', () => {
    expect([...PRESETS, ...FAKE_PROFILES].map((profile) => profileSummary(profile, '/home/you').join(' · '))).toEqual([
      'on this machine · not sandboxed',
      'bubblewrap · no network',
      'debian:bookworm-slim · no network',
      'bubblewrap · no network · ~/src/sandglass read-write',
      'node:24-bookworm-slim · network bridge · ~/src/sandglass read-write · writable root',
    ]);
  });

  test('shortens the home folder and no other', () => {
    expect(shortFolder('/home/you/src', '/home/you')).toBe('~/src');
    expect(shortFolder('/home/you', '/home/you')).toBe('~');
    expect(shortFolder('/home/younger/src', '/home/you')).toBe('/home/younger/src');
    expect(shortFolder('C:\\Users\\you\\src', 'C:\\Users\\you')).toBe('~\\src');
    expect(shortFolder('/src', null)).toBe('/src');
  });

  test('knows the home folder by what is kept there', () => {
    const folders = (folder: string) => homeOf({ logFolder: '/var/log', recordingFolder: folder });
    expect(folders('/home/you/.local/share/sandglass/sessions')).toBe('/home/you');
    expect(folders('/Users/you/Library/Application Support/Sandglass')).toBe('/Users/you');
    expect(folders('C:\\Users\\you\\AppData\\Roaming\\Sandglass')).toBe('C:\\Users\\you');
    expect(folders('/data/sessions')).toBeNull();
    expect(homeOf(null)).toBeNull();
  });
});
