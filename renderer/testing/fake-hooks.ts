import { RequestError } from '../../shared/errors.ts';
import type { Delivery, DeliveryState, HookInfo, HooksView } from '../../shared/hooks.ts';
import { fakeId } from './fake-session.ts';

const START = Date.now();
const FOLDER = '/home/you/.config/Sandglass/hooks';

function delivery(id: number, hook: string, change: Partial<Delivery> = {}): Delivery {
  return {
    id,
    hook,
    eventId: `evt-${id}`,
    event: 'session:end',
    sessionId: fakeId((id % 4) + 1),
    createdAt: START - id * 137_000,
    state: 'delivered',
    attempts: 1,
    lastAt: START - id * 137_000 + 400,
    nextAt: null,
    outcome: '204 No Content in 0.1 s',
    ...change,
  };
}

function hook(name: string, change: Partial<HookInfo> = {}): HookInfo {
  return {
    name,
    kind: 'webhook',
    target: 'https://ops.example.org/sandglass/events',
    events: ['session:start', 'session:end'],
    state: 'ready',
    message: null,
    pending: 0,
    deadLetters: 0,
    last: null,
    ...change,
  };
}

/** Made-up deliveries, the latest first: two that are pending, two that failed, one dropped, many delivered. */
function deliveriesOf(name: string): Delivery[] {
  switch (name) {
    case 'ops-channel':
      return [
        delivery(1, name, {
          event: 'session:warning',
          state: 'pending',
          attempts: 3,
          nextAt: START + 95_000,
          outcome: '503 Service Unavailable in 1.2 s',
        }),
        delivery(2, name, { state: 'pending', attempts: 0, lastAt: null, nextAt: null, outcome: null }),
        delivery(3, name, { state: 'dead-letter', attempts: 12, outcome: 'timed out after 10 s' }),
        delivery(4, name, {
          event: 'session:start',
          state: 'dead-letter',
          attempts: 12,
          outcome: 'connection refused',
        }),
        delivery(5, name, { state: 'dropped', attempts: 2, outcome: 'its hook was removed' }),
        ...Array.from({ length: 50 }, (_, index) =>
          delivery(6 + index, name, index % 3 === 0 ? { event: 'session:start' } : {}),
        ),
      ];
    case 'audit-log':
      return Array.from({ length: 4 }, (_, index) =>
        delivery(100 + index, name, { outcome: 'exit status 0 in 0.03 s' }),
      );
    case 'old-service':
      return [delivery(200, name, { state: 'dead-letter', outcome: '410 Gone in 0.2 s' })];
    default:
      return [];
  }
}

/** The made-up machine's hooks, by `?hooks=`: `some`, `none`, or `failing`, which cannot be read. */
export class FakeHooks {
  #hooks: HookInfo[];
  readonly #deliveries = new Map<string, Delivery[]>();
  readonly #kind: string;
  #nextId = 1_000;

  constructor(kind: string) {
    this.#kind = kind;
    this.#hooks =
      kind === 'some'
        ? [
            hook('audit-log', { kind: 'run', target: 'append-to-log', events: ['session:*'] }),
            hook('broken-yaml', {
              kind: null,
              target: '',
              events: [],
              state: 'broken',
              message: 'hook.yaml, line 3: “event” is not known. Did you mean “events”?',
            }),
            hook('old-service', {
              state: 'gone',
              message:
                'The endpoint answered 410 Gone and gets no more events. Turn the hook on again to resume sending.',
              deadLetters: 1,
            }),
            hook('ops-channel', {
              events: ['session:start', 'session:warning', 'session:end'],
              pending: 2,
              deadLetters: 2,
            }),
            hook('quiet', { kind: 'run', target: 'notify.sh', state: 'disabled' }),
          ]
        : [];
    for (const { name } of this.#hooks) this.#deliveries.set(name, deliveriesOf(name));
  }

  view(): HooksView {
    if (this.#kind === 'failing') throw new RequestError('internal', 'The journal is locked by another process.');
    return { folder: FOLDER, hooks: this.#hooks };
  }

  deliveries(name: string, state: DeliveryState | undefined, limit: number): Delivery[] {
    const all = this.#deliveries.get(name) ?? [];
    return all.filter((entry) => state === undefined || entry.state === state).slice(0, limit);
  }

  test(name: string): Delivery {
    this.#nextId += 1;
    const sent = delivery(this.#nextId, name, { event: 'hook:test', sessionId: null, createdAt: Date.now() });
    this.#deliveries.set(name, [sent, ...(this.#deliveries.get(name) ?? [])]);
    return sent;
  }

  /** Gives how many are pending again. */
  sendAgain(name: string, id: number | null): number {
    const chosen = (entry: Delivery): boolean => entry.state === 'dead-letter' && (id === null || entry.id === id);
    const all = this.#deliveries.get(name) ?? [];
    this.#deliveries.set(
      name,
      all.map((entry) => (chosen(entry) ? { ...entry, state: 'pending', nextAt: Date.now() } : entry)),
    );
    const count = all.filter(chosen).length;
    this.#change(name, (info) => ({ pending: info.pending + count, deadLetters: info.deadLetters - count }));
    return count;
  }

  enable(name: string): void {
    this.#change(name, () => ({ state: 'ready', message: null }));
  }

  /** Somebody has changed the folder: a hook is new, or was removed. */
  replace(names: readonly string[]): void {
    this.#hooks = names.map((name) => this.#hooks.find((info) => info.name === name) ?? hook(name));
  }

  /** A delivery of this hook has come to something. */
  settle(name: string, id: number, change: Partial<Delivery>): void {
    const all = this.#deliveries.get(name) ?? [];
    this.#deliveries.set(
      name,
      all.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
    );
    this.#change(name, (info) => ({ pending: Math.max(0, info.pending - 1) }));
  }

  #change(name: string, change: (info: HookInfo) => Partial<HookInfo>): void {
    this.#hooks = this.#hooks.map((info) => (info.name === name ? { ...info, ...change(info) } : info));
  }
}
