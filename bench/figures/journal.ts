import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { SystemClock } from '../../electron/base/clock.ts';
import { SessionJournal } from '../../electron/core/session-journal.ts';
import type { Journal, JournalEntry } from '../../electron/journal/journal.ts';
import { createJournal } from '../../electron/journal/journal-client.ts';
import { endEntry, record, sessionId, startEntry } from '../../electron/journal/testing/entries.ts';
import { projectRoot } from '../../scripts/project.ts';
import { createManager, NO_RECORDERS, quiet } from '../core.ts';
import type { Result } from '../report.ts';
import { standIn } from '../stand-in.ts';
import { pairedRatio, quantile, summarize } from '../statistics.ts';
import type { Figure } from './figure.ts';

/** As many tries of one hook as are under way at once. */
const AT_ONCE = 4;
const POLL_MS = 5;

/** The journal as the engine has it, in a fresh folder, with the hooks whose files are given. */
function openJournal(folder: string, hooks: Readonly<Record<string, string>>): Journal {
  const home = mkdtempSync(join(folder, 'journal-'));
  const folders = { data: join(home, 'data'), sessions: join(home, 'data', 'sessions'), hooks: join(home, 'hooks') };
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(hooks)) {
    mkdirSync(join(folders.hooks, name), { mode: 0o700 });
    writeFileSync(join(folders.hooks, name, 'hook.yaml'), text, { mode: 0o600 });
  }
  return createJournal({
    dataFolder: folders.data,
    sessionsFolder: folders.sessions,
    hooksFolder: folders.hooks,
    source: 'urn:sandglass:bench',
    environment: {},
    logger: quiet,
    tracker: { started: async () => {}, ended() {} },
  });
}

/** A start and an end for each of so many sessions. */
function entries(sessions: number): JournalEntry[] {
  return Array.from({ length: sessions }, () => record(sessionId())).flatMap((known) => [
    startEntry(known),
    endEntry(known),
  ]);
}

class Receiver implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly url: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}/events`;
  }

  static async start(): Promise<Receiver> {
    const child = fork(join(projectRoot, 'bench', 'hosts', 'receiver.ts'));
    const [port] = await once(child, 'message');
    return new Receiver(child, Number(port));
  }

  async received(): Promise<number> {
    this.#child.send('count');
    const [count] = await once(this.#child, 'message');
    return Number(count);
  }

  /** Events that came in each second, from the call of `send` until `count` have come. */
  async rate(count: number, send: () => Promise<unknown>): Promise<number> {
    const before = await this.received();
    const startedMs = performance.now();
    const sent = send();
    while ((await this.received()) < before + count) await delay(POLL_MS);
    const seconds = (performance.now() - startedMs) / 1_000;
    await sent;
    return count / seconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

/** From the first event until the webhook's receiver has all, durably kept before each is sent. */
async function delivered(folder: string, receiver: Receiver, sessions: number): Promise<number> {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const hook = `events: [session:*]\nwebhook:\n  url: ${receiver.url}\n  secrets: [${secret}]\n`;
  const journal = openJournal(folder, { mirror: hook });
  await journal.opening;
  while ((await journal.hooks.view()).hooks[0]?.state !== 'ready') await delay(POLL_MS);
  const all = entries(sessions);
  const rate = await receiver.rate(all.length, () => Promise.all(all.map((entry) => journal.append(entry))));
  await journal.close();
  return rate;
}

/** The same bodies posted by the same library, as many at once, with no journal, no signature and no order. */
async function posted(receiver: Receiver, sessions: number): Promise<number> {
  const agent = new Agent({ connections: AT_ONCE });
  const bodies = entries(sessions).map((entry) => JSON.stringify(entry));
  const post = async (queue: IterableIterator<string>): Promise<void> => {
    for (const body of queue) {
      const answer = await request(receiver.url, { method: 'POST', body, dispatcher: agent });
      await answer.body.dump();
    }
  };
  const queue = bodies.values();
  const rate = await receiver.rate(bodies.length, () =>
    Promise.all(Array.from({ length: AT_ONCE }, () => post(queue))),
  );
  await agent.close();
  return rate;
}

/** Until all are on the disk, without hooks. */
async function kept(folder: string, sessions: number): Promise<number> {
  const journal = openJournal(folder, {});
  await journal.opening;
  const all = entries(sessions);
  const startedMs = performance.now();
  await Promise.all(all.map((entry) => journal.append(entry)));
  const rate = all.length / ((performance.now() - startedMs) / 1_000);
  await journal.close();
  return rate;
}

/** The same texts put into a table of the same database by hand, each durably, as one writes it without a journal's thread. */
function inserted(folder: string, sessions: number): number {
  using database = new DatabaseSync(join(mkdtempSync(join(folder, 'sqlite-')), 'bare.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE events (body TEXT) STRICT');
  const insert = database.prepare('INSERT INTO events (body) VALUES (?)');
  const bodies = entries(sessions).map((entry) => JSON.stringify(entry));
  const startedMs = performance.now();
  for (const body of bodies) insert.run(body);
  return bodies.length / ((performance.now() - startedMs) / 1_000);
}

/** What telling of one event takes of a session's time, in milliseconds each. */
async function costs(journal: Journal | null, sessions: number): Promise<number[]> {
  const manager = createManager({
    backend: standIn,
    recorders: NO_RECORDERS,
    profile: { limits: { maxDurationSeconds: 600, idleTimeoutSeconds: 600, warnBeforeSeconds: [] } },
  });
  using keeper = journal === null ? null : new SessionJournal({ journal, clock: new SystemClock() });
  keeper?.follow(manager);
  const all = Array.from({ length: sessions }, () => manager.open({ cols: 80, rows: 24 }));
  await Promise.all(all.map((session) => session.started));
  const ms: number[] = [];
  for (let round = 0; round < 10; round++) {
    for (const session of all) {
      const startedMs = performance.now();
      session.keepOpen();
      ms.push(performance.now() - startedMs);
    }
    // As sessions are: not all at the same moment.
    await delay(1);
  }
  await manager.quit();
  return ms;
}

/** The journal: how many events it keeps and delivers, and what it costs those who tell. */
export const journal: Figure = {
  name: 'journal',
  async measure({ quick, folder, progress }) {
    const rounds = quick ? 1 : 5;
    const sessions = quick ? 100 : 1_000;
    await using receiver = await Receiver.start();
    const rates: Record<'delivered' | 'posted' | 'kept' | 'inserted', number[]> = {
      delivered: [],
      posted: [],
      kept: [],
      inserted: [],
    };
    const told: number[][] = [];
    const untold: number[][] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`journal, round ${round}`);
      rates.posted.push(await posted(receiver, sessions));
      rates.delivered.push(await delivered(folder, receiver, sessions));
      rates.inserted.push(inserted(folder, sessions));
      rates.kept.push(await kept(folder, sessions));
      untold.push(await costs(null, 100));
      const opened = openJournal(folder, {});
      await opened.opening;
      told.push(await costs(opened, 100));
      await opened.close();
    }
    const rate = (name: string, product: readonly number[], floor: string, bare: readonly number[]): Result => ({
      name,
      unit: 'events/s',
      product: summarize(product),
      floor: { name: floor, value: summarize(bare) },
      ratio: pairedRatio(product, bare),
      target: null,
    });
    const cost = (share: number, bound: number | null): Result => ({
      name: `An event's cost to its session, p${share * 100}`,
      unit: 'ms',
      product: summarize(told.map((ms) => quantile(ms, share))),
      floor: { name: 'without a journal', value: summarize(untold.map((ms) => quantile(ms, share))) },
      ratio: null,
      target: bound === null ? null : { of: 'value', at: 'most', bound },
    });
    return [
      rate('Events through the journal to one webhook', rates.delivered, 'undici alone', rates.posted),
      rate('Events into the journal', rates.kept, 'SQLite, one by one', rates.inserted),
      cost(0.5, null),
      cost(0.99, 1),
    ];
  },
};
