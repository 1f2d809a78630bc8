import { describe, expect, it } from 'vitest';
import type { EffectiveLimits } from '../../../shared/limits.ts';
import { limitsWith } from '../testing/limits.ts';
import { TestClock } from '../testing/test-clock.ts';
import { DeadlineKeeper, type DeadlineListener } from './deadline-keeper.ts';

function keeperWith(limits: EffectiveLimits, listener: Partial<DeadlineListener> = {}) {
  const clock = new TestClock();
  const log: string[] = [];
  const keeper = new DeadlineKeeper(clock, limits, {
    onExpired: (deadline, lateMs) => log.push(`expired ${deadline} ${lateMs}`),
    onWarning: (warning) => log.push(`warning ${warning.deadline} ${warning.beforeSeconds}`),
    onWarningChanged: () => {},
    probe: () => null,
    onProbed: () => log.push('probed'),
    onError: (error) => log.push(String(error)),
    ...listener,
  });
  keeper.start();
  return { clock, keeper, log };
}

const limits = limitsWith({ idleTimeoutSeconds: 900, maxDurationSeconds: 3_600, warnBeforeSeconds: [300, 60, 10] });

describe('the deadlines of a session', () => {
  it('warn at each stage and then fire, on time', async () => {
    const { clock, log } = keeperWith(limits);
    await clock.advance(900_000);
    expect(log).toEqual(['warning idle 300', 'warning idle 60', 'warning idle 10', 'expired idle 0']);
    expect(clock.timers).toBe(0);
  });

  it('need one timer, which a sign of life does not touch', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    expect(clock.timers).toBe(1);
    await clock.advance(500_000);
    for (let key = 0; key < 1_000; key += 1) keeper.touch('input');
    expect(clock.timers).toBe(1);
    await clock.advance(599_999);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['warning idle 300']);
  });

  it('take a warning back on a sign of life, and give it again in the next idle period', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(845_000);
    expect(keeper.warning?.beforeSeconds).toBe(60);
    keeper.touch('input');
    expect(keeper.warning).toBeNull();
    await clock.advance(600_000);
    expect(log).toEqual(['warning idle 300', 'warning idle 60', 'warning idle 300']);
  });

  it('fire once when both pass while the machine sleeps, for the one that came first', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    clock.suspend(86_400_000);
    keeper.check();
    expect(log).toEqual(['expired idle null']);
    await clock.advance(86_400_000);
    expect(log).toHaveLength(1);
  });

  it('do not mind the wall clock being set', async () => {
    const { clock, log } = keeperWith(limits);
    clock.setWall(86_400_000);
    await clock.advance(599_000);
    expect(log).toEqual([]);
    clock.setWall(-172_800_000);
    await clock.advance(301_000);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('let the idle timeout rest, and give back what was left of it', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(850_000);
    expect(keeper.warning?.deadline).toBe('idle');
    keeper.rest();
    expect(keeper.warning).toBeNull();
    expect(keeper.deadlines.idle).toBeNull();
    await clock.advance(1_000_000);
    expect(keeper.idleMs).toBe(850_000);
    expect(keeper.resume()).toEqual({ restedMs: 1_000_000, extendedSeconds: null });
    log.length = 0;
    await clock.advance(49_999);
    expect(log).not.toContain('expired idle 0');
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('go on with the maximum duration while the idle timeout rests', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    keeper.rest();
    await clock.advance(3_600_000);
    expect(log.at(-1)).toBe('expired max 0');
  });

  it('count what was typed during a rest as of its end', async () => {
    const { clock, keeper } = keeperWith(limits);
    keeper.rest();
    await clock.advance(100_000);
    keeper.touch('input');
    await clock.advance(100_000);
    keeper.resume();
    expect(keeper.idleMs).toBe(0);
  });

  it('are moved by an extension until the budget is used up', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(895_000);
    expect(keeper.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(keeper.warning).toBeNull();
    expect(keeper.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(keeper.extend()).toEqual({ ok: false, message: 'All 2 extensions of this session are used.' });
    await clock.advance(3_600_000 + 4_999);
    expect(log.at(-1)).toBe('warning idle 10');
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('cannot be extended past the policy', () => {
    const capped = { ...limits, caps: { idleTimeoutSeconds: 900, maxDurationSeconds: 3_600 } };
    const { keeper } = keeperWith(capped);
    expect(keeper.extend()).toMatchObject({ ok: false });
    expect(keeper.extensionsUsed).toBe(0);
  });

  it('follow new limits at once', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(100_000);
    keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 200, maxDurationSeconds: 3_600, warnBeforeSeconds: [60] }));
    expect(log).toEqual([]);
    await clock.advance(40_000);
    expect(log).toEqual(['warning idle 60']);
    await clock.advance(60_000);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('leave the time of the last warning to a session that new limits would end at once', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(590_000);
    keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 120, maxDurationSeconds: 60, warnBeforeSeconds: [60, 10] }));
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(9_999);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle 0');
    expect(keeper.elapsedSeconds('idle')).toBe(600);
    expect(keeper.limitSeconds('idle')).toBe(120);
  });

  it('come back when a lowered limit is put back', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(500_000);
    keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 60, maxDurationSeconds: 120, warnBeforeSeconds: [10] }));
    await clock.advance(5_000);
    expect(keeper.warning).not.toBeNull();
    keeper.updateLimits(limits);
    expect(keeper.warning).toBeNull();
    expect(keeper.deadlines).toEqual({ idle: 1_900_000, max: 4_600_000 });
    log.length = 0;
    await clock.advance(95_000);
    expect(log).toEqual(['warning idle 300']);
  });

  it('cannot be put off by changing limits again and again', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(500_000);
    for (let change = 0; change < 9; change += 1) {
      keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 60 + change, warnBeforeSeconds: [10] }));
      await clock.advance(1_000);
    }
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(1_000);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('are extended from where a change of limits has put them', async () => {
    const { clock, keeper } = keeperWith(limits);
    await clock.advance(850_000);
    keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 60, maxDurationSeconds: 120, warnBeforeSeconds: [10] }));
    expect(keeper.extend()).toEqual({ ok: true, seconds: 1_800 });
    expect(keeper.deadlines).toEqual({ idle: 1_850_000 + 1_810_000, max: 1_850_000 + 1_810_000 });
  });

  it('leave a session that rests the time of its last warning once it goes on', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    await clock.advance(500_000);
    keeper.rest();
    keeper.updateLimits(limitsWith({ idleTimeoutSeconds: 60, warnBeforeSeconds: [10] }));
    await clock.advance(100_000);
    keeper.resume();
    expect(log).toEqual(['warning idle 10']);
    await clock.advance(9_999);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    expect(log.at(-1)).toBe('expired idle 0');
  });

  it('do not count what the start took as idle time', async () => {
    const clock = new TestClock();
    const log: string[] = [];
    const keeper = new DeadlineKeeper(clock, limitsWith({ idleTimeoutSeconds: 60 }), {
      onExpired: (deadline) => log.push(deadline),
      onWarning: () => {},
      onWarningChanged: () => {},
      probe: () => null,
      onProbed: () => {},
      onError: () => {},
    });
    await clock.advance(600_000);
    keeper.start();
    expect(log).toEqual([]);
    await clock.advance(60_000);
    expect(log).toEqual(['idle']);
  });

  it('ask for other signs of life only when something is due', async () => {
    let asked = 0;
    let busy = true;
    const { clock, log } = keeperWith(limits, {
      probe: async () => {
        asked += 1;
        return busy ? { kind: 'foreground', atMs: clock.now() } : null;
      },
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

  it('go on when asking fails', async () => {
    const { clock, log } = keeperWith(limits, { probe: () => Promise.reject(new Error('no /proc')) });
    await clock.advance(900_000);
    expect(log.at(-1)).toBe('expired idle 0');
    expect(log).toContain('Error: no /proc');
  });

  it('tell nothing any more once stopped', async () => {
    const { clock, keeper, log } = keeperWith(limits);
    keeper.stop();
    await clock.advance(1e9);
    expect(log).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});
