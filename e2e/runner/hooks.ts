import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from './home.ts';

/** A line of what {@link writeLoggingHook} writes. */
export interface HookLine {
  readonly event: string;
  readonly sessionId: string;
  /** Of an end; else empty. */
  readonly reason: string;
}

/** A secret that webhooks are signed with, in the form that Standard Webhooks has for it. */
export const WEBHOOK_SECRET = `whsec_${Buffer.from('no secret to anybody here').toString('base64')}`;

function folderOf(home: Home, name: string): string {
  return join(home.config, 'hooks', name);
}

/** Writes a hook's `hook.yaml`, after its other files, which are executables; as a person would. */
export async function writeHook(
  home: Home,
  name: string,
  hook: object | string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = folderOf(home, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(folder, file), text);
    await chmod(join(folder, file), 0o700);
  }
  // JSON is YAML.
  await writeFile(join(folder, 'hook.yaml'), typeof hook === 'string' ? hook : JSON.stringify(hook), { mode: 0o600 });
}

export async function removeHook(home: Home, name: string): Promise<void> {
  await rm(folderOf(home, name), { recursive: true });
}

/** What `hook.yaml` says of an executable that writes down what it is told. */
export const LOGGING_HOOK = { events: ['session:start', 'session:end'], run: 'log.sh' };

/** Makes a hook that adds a line to a file for each event; gives what reads those lines. */
export async function writeLoggingHook(home: Home, name: string): Promise<() => Promise<HookLine[]>> {
  const file = join(home.exports, `${name}.log`);
  await writeHook(home, name, LOGGING_HOOK, {
    'log.sh': `#!/bin/sh\necho "$SANDGLASS_EVENT $SANDGLASS_SESSION_ID $SANDGLASS_REASON" >>'${file}'\n`,
  });
  return async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [event = '', sessionId = '', reason = ''] = line.split(' ');
        return { event, sessionId, reason };
      });
  };
}
