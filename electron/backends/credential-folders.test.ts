import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CredentialFolders } from './credential-folders.ts';
import { valuesOf } from './testing/credentials.ts';

let place: string;
let told: string[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'sandglass-places-'));
  told = [];
});

afterEach(() => {
  rmSync(place, { recursive: true });
});

function folders(places = [place], installation = 'ONE'): CredentialFolders {
  const tracker = { folder: (id: string, path: string) => void told.push(`${id} ${path} ${existsSync(path)}`) };
  return new CredentialFolders({ installation, environment: {}, tracker, places });
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('a session’s folder', () => {
  test('is for the user alone, and tracked before it is there', () => {
    using folder = folders().create('S1');
    folder.write(valuesOf({ TOKEN: 'a value', OTHER: 'two\nlines' }));
    expect(folder.path).toBe(join(place, 'sandglass-ONE', 'sandglass-S1'));
    expect(told).toEqual([`S1 ${folder.path} false`]);
    expect(readFileSync(join(folder.path, 'TOKEN'), 'utf8')).toBe('a value');
    expect(readFileSync(join(folder.path, 'OTHER'), 'utf8')).toBe('two\nlines');
    expect([mode(join(place, 'sandglass-ONE')), mode(folder.path), mode(join(folder.path, 'TOKEN'))]).toEqual([
      '700',
      '700',
      '400',
    ]);
  });

  test('is removed with all that is in it; twice is fine', () => {
    const folder = folders().create('S1');
    folder.write(valuesOf({ TOKEN: 'a value' }));
    folder[Symbol.dispose]();
    folder[Symbol.dispose]();
    expect(readdirSync(place)).toEqual([]);
  });

  test('has another file in the place of a replaced one, and nothing half written', () => {
    using folder = folders().create('S1');
    folder.write(valuesOf({ TOKEN: 'the first' }));
    const before = lstatSync(join(folder.path, 'TOKEN')).ino;
    folder.write(valuesOf({ TOKEN: 'the second' }));
    expect(lstatSync(join(folder.path, 'TOKEN')).ino).not.toBe(before);
    expect(readFileSync(join(folder.path, 'TOKEN'), 'utf8')).toBe('the second');
    expect(readdirSync(folder.path)).toEqual(['TOKEN']);
  });

  test('lies in the next place where the best is not to be had', () => {
    using folder = folders(['/nonexistent', place]).create('S1');
    expect(folder.path).toContain(place);
    expect(folders(['/nonexistent', place]).roots).toEqual([
      '/nonexistent/sandglass-ONE',
      join(place, 'sandglass-ONE'),
    ]);
    expect(() => folders(['/nonexistent']).create('S2')).toThrow(/no place for private files/);
  });

  test('is not made through a link that somebody has put there', () => {
    mkdirSync(join(place, 'elsewhere'));
    symlinkSync(join(place, 'elsewhere'), join(place, 'sandglass-ONE'));
    expect(() => folders().create('S1')).toThrow(/somebody else/);
    expect(readdirSync(join(place, 'elsewhere'))).toEqual([]);
  });

  test('lies in memory on Linux', () => {
    if (process.platform !== 'linux') return;
    const tracker = { folder() {} };
    const [first] = new CredentialFolders({ installation: 'X', environment: {}, tracker }).roots;
    expect(first).toBe('/dev/shm/sandglass-X');
    const environment = { XDG_RUNTIME_DIR: place };
    const [own] = new CredentialFolders({ installation: 'X', environment, tracker }).roots;
    expect(own).toBe(join(place, 'sandglass-X'));
  });
});

describe('what an app has left', () => {
  test('is removed at the next launch, of this installation alone', () => {
    folders()
      .create('S1')
      .write(valuesOf({ TOKEN: 'a value' }));
    folders().create('S2');
    const other = folders([place], 'TWO').create('S3');
    expect(folders(['/nonexistent', place]).removeLeftovers()).toBe(2);
    expect(existsSync(join(place, 'sandglass-ONE'))).toBe(false);
    expect(existsSync(other.path)).toBe(true);
    expect(folders().removeLeftovers()).toBe(0);
  });

  test('is nothing else than folders of sessions: links are not followed', () => {
    const kept = join(place, 'kept');
    mkdirSync(kept);
    writeFileSync(join(kept, 'file'), '');
    const root = join(place, 'sandglass-ONE');
    mkdirSync(root);
    symlinkSync(kept, join(root, 'sandglass-S1'));
    mkdirSync(join(root, 'something'));
    expect(folders().removeLeftovers()).toBe(0);
    expect(readdirSync(root).sort()).toEqual(['sandglass-S1', 'something']);
    rmSync(root, { recursive: true });
    symlinkSync(kept, root);
    expect(folders().removeLeftovers()).toBe(0);
    expect(readdirSync(kept)).toEqual(['file']);
  });
});
