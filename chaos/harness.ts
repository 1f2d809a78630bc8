import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { processesRunning } from '../e2e/runner/processes.ts';
import { RawSocket } from '../e2e/runner/raw-socket.ts';
import { type ServedApp, serve } from '../e2e/runner/web-host.ts';
import { CREDENTIAL, chaosHome, chaosProfiles, hookMark, SURVIVOR } from './chaos-home.ts';
import { driveApp, type Use } from './load.ts';
import { Random } from './random.ts';
import { Receiver, SECRET } from './receiver.ts';
import {
  checkEvents,
  checkJournal,
  checkNothingLeft,
  checkRecordings,
  eventsInJournal,
  type Violations,
} from './verify.ts';

export interface ChaosOptions {
  /** How often the app is killed. */
  readonly kills: number;
  /** Repeats the choices of an earlier run; the machine's own timing is never the same. */
  readonly seed: number;
  /** Sessions kept open at once. */
  readonly sessions: number;
  log(line: string): void;
}

export interface ChaosReport {
  readonly violations: Violations;
  readonly sessions: number;
  readonly events: number;
  readonly received: number;
  readonly repeated: number;
  readonly faults: number;
  /** Sessions that went on in the next app, each time counted. */
  readonly reattached: number;
  /** Sessions that were opened in the place of one that had ended. */
  readonly followed: number;
  /** Openings that were refused because too many were running. */
  readonly refused: number;
  /** Ends by their reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** How long an app may take to start, in milliseconds. */
const START_MS = 60_000;
/** How long the last app may take to settle everything, in milliseconds. */
const SETTLE_MS = 60_000;
/** How long what is left may take to go, in milliseconds: the promise is 5 s, and the machine is busy. */
const GONE_MS = 20_000;
const POLL_MS = 200;

const hooksSchema = z.looseObject({
  hooks: z.array(
    z.looseObject({
      name: z.string(),
      state: z.string(),
      message: z.string().nullable(),
      pending: z.number(),
      deadLetters: z.number(),
    }),
  ),
});
const sessionsSchema = z.array(z.looseObject({ id: z.string(), state: z.string() }));
const historySchema = z.array(z.looseObject({ id: z.string(), end: z.unknown() }));

/**
 * Uses the app as many people at once would, kills it with SIGKILL at random moments (while it starts and recovers, while
 * it is used, and while it quits), starts it again, and at last checks what Sandglass promises.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { log } = options;
  const random = new Random(options.seed);
  await using receiver = await Receiver.start(SECRET, random.between(0, 2 ** 31));
  await using home = await chaosHome(receiver.url, options.sessions);
  const environment = home.environment({ SANDGLASS_LOG_LEVEL: 'info' });
  const profiles = chaosProfiles().map(({ id }) => id);
  // Those that outlive the app more often than others: they have the most to get wrong.
  const picked = profiles.flatMap((id) => (id === SURVIVOR ? [id, id, id] : [id]));
  const violations: Violations = [];
  const uses: Use[] = [];

  for (let kill = 1; kill <= options.kills; kill += 1) {
    const app = serve(environment);
    const isFirst = kill === 1 && profiles.includes(SURVIVOR);
    const when = isFirst
      ? await leaveSurvivor(app)
      : await driveAndKill(app, random.fork(), picked, options.sessions, uses);
    log(`kill ${kill} of ${options.kills}: ${when}; the receiver has ${receiver.events.length} events`);
    violations.push(...checkJournal(home));
    // The next one may meet what the reaper has not ended yet.
    if (random.chance(0.5)) await delay(random.between(0, 1_500));
  }

  receiver.calm = true;
  violations.push(...(await settle(serve(environment), receiver)));
  const kept = eventsInJournal(home);
  violations.push(...checkEvents(kept, receiver), ...(await checkRecordings(home, kept, [CREDENTIAL])));
  const ids = kept.map(({ sessionId }) => sessionId);
  violations.push(...(await within(GONE_MS, () => checkNothingLeft(home, ids))));
  violations.push(
    ...(await within(GONE_MS, async () =>
      processesRunning(hookMark(home)).map(({ pid, command }) => `process ${pid} of a hook is left: ${command}`),
    )),
  );
  if ((await home.log()).includes(CREDENTIAL)) violations.push('the log holds a credential');
  const reasons: Record<string, number> = {};
  for (const { reason } of receiver.events) if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    violations,
    sessions: kept.filter(({ type }) => type === 'session:start').length,
    events: kept.length,
    received: receiver.events.length,
    repeated: receiver.repeated,
    faults: receiver.faults,
    reattached: receiver.events.filter(({ event }) => event === 'session:reattached').length,
    followed: uses.reduce((sum, { followed }) => sum + followed, 0),
    refused: uses.reduce((sum, { refused }) => sum + refused, 0),
    reasons,
  };
}

/** Kills the app when a session runs that is to outlive it. Gives the moment of the kill, in words. */
async function leaveSurvivor(app: ServedApp): Promise<string> {
  const socket = await connect(app);
  const { r } = await socket.call('sessions.open', { profileId: SURVIVOR, cols: 80, rows: 24 });
  const { id } = sessionsSchema.element.parse(r);
  const wrong = await within(START_MS, async () => {
    const sessions = sessionsSchema.parse((await socket.call('sessions.list', {})).r);
    const history = historySchema.parse((await socket.call('history.list', { limit: 10 })).r);
    const runs = sessions.some((one) => one.id === id && (one.state === 'waiting' || one.state === 'running'));
    return runs && history.some((one) => one.id === id) ? [] : [`${id} does not run`];
  });
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  app.child.kill('SIGKILL');
  await app.exited;
  return 'when a session ran that outlives it';
}

/** Gives the moment of the kill, in words. */
async function driveAndKill(
  app: ServedApp,
  random: Random,
  profiles: readonly string[],
  sessions: number,
  uses: Use[],
): Promise<string> {
  const ending = new AbortController();
  const kill = async (ms: number, words: string): Promise<string> => {
    await delay(ms);
    app.child.kill('SIGKILL');
    ending.abort();
    await app.exited;
    return `${words}, after ${ms} ms`;
  };
  if (random.chance(0.2)) {
    app.nextLink().catch(() => {});
    return kill(random.between(50, 2_500), 'while it started');
  }
  const socket = await connect(app);
  const use = driveApp(socket, { random, profiles, sessions, signal: ending.signal });
  if (random.chance(0.15)) {
    await delay(random.between(200, 2_000));
    app.child.kill('SIGTERM');
    const when = await kill(random.between(0, 600), 'while it quit');
    uses.push(await use);
    return when;
  }
  // Containers take their time to start.
  const when = await kill(random.between(0, random.chance(0.5) ? 2_000 : 6_000), 'while it was used');
  const used = await use;
  const { opened, done } = used;
  uses.push(used);
  return `${when}, ${opened} sessions opened, ${done} requests`;
}

/** The last app: waits until nothing runs and nothing is pending, and quits it. */
async function settle(app: ServedApp, receiver: Receiver): Promise<Violations> {
  const violations: Violations = [];
  const socket = await connect(app);
  const ask = async <T>(method: string, schema: z.ZodType<T>, input: object = {}): Promise<T> => {
    const { r, e } = await socket.call(method, input);
    if (e !== undefined) throw new Error(`${method}: ${e.message}`);
    return schema.parse(r);
  };
  violations.push(
    ...(await within(SETTLE_MS, async () => {
      // Also those that come back only now.
      for (const { id, state } of await ask('sessions.list', sessionsSchema)) {
        if (state !== 'ended' && state !== 'closing') await socket.call('sessions.close', { id, force: true });
      }
      const { hooks } = await ask('hooks.list', hooksSchema);
      const history = await ask('history.list', historySchema, { limit: 200 });
      return [
        ...history.flatMap(({ id, end }) => (end === null ? [`${id} has no end`] : [])),
        ...hooks.flatMap(({ name, pending, state, message }) => [
          ...(pending > 0 ? [`${pending} deliveries to ${name} are still pending`] : []),
          ...(state === 'ready' ? [] : [`${name} is ${state}: ${message}`]),
        ]),
      ];
    })),
  );
  const { hooks } = await ask('hooks.list', hooksSchema);
  for (const { name, deadLetters } of hooks) {
    if (deadLetters > 0) violations.push(`${deadLetters} deliveries to ${name} failed for good`);
  }
  if (receiver.events.length === 0) violations.push('the receiver was told nothing');
  app.child.kill('SIGTERM');
  await app.exited;
  return violations;
}

async function connect(app: ServedApp): Promise<RawSocket> {
  const timeout = new AbortController();
  const late = delay(START_MS, null, { signal: timeout.signal }).then(() => {
    throw new Error('The app did not start in time');
  });
  late.catch(() => {});
  try {
    const link = await Promise.race([app.nextLink(), late]);
    const { origin } = new URL(link);
    const answer = await fetch(link, { redirect: 'manual' });
    const cookie = answer.headers
      .getSetCookie()
      .map((text) => text.split(';')[0] ?? '')
      .join('; ');
    return await RawSocket.open(origin, { origin, cookie });
  } finally {
    timeout.abort();
  }
}

/** Looks until nothing is wrong any more, or the time is over; gives what is wrong then. */
async function within(ms: number, look: () => Promise<Violations>): Promise<Violations> {
  const until = performance.now() + ms;
  for (;;) {
    const wrong = await look();
    if (wrong.length === 0 || performance.now() > until) return wrong;
    await delay(POLL_MS);
  }
}
