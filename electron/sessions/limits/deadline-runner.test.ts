import { describe, expect, it } from 'vitest';
import type { EffectiveLimits } from '../../../shared/limits.ts';
import { limitsWith } from '../testing/limits.ts';
import { TestClock } from '../testing/test-clock.ts';
import type { ProbedActivity } from './activity-probe.ts';
import { DeadlineRunner } from './deadline-runner.ts';

function runnerWith(
  limits: EffectiveLimits,
  probe: (clock: TestClock) => Promise<ProbedActivity | null> | null = () => null,
) {
  const clock = new TestClock();
  const log: string[] = [];
  const runner: DeadlineRunner = new DeadlineRunner(clock, limits, {
    probe: () => probe(clock),
    run(effect) {
      if (effect.type === 'late') log.push(`late ${effect.ms}`);
      if (effect.type === 'expire') log.push(`expired ${effect.by}`);
      if (effect.type === 'warn') log.push(`warning ${effect.warning.deadline} ${effect.warning.beforeSeconds}`);
      if (effect.type === 'activity_found') log.push('probed');
    },
    onError: (error) => log.push(String(error)),
  });
  return { clock, runner, log };
}

/** The same, of a session whose shell runs. */
function watching(...args: Parameters<typeof runnerWith>) {
  const made = runnerWith(...args);
  made.runner.dispatch({ type: 'started' });
  return made;
}

const limits = limitsWith({ idleTimeoutSeconds: 900, maxDurationSeconds: 3_600, warnBeforeSeconds: [300, 60, 10] });

describe('the deadlines of a session', () => {
  it('warn at each stage and then fire, on time', async () => {
    const { clock, log } = watching(limits);
    await clock.advance(900_000);
    expect(log).toEqual(['warning idle 300', 'warning idle 60', 'warning idle 10', 'late 0', 'expired idle_timeout']);
    expect(clock.timers).toBe(0);
  });

  it('need one timer, which activity does not touch', async () => {
    const { clock, runner, log } = watching(limits);
    expect(clock.timers).toBe(1);
    await clock.advance(500_000);
    for (let key = 0; key < 1_000; key += 1) runner.touch('input');
    expect(clock.timers).toBe(1);
    await clock.advance(599_999);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['warning idle 300']);
  });

  it('take a warning back on activity, and give it again in the next idle period', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(845_000);
    expect(runner.warning?.beforeSeconds).toBe(60);
    runner.touch('input');
    expect(runner.warning).toBeNull();
    await clock.advance(600_000);
    expect(log).toEqual(['warning idle 300', 'warning idle 60', 'warning idle 300']);
  });

  it('fire once when both pass while the machine sleeps, for the one that came first', async () => {
    const { clock, runner, log } = watching(limits);
    clock.suspend(86_400_000);
    runner.check();
    expect(log).toEqual(['expired idle_timeout']);
    await clock.advance(86_400_000);
    expect(log).toHaveLength(1);
  });

  it('do not depend on the wall clock', async () => {
    const { clock, log } = watching(limits);
    clock.setWall(86_400_000);
    await clock.advance(599_000);
    expect(log).toEqual([]);
    clock.setWall(-172_800_000);
    await clock.advance(301_000);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('let the idle timeout rest while the user has frozen the session, and give back what was left of it', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(850_000);
    expect(runner.warning?.deadline).toBe('idle');
    runner.dispatch({ type: 'frozen' });
    expect(runner.warning).toBeNull();
    expect(runner.deadlines.idle_timeout).toBeNull();
    await clock.advance(1_000_000);
    expect(runner.idleMs).toBe(850_000);
    expect(runner.dispatch({ type: 'thawed' })[0]).toEqual({ type: 'thawed', frozenMs: 1_000_000 });
    log.length = 0;
    await clock.advance(49_999);
    expect(log).not.toContain('expired idle_timeout');
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('count the maximum duration while the idle timeout rests', async () => {
    const { clock, runner, log } = watching(limits);
    runner.dispatch({ type: 'frozen' });
    await clock.advance(3_600_000);
    expect(log.at(-1)).toBe('expired max_duration');
  });

  it('count what was typed while the session was frozen as of the thaw', async () => {
    const { clock, runner } = watching(limits);
    runner.dispatch({ type: 'frozen' });
    await clock.advance(100_000);
    runner.touch('input');
    await clock.advance(100_000);
    runner.dispatch({ type: 'thawed' });
    expect(runner.idleMs).toBe(0);
  });

  it('are moved by an extension until the budget is used up', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(895_000);
    expect(runner.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(runner.warning).toBeNull();
    expect(runner.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(runner.extend()).toEqual({ ok: false, message: 'All 2 extensions of this session are used.' });
    await clock.advance(3_600_000 + 4_999);
    expect(log.at(-1)).toBe('warning idle 10');
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('cannot be extended past the policy', () => {
    const capped = { ...limits, caps: { idleTimeoutSeconds: 900, maxDurationSeconds: 3_600 } };
    const { runner } = watching(capped);
    expect(runner.extend()).toMatchObject({ ok: false });
    expect(runner.extensionsUsed).toBe(0);
  });

  it('follow new limits at once', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(100_000);
    runner.dispatch({
      type: 'limits_changed',
      limits: limitsWith({ idleTimeoutSeconds: 200, maxDurationSeconds: 3_600, warnBeforeSeconds: [60] }),
    });
    expect(log).toEqual([]);
    await clock.advance(40_000);
    expect(log).toEqual(['warning idle 60']);
    await clock.advance(60_000);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('leave the time of the last warning to a session that new limits would end at once', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(590_000);
    runner.dispatch({
      type: 'limits_changed',
      limits: limitsWith({ idleTimeoutSeconds: 120, maxDurationSeconds: 60, warnBeforeSeconds: [60, 10] }),
    });
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(9_999);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle_timeout');
    expect(runner.elapsedSeconds('idle_timeout')).toBe(600);
    expect(runner.limitSeconds('idle_timeout')).toBe(120);
  });

  it('return when a lowered limit is put back', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(500_000);
    runner.dispatch({
      type: 'limits_changed',
      limits: limitsWith({ idleTimeoutSeconds: 60, maxDurationSeconds: 120, warnBeforeSeconds: [10] }),
    });
    await clock.advance(5_000);
    expect(runner.warning).not.toBeNull();
    runner.dispatch({ type: 'limits_changed', limits });
    expect(runner.warning).toBeNull();
    expect(runner.deadlines).toEqual({ idle_timeout: 1_900_000, max_duration: 4_600_000 });
    log.length = 0;
    await clock.advance(95_000);
    expect(log).toEqual(['warning idle 300']);
  });

  it('cannot be put off by changing limits again and again', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(500_000);
    for (let change = 0; change < 9; change += 1) {
      runner.dispatch({
        type: 'limits_changed',
        limits: limitsWith({ idleTimeoutSeconds: 60 + change, warnBeforeSeconds: [10] }),
      });
      await clock.advance(1_000);
    }
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(1_000);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('are extended from where a change of limits has put them', async () => {
    const { clock, runner } = watching(limits);
    await clock.advance(850_000);
    runner.dispatch({
      type: 'limits_changed',
      limits: limitsWith({ idleTimeoutSeconds: 60, maxDurationSeconds: 120, warnBeforeSeconds: [10] }),
    });
    expect(runner.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(runner.deadlines).toEqual({
      idle_timeout: 1_850_000 + 1_810_000,
      max_duration: 1_850_000 + 1_810_000,
    });
  });

  it('leave a frozen session the time of its last warning once it is thawed', async () => {
    const { clock, runner, log } = watching(limits);
    await clock.advance(500_000);
    runner.dispatch({ type: 'frozen' });
    runner.dispatch({
      type: 'limits_changed',
      limits: limitsWith({ idleTimeoutSeconds: 60, warnBeforeSeconds: [10] }),
    });
    await clock.advance(100_000);
    runner.dispatch({ type: 'thawed' });
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(9_999);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle_timeout');
  });

  it('do not count what the start took as idle time', async () => {
    const { clock, runner, log } = runnerWith(limitsWith({ idleTimeoutSeconds: 60 }));
    await clock.advance(600_000);
    runner.dispatch({ type: 'started' });
    expect(log).toEqual([]);
    await clock.advance(60_000);
    expect(log).toEqual(['late 0', 'expired idle_timeout']);
  });

  it('probe for activity only when something is due', async () => {
    let asked = 0;
    let busy = true;
    const { clock, log } = watching(limits, async (now) => {
      asked += 1;
      return busy ? { kind: 'foreground', atMs: now.now() } : null;
    });
    await clock.advance(599_999);
    expect(asked).toBe(0);
    await clock.advance(1);
    expect(asked).toBe(1);
    expect(log).toEqual(['probed']);
    busy = false;
    await clock.advance(600_000);
    expect(log).toEqual(['probed', 'warning idle 300']);
  });

  it('fire also when probing fails', async () => {
    const { clock, log } = watching(limits, () => Promise.reject(new Error('no /proc')));
    await clock.advance(900_000);
    expect(log.at(-1)).toBe('expired idle_timeout');
    expect(log).toContain('Error: no /proc');
  });

  it('have no effect any more once stopped', async () => {
    const { clock, runner, log } = watching(limits);
    runner.dispatch({ type: 'stopped' });
    await clock.advance(1e9);
    expect(log).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
