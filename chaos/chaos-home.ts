import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engine, NO_CONTAINERS, NO_SANDBOXES } from '../e2e/runner/containers.ts';
import { Home } from '../e2e/runner/home.ts';
import {
  BROKEN_PROFILE,
  CONTAINER_PROFILE,
  LOCAL_PROFILE,
  NO_IMAGE_PROFILE,
  SANDBOX_PROFILE,
} from '../e2e/runner/options.ts';
import { SECRET } from './receiver.ts';

/** The profile whose sessions outlive the app. */
export const SURVIVOR = 'survivor';
/** What the profiles' credential gives; it must be in no file. */
export const CREDENTIAL = 'chaos-credential-value-1234567890';

/** Profiles for each backend that this machine has, and for each way in which a session may go. */
export function chaosProfiles() {
  const credential = {
    env: 'CHAOS_TOKEN',
    source: { kind: 'command' as const, command: '/bin/echo', args: [CREDENTIAL] },
    // Fetched anew while sessions run and start.
    ttlSeconds: 2,
    required: false,
  };
  const limits = { closeGraceSeconds: 0.2 };
  const short = { ...limits, idleTimeoutSeconds: 1, extensions: { count: 0, seconds: 1 } };
  const { container } = CONTAINER_PROFILE;
  return [
    { ...LOCAL_PROFILE, limits, credentials: [credential] },
    { ...LOCAL_PROFILE, id: 'resets', name: 'Resets', limits: { ...short, onExpiry: 'reset' as const } },
    {
      ...LOCAL_PROFILE,
      id: 'freezes',
      name: 'Freezes',
      limits: { ...short, onExpiry: 'freeze' as const, thawWindowSeconds: 2 },
    },
    { ...BROKEN_PROFILE, limits },
    ...(NO_SANDBOXES === '' ? [{ ...SANDBOX_PROFILE, limits, credentials: [credential] }] : []),
    ...(NO_CONTAINERS === '' && engine.ok
      ? [
          { ...CONTAINER_PROFILE, limits, container: { ...container, pool: 1 } },
          { ...NO_IMAGE_PROFILE, limits },
          {
            ...CONTAINER_PROFILE,
            id: SURVIVOR,
            name: 'Survivor',
            limits: { ...limits, maxDurationSeconds: 900 },
            credentials: [credential],
            container: { ...container, survive: true },
          },
        ]
      : []),
  ];
}

/** In the command line of what the hook's program leaves behind. */
export function hookMark(home: Home): string {
  return `hook-of-${home.mark}`;
}

export async function chaosHome(url: string, sessions: number): Promise<Home> {
  const settings = {
    profiles: chaosProfiles(),
    limits: { local: { idleTimeoutSeconds: 0, maxDurationSeconds: 0 }, warnBeforeSeconds: [] },
    // As many are kept open: some are refused.
    sessions: { maxConcurrentSessions: Math.max(2, sessions - 2) },
  };
  const home = await Home.create({ settings, policy: { minimumTimeoutSeconds: 1 } });
  const retry = { attempts: 50, initialBackoffSeconds: 0.1, maxBackoffSeconds: 1 };
  const mirror = { events: ['session:*'], webhook: { url, secrets: [SECRET] }, timeoutSeconds: 1, retry };
  await writeHook(home, 'mirror', mirror, {});
  // Runs when the app is killed, and leaves something behind.
  const script = `#!/bin/sh\nsetsid sh -c 'sleep 1000; : ${hookMark(home)}' &\nsleep 0.2\n`;
  await writeHook(home, 'slow', { events: ['session:end'], run: 'slow.sh', retry }, { 'slow.sh': script });
  return home;
}

async function writeHook(
  home: Home,
  name: string,
  hook: object,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = join(home.config, 'hooks', name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text, { mode: 0o700 });
  // JSON is YAML.
  await writeFile(join(folder, 'hook.yaml'), JSON.stringify(hook), { mode: 0o600 });
}
