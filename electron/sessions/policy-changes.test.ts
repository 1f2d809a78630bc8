import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../shared/profile.ts';
import { type SessionEvent, sessionEventSchema, sessionInfoSchema } from '../../shared/session.ts';
import { type Policy, policySchema } from '../../shared/settings.ts';
import { managerWith, size } from './testing/manager-rig.ts';

const FILE = '/etc/sandglass/policy.json';
const SANDBOXES_ONLY = { allowedBackends: ['bubblewrap'] as BackendKind[] };
const WHY = `The administrator’s policy (${FILE}) no longer allows local shells`;

async function running() {
  const rig = managerWith();
  const events: SessionEvent[] = [];
  rig.manager.on('event', ({ event }) => events.push(event));
  const session = rig.manager.open(size);
  await session.started;
  const setPolicy = (policy: Partial<Policy>, isOwn = false): void => {
    const parsed = policySchema.parse({ minimumTimeoutSeconds: 1, ...policy });
    rig.setPolicy({ ok: true, policy: parsed, file: FILE, ...(isOwn ? { isOwn: true } : {}) });
    rig.settingsChanged();
  };
  const typesOf = (): string[] =>
    events.flatMap(({ sessionId, type }) => (sessionId === session.id && type !== 'session:state' ? [type] : []));
  const breakPolicy = (): void => {
    rig.setPolicy({ ok: false, file: FILE, why: 'broken', message: 'The policy is broken.' });
    rig.settingsChanged();
  };
  return { ...rig, session, events, setPolicy, breakPolicy, typesOf };
}

describe('a session that a changed policy no longer allows', () => {
  it('is warned, has the time of its last warning, and ends once as revoked', async () => {
    const { clock, manager, session, events, setPolicy, typesOf } = await running();
    setPolicy(SANDBOXES_ONLY);
    expect(session.info()).toMatchObject({
      revocation: WHY,
      warning: { deadline: 'policy', beforeSeconds: 10, last: true },
      timing: { revokedRemainingMs: 10_000 },
    });
    sessionInfoSchema.parse(session.info());
    await clock.advance(9_999);
    expect(session.isEnding).toBe(false);
    // Further changes of settings change nothing.
    setPolicy(SANDBOXES_ONLY);
    await clock.advance(1);
    expect((await session.end('closed')).reason).toBe('revoked');
    expect(session.ended).toMatchObject({ detail: WHY, limitSeconds: null, expired: null });
    expect(session.info()).toMatchObject({ revocation: null, timing: { revokedRemainingMs: null } });
    expect(typesOf()).toEqual(['session:start', 'session:warning', 'session:end']);
    for (const event of events) sessionEventSchema.parse(event);
    expect(manager.metrics()).toMatchObject({ expired: 0, endedByReason: { revoked: 1 } });
    await manager.quit();
    expect(clock.timers).toBe(0);
  });

  it('cannot be kept open or extended beyond that time', async () => {
    const { clock, manager, session, setPolicy } = await running();
    setPolicy(SANDBOXES_ONLY);
    session.keepOpen();
    session.extend();
    await clock.advance(10_000);
    expect((await session.end('closed')).reason).toBe('revoked');
    await manager.quit();
  });

  it('stays open if the policy allows it again in time, and that is said', async () => {
    const { clock, manager, session, setPolicy, typesOf } = await running();
    setPolicy(SANDBOXES_ONLY);
    await clock.advance(9_000);
    setPolicy({});
    expect(session.info()).toMatchObject({ revocation: null, warning: null, timing: { revokedRemainingMs: null } });
    await clock.advance(60_000);
    expect(session.isEnding).toBe(false);
    expect(typesOf()).toEqual(['session:start', 'session:warning', 'session:reinstated']);
    await manager.quit();
  });

  it('is not ended by a policy that cannot be read', async () => {
    const { clock, manager, session, breakPolicy } = await running();
    breakPolicy();
    await clock.advance(60_000);
    expect(session.isEnding).toBe(false);
    expect(() => manager.open(size)).toThrow('The policy is broken.');
    await manager.quit();
  });

  it('ends also when the machine slept past its time', async () => {
    const { clock, manager, session, setPolicy } = await running();
    setPolicy(SANDBOXES_ONLY);
    clock.suspend(600_000);
    manager.clockChanged();
    expect((await session.end('closed')).reason).toBe('revoked');
    await manager.quit();
  });

  it('is told whose policy it is when that is your own', async () => {
    const { manager, session, setPolicy } = await running();
    setPolicy(SANDBOXES_ONLY, true);
    expect(session.info().revocation).toBe(`Your own policy (${FILE}) no longer allows local shells`);
    await manager.quit();
  });
});

it('a session of a kind that the policy forbids is not opened', async () => {
  const { manager, session, setPolicy } = await running();
  setPolicy(SANDBOXES_ONLY);
  expect(() => manager.open(size)).toThrow(`The administrator’s policy (${FILE}) does not allow local shells`);
  await expect(manager.restart(session.id, true)).rejects.toThrow('does not allow local shells');
  expect(session.isEnding).toBe(false);
  await manager.quit();
});

describe('a policy that comes to require recordings', () => {
  it('ends a session that is recorded as soon as that fails', async () => {
    const { manager, session, setPolicy } = await running();
    setPolicy({ requireRecording: true });
    expect(session.info().revocation).toBeNull();
    session.recording.fail('The disk is full.');
    expect((await session.end('closed')).reason).toBe('recording_failed');
    await manager.quit();
  });

  it('revokes a session whose recording is incomplete already', async () => {
    const { clock, manager, session, setPolicy } = await running();
    session.recording.fail('The disk is full.');
    setPolicy({ requireRecording: true });
    expect(session.info().revocation).toContain('no longer allows sessions whose recording is incomplete');
    await clock.advance(10_000);
    expect((await session.end('closed')).reason).toBe('revoked');
    await manager.quit();
  });
});
