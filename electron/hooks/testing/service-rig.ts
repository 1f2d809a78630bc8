import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Delivery, HookInfo, HooksView } from '../../../shared/hooks.ts';
import type { Problem } from '../../../shared/settings.ts';
import type { Clock } from '../../base/clock.ts';
import { SystemClock } from '../../base/clock.ts';
import type { HookService, HookTracker } from '../../journal/hook-service.ts';
import type { SessionRecord } from '../../journal/journal.ts';
import { endEntry, extendedEntry, record, sessionId, startEntry } from '../../journal/testing/entries.ts';
import { type OpenStore, openStore } from '../../journal/testing/open-store.ts';
import { TestClock } from '../../sessions/testing/test-clock.ts';
import { createHookService } from '../service.ts';
import { HookFolders } from './hook-folders.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A `hook.yaml` of a webhook. */
export function webhookYaml(url: string, more = '', events = '"*"'): string {
  return `events: [${events}]\nwebhook:\n  url: ${url}\n  secrets: [${SECRET}]\n${more}`;
}

/** The service of hooks with a folder and a journal on the disk. A run of the app is one `open` and one `close`. */
export class ServiceRig implements AsyncDisposable {
  readonly folders = new HookFolders();
  readonly problems: Problem[] = [];
  readonly views: HooksView[] = [];
  readonly runs = new Set<string>();
  readonly logged: string[] = [];
  readonly clock: Clock;
  readonly #data = mkdtempSync(join(tmpdir(), 'sandglass-hook-service-'));
  #store: OpenStore | null = null;
  #service: HookService | null = null;
  #changed: (() => void)[] = [];

  constructor(clock: Clock = new SystemClock()) {
    this.clock = clock;
  }

  get store(): OpenStore {
    if (this.#store === null) throw new Error('The app does not run');
    return this.#store;
  }

  get service(): HookService {
    if (this.#service === null) throw new Error('The app does not run');
    return this.#service;
  }

  open(environment: Record<string, string | undefined> = process.env): HookService {
    this.#store = openStore(this.#data, {
      now: () => this.clock.wall(),
      envelope: ({ event }) => {
        const reason = event.type === 'session:end' ? event.end.reason : null;
        return JSON.stringify({
          specversion: '1.0',
          id: event.id,
          type: event.type,
          data: { id: event.sessionId, reason },
        });
      },
    });
    const log = (details: object, message: string): void => {
      this.logged.push(`${message} ${inspect(details, { depth: 8 })}`);
    };
    const tracker: HookTracker = {
      started: async (run) => void this.runs.add(run),
      ended: (run) => this.runs.delete(run),
    };
    this.#service = createHookService({
      folder: this.folders.root,
      outbox: this.#store.store.deliveries,
      source: 'urn:sandglass:test',
      logger: { debug: log, info: log, warn: log, error: log },
      environment,
      tracker,
      clock: this.clock,
      random: Math.random,
      onChange: (view) => {
        this.views.push(view);
        for (const each of this.#changed.splice(0)) each();
      },
      onProblem: (problem) => this.problems.push(problem),
    });
    this.#store.wanting = (event) => this.service.subscribers(event);
    return this.#service;
  }

  /** A session's start, so many extensions and its end, as the journal keeps them. */
  session(extensions = 0, previous: SessionRecord | null = null): SessionRecord {
    const known = record(sessionId(), { startedAt: this.clock.wall(), previousId: previous?.id ?? null });
    const more = Array.from({ length: extensions }, () => extendedEntry(known));
    const entries = [startEntry(known), ...more, endEntry(known, { reason: 'idle_timeout' })];
    this.store.store.write(entries.map((entry) => ({ kind: 'event', entry })));
    this.service.wake();
    return known;
  }

  info(name: string): HookInfo {
    const found = this.service.view().hooks.find((each) => each.name === name);
    if (found === undefined) throw new Error('There is no such hook');
    return found;
  }

  list(name: string): readonly Delivery[] {
    return this.store.store.deliveries.list(name, null, 100_000).toReversed();
  }

  /** Resolves when this holds; checked at each notification of windows. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  async close(): Promise<void> {
    const closed = this.#service?.close();
    if (this.clock instanceof TestClock) await this.clock.advance(1_000);
    await closed;
    this.#service = null;
    this.#store?.[Symbol.dispose]();
    this.#store = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.folders[Symbol.dispose]();
    rmSync(this.#data, { recursive: true });
  }
}
