import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createLog } from './log.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

/** A busy machine may take its time. */
const PATIENT = { timeout: 10_000 };

function linesIn(folder: string): Record<string, unknown>[] {
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('lines are in the file once the log is closed, with the part they come from', async () => {
  const folder = join(temporaryFolder(), 'logs');
  const log = await createLog({ folder });
  log.child('sessions').info({ sessionId: 'A' }, 'Started');
  log.logger.debug('too fine');
  await log.close();
  await log.close();
  expect(log.problems).toEqual([]);
  expect(linesIn(folder)).toMatchObject([{ level: 30, module: 'sessions', sessionId: 'A', msg: 'Started' }]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
});

test('secrets and what a terminal shows do not reach the file; counts do', async () => {
  const folder = temporaryFolder();
  const log = await createLog({ folder });
  log.logger.info({
    token: 'hunter2',
    request: { headers: { cookie: 'hunter2' }, input: 'hunter2' },
    environment: { KEY: 'hunter2' },
    output: Buffer.from('hunter2'),
    bytes: 7,
  });
  await log.close();
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(text.join('')).not.toContain('hunter2');
  expect(linesIn(folder)).toMatchObject([{ bytes: 7, token: '[private]' }]);
});

test('an error is written with its message and its cause', async () => {
  const folder = temporaryFolder();
  const log = await createLog({ folder });
  log.logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'Failed');
  await log.close();
  expect(JSON.stringify(linesIn(folder))).toMatch(/outer.*inner/);
});

test('a flood is kept in at most five files, the latest lines among them', async () => {
  const folder = temporaryFolder();
  const log = await createLog({ folder, fileSize: '10k' });
  const padding = 'x'.repeat(512);
  for (let round = 1; round <= 8; round += 1) {
    for (let line = 0; line < 30; line += 1) log.logger.info({ round, padding }, 'flood');
    await vi.waitFor(() => expect(existsSync(join(folder, `sandglass.${round + 1}.log`))).toBe(true), PATIENT);
  }
  await log.close();
  await vi.waitFor(() => expect(readdirSync(folder).length).toBeLessThanOrEqual(5), PATIENT);
  const rounds = linesIn(folder).map(({ round }) => round);
  expect(rounds.filter((round) => round === 8)).toHaveLength(30);
  expect(rounds).not.toContain(1);
});

test('a disk that fails later is told once, and harms nobody who logs', async () => {
  const folder = temporaryFolder();
  const problems: string[] = [];
  const log = await createLog({ folder, fileSize: '1k', onProblem: ({ message }) => problems.push(message) });
  rmSync(folder, { recursive: true });
  const padding = 'x'.repeat(512);
  for (let round = 0; round < 3; round += 1) {
    for (let line = 0; line < 5; line += 1) log.logger.info({ padding }, 'lost');
    await vi.waitFor(() => expect(problems).toHaveLength(1), PATIENT);
  }
  await log.close();
  expect(problems[0]).toContain(folder);
});

test('a folder that cannot be used is told, and the lines go elsewhere', async () => {
  const folder = join(temporaryFolder(), 'logs');
  writeFileSync(folder, 'a file where the folder should be');
  const lines: string[] = [];
  const log = await createLog({ folder, fallback: { write: (line) => lines.push(line) } });
  log.logger.warn('still heard');
  await log.close();
  expect(log.problems).toMatchObject([{ id: 'log-unwritable', message: expect.stringContaining(folder) }]);
  expect(lines.join('')).toContain('still heard');
  expect(existsSync(join(folder, 'sandglass.1.log'))).toBe(false);
});

test('a line after the end does not fail, and flushing for a crash does not either', async () => {
  const folder = temporaryFolder();
  const lines: string[] = [];
  const log = await createLog({ folder, fallback: { write: (line) => lines.push(line) } });
  log.logger.info('before');
  log.flushSync();
  // A write that was under way already ends by itself, a moment later.
  await vi.waitFor(() => expect(linesIn(folder)).toMatchObject([{ msg: 'before' }]));
  await log.close();
  log.flushSync();
  log.logger.info('after');
  expect(lines.join('')).toContain('after');
});

test('nothing of a closed log listens to the process', async () => {
  const before = process.listenerCount('exit');
  const log = await createLog({ folder: temporaryFolder() });
  await log.close();
  expect(process.listenerCount('exit')).toBe(before);
});

test.each([
  ['debug', 2, 0],
  ['ERROR', 0, 0],
  ['loud', 1, 1],
])('SANDGLASS_LOG_LEVEL=%s', async (level, lines, problems) => {
  const folder = temporaryFolder();
  const log = await createLog({ folder, level });
  log.logger.debug('fine');
  log.logger.info('normal');
  await log.close();
  expect(linesIn(folder)).toHaveLength(lines);
  expect(log.problems).toHaveLength(problems);
});
