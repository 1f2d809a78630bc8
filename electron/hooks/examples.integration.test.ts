import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { RECORDING_FILE } from '../../shared/recording.ts';
import { endEntry, record, recorded, sessionId, startEntry } from '../journal/testing/entries.ts';
import { type OpenThread, openThread } from '../journal/testing/open-client.ts';
import { journalWorkerUrl } from '../journal/worker-location.ts';
import { sessionFolder } from '../recording/folders.ts';
import { temporaryFolder } from '../storage/testing/temporary-folder.ts';
import { cloudEvent } from './cloud-event.ts';
import { SESSION_ID, sampleEvents, sampleFacts } from './testing/sample-events.ts';

/** For a machine under load. */
const BOUND = { timeout: 30_000, interval: 20 };
const examples = join(import.meta.dirname, '..', '..', 'examples', 'hooks');
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The hooks of the guide, in the folder of an app. */
function withExamples(names: readonly string[], home: string): OpenThread {
  const folder = temporaryFolder();
  const hooks = join(folder, 'hooks');
  mkdirSync(hooks, { mode: 0o700 });
  for (const name of names) {
    cpSync(join(examples, name), join(hooks, name), { recursive: true });
    // As after “cp -R”, whatever the checkout's rights are.
    for (const file of ['', ...readdirSync(join(hooks, name))]) chmodSync(join(hooks, name, file), 0o700);
  }
  const environment = { PATH: process.env.PATH ?? '', HOME: home };
  return openThread({ folder, environment, worker: journalWorkerUrl() });
}

/** Waits until a hook has nothing left to deliver, and tells how each delivery went. */
async function delivered({ journal }: OpenThread, hook: string, count: number): Promise<string[]> {
  return vi.waitFor(async () => {
    const deliveries = await journal.hooks.deliveries(hook, 'delivered', 100);
    expect(deliveries).toHaveLength(count);
    return deliveries.map(({ event }) => event).reverse();
  }, BOUND);
}

describe.runIf(process.platform !== 'win32')('the hooks of the guide', { timeout: 90_000 }, () => {
  test('session-log appends a line for each start and each end', async () => {
    const home = temporaryFolder();
    const app = withExamples(['session-log'], home);
    await app.journal.opening;
    const known = record(sessionId());
    void app.journal.append(startEntry(known));
    void app.journal.append(endEntry(known, { reason: 'idle_timeout' }));
    expect(await delivered(app, 'session-log', 2)).toEqual(['session:start', 'session:end']);
    const lines = readFileSync(join(home, 'sandglass-sessions.log'), 'utf8').split('\n');
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
    expect(lines[0]).toMatch(new RegExp(`^${time} ${known.id} session:start -$`));
    expect(lines[1]).toMatch(new RegExp(`^${time} ${known.id} session:end idle_timeout$`));
  });

  test('keep-recordings copies the recording of a session that ends, and the event', async () => {
    const home = temporaryFolder();
    const app = withExamples(['keep-recordings'], home);
    await app.journal.opening;
    const known = record(sessionId());
    const folder = sessionFolder(join(app.folder, 'sessions'), known.id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, RECORDING_FILE), 'a recording\n');
    // Of that text.
    const sha256 = '370a4ebdc663ee7e78b53f8a1b2cd4ae068c8574e04fc4d6e96245bfadb85042';
    void app.journal.append(startEntry(known));
    void app.journal.append(endEntry(known, {}, { ...recorded(12), sha256 }));
    expect(await delivered(app, 'keep-recordings', 1)).toEqual(['session:end']);
    const copy = join(home, 'recordings', `2026-11-21 local ${known.id}.cast`);
    expect(readFileSync(copy, 'utf8')).toBe('a recording\n');
    expect(JSON.parse(readFileSync(`${copy}.json`, 'utf8'))).toMatchObject({
      type: 'org.sandglass.session.end',
      subject: known.id,
      data: { recording: { file: join(folder, RECORDING_FILE) } },
    });
  });

  test('keep-recordings fails when the copy is not what was recorded, and leaves none', async () => {
    const home = temporaryFolder();
    const app = withExamples(['keep-recordings'], home);
    await app.journal.opening;
    const known = record(sessionId());
    const folder = sessionFolder(join(app.folder, 'sessions'), known.id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, RECORDING_FILE), 'another recording\n');
    void app.journal.append(startEntry(known));
    void app.journal.append(endEntry(known, {}, { ...recorded(12), sha256: 'a'.repeat(64) }));
    await vi.waitFor(async () => {
      const [delivery] = await app.journal.hooks.deliveries('keep-recordings', 'pending', 10);
      expect(delivery?.outcome).toMatch(/^exited with 1 after/);
    }, BOUND);
    expect(readdirSync(join(home, 'recordings')).filter((name) => !name.endsWith('.part'))).toEqual([]);
  });

  test.each(['session-log', 'keep-recordings'])('%s takes a test event', async (name) => {
    const app = withExamples([name], temporaryFolder());
    await app.journal.opening;
    await vi.waitFor(() => app.journal.hooks.test(name), BOUND);
    expect(await delivered(app, name, 1)).toEqual(['hook:test']);
  });
});

describe('the receiver of the guide', { timeout: 90_000 }, () => {
  const running: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(
      running.splice(0).map(async (child) => {
        if (child.exitCode !== null) return;
        const exited = once(child, 'exit');
        child.kill();
        await exited;
      }),
    );
  });

  /** Starts it with these secrets; resolves with its address. */
  async function startReceiver(secrets: readonly string[], errors: 'inherit' | 'ignore' = 'inherit'): Promise<string> {
    const script = join(examples, 'session-board', 'receiver.mjs');
    const child = spawn(process.execPath, [script, '0'], {
      env: { PATH: process.env.PATH, SANDGLASS_WEBHOOK_SECRETS: secrets.join('\n') },
      stdio: ['ignore', 'pipe', errors],
    });
    running.push(child);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('The receiver has ended')));
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    return String(line).replace('Listening on ', '');
  }

  const board = async (url: string): Promise<Record<string, unknown>> =>
    z.record(z.string(), z.unknown()).parse(await (await fetch(url)).json());

  test('shows what has become of each session', async () => {
    const secret = newSecret();
    const url = await startReceiver([newSecret(), secret]);
    const app = withExamples(['session-board'], temporaryFolder());
    const hook = join(app.folder, 'hooks', 'session-board');
    const yaml = readFileSync(join(hook, 'hook.yaml'), 'utf8');
    writeFileSync(join(hook, 'hook.yaml'), yaml.replace('http://127.0.0.1:8787', url));
    writeFileSync(join(hook, 'secret'), `${secret}\n`, { mode: 0o600 });
    await app.journal.opening;
    // Its folder is followed; the secret was not there at first.
    await vi.waitFor(() => app.journal.hooks.test('session-board'), BOUND);
    const first = record(sessionId());
    const second = record(sessionId(), { previousId: first.id });
    void app.journal.append(startEntry(first));
    void app.journal.append(endEntry(first, { reason: 'reset' }));
    void app.journal.append(startEntry(second));
    expect(await delivered(app, 'session-board', 4)).toEqual([
      'hook:test',
      'session:start',
      'session:end',
      'session:start',
    ]);
    expect(await board(url)).toEqual({
      [first.id]: expect.objectContaining({
        sequence: '0000000002',
        last: 'org.sandglass.session.end',
        ended: { reason: 'reset', after: 60, why: 'Restarted by you' },
      }),
      [second.id]: expect.objectContaining({ replaces: first.id, sequence: '0000000001', ended: null }),
    });
  });

  test('takes what was sent just now with one of its secrets, once', async () => {
    const [secret, other] = [newSecret(), newSecret()];
    const url = await startReceiver([secret]);
    const [event] = sampleEvents.map((each) => cloudEvent(sampleFacts(each)));
    const body = event ?? '';
    const send = async (sent: { id: string; at: Date; secrets: readonly string[]; body?: string }) => {
      const signature = sent.secrets.map((each) => new Webhook(each).sign(sent.id, sent.at, body)).join(' ');
      const headers = {
        'content-type': 'application/cloudevents+json',
        'webhook-id': sent.id,
        'webhook-timestamp': String(Math.floor(sent.at.getTime() / 1000)),
        'webhook-signature': signature,
      };
      const answer = await fetch(`${url}/sandglass`, { method: 'POST', headers, body: sent.body ?? body });
      return [answer.status, await answer.json()];
    };
    const at = new Date();
    const longAgo = new Date(at.getTime() - 600_000);
    expect(await send({ id: 'A', at, secrets: [other] })).toEqual([401, {}]);
    expect(await send({ id: 'A', at: longAgo, secrets: [secret] })).toEqual([401, {}]);
    expect(await send({ id: 'A', at, secrets: [secret], body: `${body} ` })).toEqual([401, {}]);
    expect(await board(url)).toEqual({});
    expect(await send({ id: 'A', at, secrets: [other, secret] })).toEqual([200, {}]);
    expect(await send({ id: 'A', at, secrets: [secret] })).toEqual([200, { repeated: true }]);
    expect(Object.keys(await board(url))).toEqual([SESSION_ID]);
  });

  test('does not start without a secret', async () => {
    await expect(startReceiver([], 'ignore')).rejects.toThrow();
  });
});
