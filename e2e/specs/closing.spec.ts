import { limits, PROMPT } from '../runner/options.ts';
import { processesMarked, processesRunning } from '../runner/processes.ts';
import { expect, test } from '../runner/test.ts';

test.use({ settings: limits(0, 0, { closeGraceSeconds: 1 }) });

/** A number of seconds to sleep that no other test sleeps: it tells this test's processes from all others. */
function uniqueSleep(): number {
  return 100_000_000 + Math.floor(Math.random() * 900_000_000);
}

test('no process survives its tab: deaf to SIGHUP, in a session of its own, forked twice', async ({ app, home }) => {
  await app.openTab();
  const [deaf, own, orphan] = [uniqueSleep(), uniqueSleep(), uniqueSleep()];
  await app.terminal.run(`(trap '' HUP TERM INT; sleep ${deaf}) & setsid sleep ${own} & disown -a`);
  await app.terminal.run(`((trap '' HUP TERM; setsid sleep ${orphan} >/dev/null 2>&1 </dev/null &) &)`);
  for (const seconds of [deaf, own, orphan]) {
    await expect.poll(() => processesRunning(`sleep ${seconds}`).length).toBeGreaterThan(0);
  }
  await app.tabs.close();
  await expect(app.question).toContainText('sleep is still running in the background.');
  await app.question.getByTestId('question-confirm').click();
  await expect(app.tabs.all).toHaveCount(0);
  for (const seconds of [deaf, own, orphan]) expect(processesRunning(`sleep ${seconds}`)).toEqual([]);
  const [metadata] = await home.metadata();
  expect(metadata?.end).toMatchObject({ reason: 'closed', survivors: [] });
});

test('where sessions have a cgroup, a process that forgot its environment does not get away', async ({ app, home }) => {
  await app.openTab();
  const seconds = uniqueSleep();
  await app.terminal.run(`(env -i setsid sleep ${seconds} >/dev/null 2>&1 </dev/null &)`);
  await expect.poll(() => processesRunning(`sleep ${seconds}`).length).toBe(1);
  const [runaway] = processesRunning(`sleep ${seconds}`);
  await app.tabs.close();
  // What cannot be told from other processes is not asked about either.
  await expect.poll(async () => (await app.tabs.all.count()) === 0 || (await app.question.isVisible())).toBe(true);
  if (await app.question.isVisible()) await app.question.getByTestId('question-confirm').click();
  await expect(app.tabs.all).toHaveCount(0);
  const [metadata] = await home.metadata();
  const left = processesRunning(`sleep ${seconds}`);
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  // Without a cgroup nothing tells it from others: it is the one kind that may stay.
  expect(left).toEqual(metadata?.containment === 'cgroup' ? [] : [runaway]);
});

test('closing asks when a command runs', async ({ app }) => {
  await app.openTab();
  const seconds = uniqueSleep();
  await app.terminal.run(`sleep ${seconds}`);
  await expect.poll(() => processesRunning(`sleep ${seconds}`).length).toBeGreaterThan(0);

  await app.tabs.close();
  await expect(app.question).toContainText('sleep is still running');
  await app.question.getByTestId('question-cancel').click();
  await expect(app.question).toBeHidden();
  expect(processesRunning(`sleep ${seconds}`)).not.toEqual([]);

  await app.tabs.close();
  await app.question.getByTestId('question-confirm').click();
  await expect(app.tabs.all).toHaveCount(0);
  expect(processesRunning(`sleep ${seconds}`)).toEqual([]);
  await expect(app.emptyWindow).toBeVisible();
});

test('closing and restarting ask about programs that were detached, and name them', async ({ app }) => {
  await app.openTab();
  const seconds = uniqueSleep();
  await app.terminal.run(
    `(setsid sleep ${seconds} </dev/null >/dev/null 2>&1 &); nohup tail -f /dev/null >/dev/null 2>&1 &`,
  );
  await expect.poll(() => processesRunning(`sleep ${seconds}`).length).toBeGreaterThan(0);
  for (const ask of [() => app.tabs.close(), () => app.tabs.choose('Restart session')]) {
    await ask();
    await expect(app.question).toContainText(/(sleep and tail|tail and sleep) are still running in the background/);
    await expect(app.question).toContainText('ends them and everything they started');
    await app.question.getByTestId('question-cancel').click();
    await expect(app.question).toBeHidden();
  }
  expect(processesRunning(`sleep ${seconds}`)).toHaveLength(1);
  await app.terminal.run('vi');
  await expect(app.tabs.active).toBeVisible();
  await app.tabs.close();
  await expect(app.question).toContainText('in the background');
  await app.question.getByTestId('question-confirm').click();
  await expect(app.tabs.all).toHaveCount(0);
  expect(processesRunning(`sleep ${seconds}`)).toEqual([]);
});

test('a tab at its prompt closes without a question, and its shell with it', async ({ app, home }) => {
  await app.openTab();
  expect(await app.terminal.lines()).toEqual([PROMPT]);
  const shells = (): unknown[] => processesMarked(home.mark).filter(({ command }) => command.includes('--norc'));
  expect(shells()).toHaveLength(1);
  await app.tabs.close();
  await expect(app.tabs.all).toHaveCount(0);
  expect(shells()).toEqual([]);
});
