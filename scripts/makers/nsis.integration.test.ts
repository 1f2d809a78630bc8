import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { MakerNsis } from './nsis.ts';
import { StandInApp } from './testing/stand-in-app.ts';
import { needsTools } from './testing/tools.ts';

const tools = needsTools(['makensis']);
describe.runIf(tools.ok)('the installer for Windows', tools.options, () => {
  test('is a program for Windows that names the version', async () => {
    await using app = await StandInApp.create(['sandglass.exe'], ['resources/app.asar']);
    const [file = ''] = await new MakerNsis().make(app.packaged);
    expect(file).toBe(join(app.root, 'make', 'nsis', 'x64', `Sandglass-${packageJson.version}-x64-Setup.exe`));
    const installer = await readFile(file);
    expect(installer.toString('latin1', 0, 2)).toBe('MZ');
    expect(installer.includes(Buffer.from(packageJson.version, 'utf16le'))).toBe(true);
    // It runs with the user's own rights.
    expect(installer.includes('requestedExecutionLevel level="asInvoker"')).toBe(true);
  });
});
