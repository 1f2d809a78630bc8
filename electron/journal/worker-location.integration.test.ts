import { closeSync, fstatSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { endEntry, record, recorded, sessionId, startEntry } from './testing/entries.ts';
import { openThread } from './testing/open-client.ts';
import { journalWorkerUrl } from './worker-location.ts';

/** More than the thread has ever open at once. */
const DESCRIPTORS = 100;

describe.runIf(process.platform !== 'win32')('the thread of the journal', { timeout: 60_000 }, () => {
  test('closes no descriptor of another thread when it ends, after it has run hooks', async () => {
    const folder = temporaryFolder();
    const hook = join(folder, 'hooks', 'quiet');
    mkdirSync(hook, { recursive: true, mode: 0o700 });
    writeFileSync(join(hook, 'hook.yaml'), 'events: [session:start, session:end]\nrun: quiet.sh\n', { mode: 0o600 });
    writeFileSync(join(hook, 'quiet.sh'), '#!/bin/sh\n', { mode: 0o700 });
    const environment = { PATH: process.env.PATH ?? '' };
    const { journal } = openThread({ folder, environment, worker: journalWorkerUrl() });
    await journal.opening;
    const known = record(sessionId());
    void journal.append(startEntry(known));
    void journal.append(endEntry(known, {}, recorded(0)));
    const delivered = await vi.waitUntil(
      async () => {
        const deliveries = await journal.hooks.deliveries('quiet', 'delivered', 10);
        return deliveries.length === 2 ? deliveries : null;
      },
      { timeout: 30_000, interval: 20 },
    );
    expect(delivered.map(({ event }) => event)).toEqual(['session:end', 'session:start']);

    // The numbers that the hooks' pipes had are these files' now.
    const descriptors = Array.from({ length: DESCRIPTORS }, () => openSync(devNull, 'r'));
    await journal.close();
    const closed = descriptors.filter((descriptor) => !isOpen(descriptor));
    for (const descriptor of descriptors) if (!closed.includes(descriptor)) closeSync(descriptor);
    expect(closed).toEqual([]);
  });
});

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}
