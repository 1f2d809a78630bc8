import { describe, expect, test } from 'vitest';
import type { BackendStatus } from '../../shared/backends.ts';
import { FAKE_BACKENDS } from '../testing/fake-backends.ts';
import { endedWith, fakeId, fakeSession } from '../testing/fake-session.ts';
import { engineNotice, settled } from './engine-notices.ts';

const up = FAKE_BACKENDS.all ?? [];
const down = FAKE_BACKENDS.noDocker ?? [];
const local = fakeSession(1);
const container = fakeSession(2, { backend: 'docker' });

function tell(before: readonly BackendStatus[], backends: readonly BackendStatus[], active: string | null) {
  const sessions = { [local.id]: local, [container.id]: container };
  return engineNotice(before, { backends, sessions, active });
}

describe('the container engine going away', () => {
  test('is shown while sessions in other tabs run in containers', () => {
    expect(tell(up, down, local.id)?.title).toBe('Docker cannot be reached');
    expect(tell(up, down, local.id)?.message).toContain('The session in another tab');
  });

  test('is not shown if the active tab shows it, or no session needs the engine', () => {
    expect(tell(up, down, container.id)).toBeNull();
    const sessions = { [local.id]: local };
    expect(engineNotice(up, { backends: down, sessions, active: null })).toBeNull();
    const ended = fakeSession(2, { backend: 'docker', end: endedWith({ reason: 'closed' }) });
    expect(engineNotice(up, { backends: down, sessions: { [ended.id]: ended }, active: null })).toBeNull();
  });

  test('and coming back is shown if a session was lost by it', () => {
    const lost = fakeSession(2, { backend: 'docker', end: endedWith({ reason: 'backend_lost' }) });
    const state = { backends: up, sessions: { [lost.id]: lost }, active: fakeId(9) };
    expect(engineNotice(down, state)?.severity).toBe('info');
    expect(engineNotice(up, state)).toBeNull();
  });

  test('a probe that is under way changes nothing', () => {
    const looking = FAKE_BACKENDS.checking ?? [];
    expect(settled(up, looking)).toEqual(up);
    expect(settled([], looking)).toEqual(looking);
    expect(tell([], up, local.id)).toBeNull();
  });
});
