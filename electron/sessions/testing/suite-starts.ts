import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../../shared/profile.ts';
import type { StartStage } from '../../../shared/session.ts';
import type { Opening } from './session-rig.ts';
import type { SuiteContext } from './suite-context.ts';

interface Failure {
  readonly what: string;
  readonly opening: Opening;
  readonly stage: StartStage;
}

const NO_FOLDER: Opening = {
  profile: { folder: '/nowhere/at-all' },
  bubblewrap: { folderAccess: 'read-only' },
  container: { folderAccess: 'read-only' },
};

const FAILURES: Readonly<Record<BackendKind, readonly Failure[]>> = {
  pty: [
    { what: 'a shell that is not there', opening: { profile: { shell: '/nowhere/shell' } }, stage: 'shell' },
    { what: 'a folder that is not there', opening: NO_FOLDER, stage: 'folder' },
  ],
  bubblewrap: [
    { what: 'a shell that is not there', opening: { profile: { shell: '/nowhere/shell' } }, stage: 'shell' },
    { what: 'a folder that is not there', opening: NO_FOLDER, stage: 'folder' },
  ],
  docker: [
    { what: 'a shell that is not there', opening: { profile: { shell: '/nowhere/shell' } }, stage: 'shell' },
    { what: 'a folder that is not there', opening: NO_FOLDER, stage: 'folder' },
    { what: 'an image that is not there', opening: { container: { image: 'nowhere:none' } }, stage: 'image' },
    { what: 'a network that is not there', opening: { container: { network: 'nowhere' } }, stage: 'start' },
    { what: 'a runtime that is not there', opening: { container: { runtime: 'nowhere' } }, stage: 'create' },
  ],
};

/** A start that fails says at which stage and why, and leaves nothing of what it had made. */
export function startTests({ kind, rig }: SuiteContext): void {
  describe('its start', () => {
    it.each(FAILURES[kind])('with $what fails at the stage “$stage”', async ({ opening, stage }) => {
      const session = rig().start(opening);
      await session.started;
      const end = await session.end('closed');
      expect(end).toMatchObject({ reason: 'start_failed', failure: { stage } });
      expect(end.failure?.message).not.toBe('');
      expect(end.failure?.hint).not.toBe('');
    });

    it('is undone when the recording that it needs cannot begin', async () => {
      const session = rig().start({ profile: { recording: 'required' } });
      {
        using _ = rig().withoutRecordings();
        await session.started;
        const end = await session.end('closed');
        expect(end).toMatchObject({ reason: 'start_failed', failure: { stage: 'recording' } });
      }
    });

    it('is undone when its tab is closed meanwhile', async () => {
      const session = rig().start();
      const end = await session.end('closed');
      expect(end).toMatchObject({ reason: 'closed', survivors: [] });
    });
  });
}
