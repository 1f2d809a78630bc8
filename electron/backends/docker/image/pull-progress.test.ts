import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StartProgress } from '../../../../shared/session.ts';
import { followLayers } from './pull-progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const line = (id: string, status: string, current?: number, total?: number): object => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, total },
});

test('layers and bytes are counted', () => {
  const reported: StartProgress[] = [];
  const layers = followLayers('debian', (progress) => reported.push(progress));
  for (const value of [
    { status: 'Pulling from library/debian', id: 'latest' },
    line('a', 'Pulling fs layer'),
    line('b', 'Pulling fs layer'),
    line('c', 'Already exists'),
    line('a', 'Downloading', 12_000_000, 48_000_000),
    line('b', 'Waiting'),
  ]) {
    expect(layers.take(value)).toBeNull();
  }
  vi.advanceTimersByTime(100);
  expect(reported.at(-1)).toMatchObject({
    stage: 'pull',
    message: 'Pulling debian',
    detail: '1 of 3 layers · 12 of 48 MB',
    fraction: expect.closeTo((1 + 0.2) / 3),
  });
  for (const id of ['a', 'b']) layers.take(line(id, 'Pull complete'));
  vi.advanceTimersByTime(100);
  expect(reported.at(-1)).toMatchObject({ detail: '3 of 3 layers · 48 of 48 MB', fraction: 1 });
  layers.end();
});

test('progress is reported ten times a second at most, and never goes back', () => {
  const reported: StartProgress[] = [];
  const layers = followLayers('debian', (progress) => reported.push(progress));
  for (let step = 0; step < 1_000; step += 1) {
    layers.take(line('a', 'Downloading', step, 1_000));
    // Another layer appears half way.
    if (step === 500) layers.take(line('b', 'Pulling fs layer'));
    vi.advanceTimersByTime(1);
  }
  layers.end();
  expect(reported.length).toBeLessThanOrEqual(11);
  const fractions = reported.flatMap(({ fraction }) => fraction ?? []);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
});

test('a failure is reported as such, in either form', () => {
  const layers = followLayers('debian', () => undefined);
  expect(layers.take({ errorDetail: { message: 'long' }, error: 'short' })).toBe('long');
  expect(layers.take({ error: 'short' })).toBe('short');
  layers.end();
});

test('hostile lines do no harm', () => {
  const reported: StartProgress[] = [];
  const layers = followLayers('debian', (progress) => reported.push(progress));
  for (const value of [null, 7, [], { id: {} }, line('a', 'Downloading', -5, -1), line('b', 'Downloading', 1e300, 1)]) {
    expect(layers.take(value)).toBeNull();
  }
  for (let index = 0; index < 10_000; index += 1) layers.take(line(`layer ${index}`, 'Waiting'));
  vi.advanceTimersByTime(100);
  expect(reported.at(-1)).toMatchObject({ detail: expect.stringMatching(/^0 of 512 layers/) });
  expect(reported.at(-1)?.fraction).toBeLessThanOrEqual(1);
  layers.end();
});
