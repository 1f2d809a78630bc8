import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SESSION_MARK } from '../../environment/inherited-environment.ts';
import { isAlive } from '../testing/shells.ts';
import { type Answer, asOrdinaryUser, NOBODY, startSandboxRun } from './testing/ordinary-user.ts';

const isRoot = process.getuid?.() === 0;
const uid = isRoot ? NOBODY : (process.getuid?.() ?? 0);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-user-'));
  chmodSync(folder, 0o755);
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  writeFileSync(join(folder, 'script'), 'echo from the folder\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Processes of sessions that another process has started. */
function sessionsOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== pid && isAlive(Number(name)))
    .map(Number)
    .filter((each) => {
      try {
        return readFileSync(`/proc/${each}/environ`, 'latin1').includes(`${SESSION_MARK}=TEST${pid}N`);
      } catch {
        return false;
      }
    });
}

describe('sandboxes of an ordinary user', () => {
  let answer: Answer;
  const scripts = [
    'id -u; id -g; id -un; echo ~',
    `sh ${'{folder}'}/script; echo new >${'{folder}'}/new; stat -c %u ${'{folder}'}/new`,
    'perl -e \'$x = "x" x 200_000_000; print "all\\n"\'; (ulimit -u || ulimit -p) 2>/dev/null',
    'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 5 & done 2>&1; echo; ls -d /proc/[0-9]* | wc -l',
  ];

  beforeAll(async () => {
    answer = await asOrdinaryUser({
      folder,
      folderAccess: 'read-write',
      resources: { memoryMiB: 64, pids: 16 },
      scripts: scripts.map((script) => script.replaceAll('{folder}', folder)),
    });
  }, 60_000);

  test('are available, and found to be isolated', () => {
    expect(answer.status).toMatchObject({ state: 'available', message: expect.stringMatching(/^bubblewrap \d/) });
    const found = answer.status.state === 'available' ? answer.status.found.map((item) => item.text) : [];
    expect(found).toEqual(
      expect.arrayContaining(['own processes', 'read-only system', 'no capabilities', `uid ${uid}`]),
    );
    expect(found).not.toContain('root outside');
  });

  test('keep the user who they are', () => {
    expect(answer.outcomes[0]?.text).toMatch(new RegExp(`^${uid}\\n\\d+\\n(\\w+)\\n/home/\\1\\n$`));
    expect(answer.outcomes[0]?.isolation).toContain(`uid ${uid}`);
  });

  test('show the chosen folder', () => {
    expect(answer.outcomes[1]?.text).toBe(`from the folder\n${uid}\n`);
  });

  test('are bounded, and say by what', () => {
    const { isolation = [], text = '' } = answer.outcomes[2] ?? {};
    expect(isolation.some((label) => /^64 MB (\(cgroup\)|per process \(rlimit\))$/.test(label))).toBe(true);
    expect(isolation.some((label) => /^16 processes \((cgroup|rlimit)\)$/.test(label))).toBe(true);
    expect(text).not.toContain('all');
    // The processes that are there already count as well.
    expect(answer.outcomes[3]?.text).toMatch(/fork|Resource|temporarily/i);
  });
});

test('a sandbox is gone when the app that started it was killed', async () => {
  const run = { folderAccess: 'none', resources: {}, scripts: ['setsid sleep 1000 & sleep 1000'] } as const;
  const child = startSandboxRun({ ...run, scripts: [...run.scripts] });
  const pid = child.pid ?? 0;
  // The keeper, the first process inside, the shell and both of its children.
  await vi.waitFor(() => expect(sessionsOf(pid).length).toBeGreaterThanOrEqual(5), { timeout: 20_000 });
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(sessionsOf(pid)).toEqual([]), { timeout: 10_000 });
});
