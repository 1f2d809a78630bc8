import { describeDuration } from '../../shared/duration.ts';
import {
  describeEnd,
  type SessionEvent,
  type SessionId,
  type SessionInfo,
  type SessionTiming,
} from '../../shared/session.ts';
import type { InputState } from '../terminal/input-queue.ts';
import { inputMessage } from '../terminal/messages.ts';
import { type AppState, SETTINGS_TAB, type TabId, tabIds } from './state.ts';

/** A change of the state; what it does not name stays. */
export type Change = Partial<AppState>;

/** The core's whole list, at the start and after each reconnect. What it no longer knows keeps its tab. */
export function listed(state: AppState, list: readonly SessionInfo[], now: number): Change {
  const sessions: Record<SessionId, SessionInfo> = {};
  const samples = { ...state.samples };
  for (const info of list) {
    sessions[info.id] = info;
    samples[info.id] = { timing: info.timing, at: now };
  }
  const listedIds = list.map((info) => info.id);
  const lost = new Set<SessionId>();
  const evicted = new Set<SessionId>();
  const kept = state.order.filter((id) => sessions[id] === undefined);
  for (const id of kept) {
    const info = state.sessions[id];
    if (info === undefined) continue;
    sessions[id] = info;
    (info.end === null ? lost : evicted).add(id);
    // Nothing counts in it any more.
    delete samples[id];
  }
  const order = mergeOrder(state.order, listedIds);
  const active = state.active !== null && tabExists(state, order, state.active) ? state.active : (order[0] ?? null);
  return { sessions, samples, order, lost, evicted, active, loaded: true };
}

/** Tabs the core no longer lists stay where they were among the others. */
function mergeOrder(before: readonly SessionId[], listedIds: readonly SessionId[]): SessionId[] {
  const known = new Set(listedIds);
  const order = [...listedIds];
  before.forEach((id, index) => {
    if (!known.has(id)) order.splice(Math.min(index, order.length), 0, id);
  });
  return order;
}

function tabExists(state: AppState, order: readonly SessionId[], tab: TabId): boolean {
  return tab === SETTINGS_TAB ? state.settingsOpen : order.includes(tab);
}

/** A session is new, or changed. */
export function changed(state: AppState, info: SessionInfo, now: number): Change {
  const known = state.sessions[info.id] !== undefined;
  const result: Change = {
    sessions: { ...state.sessions, [info.id]: info },
    samples: { ...state.samples, [info.id]: { timing: info.timing, at: now } },
  };
  if (!known) result.order = [...state.order, info.id];
  if (!known && state.active === null) result.active = info.id;
  const announcement = announce(state.sessions[info.id], info);
  if (announcement !== null) result.announcement = announcement;
  return result;
}

/** What of this change is worth saying aloud; null: nothing. */
export function announce(before: SessionInfo | undefined, after: SessionInfo): string | null {
  if (before === undefined) return null;
  if (before.end === null && after.end !== null) {
    return `${after.title} ended: ${describeEnd(after.end)}.`;
  }
  if (before.state !== 'frozen' && after.state === 'frozen') {
    if (after.frozenBy === null) return `${after.title} is frozen.`;
    const thaw = describeDuration(after.limits.values.thawWindowSeconds);
    return `${after.title} is frozen because its time is up. It closes in ${thaw} unless you thaw it.`;
  }
  if (before.state === 'frozen' && after.state !== 'frozen' && after.end === null) return `${after.title} continues.`;
  const wanting = after.credentials.find(
    ({ env, state }) => state !== 'ready' && before.credentials.find((other) => other.env === env)?.state !== state,
  );
  if (wanting !== undefined) return `${after.title}: the credential ${wanting.env} is ${wanting.state}.`;
  const stage = after.warning;
  if (stage !== null && (before.warning?.stage !== stage.stage || before.warning.deadline !== stage.deadline)) {
    const left = stage.beforeSeconds >= 120 ? `${Math.round(stage.beforeSeconds / 60)} minutes` : null;
    const why = after.revocation === null ? '' : ` ${after.revocation}.`;
    return `${after.title} closes in ${left ?? `${stage.beforeSeconds} seconds`}.${why}`;
  }
  return null;
}

/** Its tab goes; what was opened in its place, else the neighbour to the right, else to the left, becomes the active one. */
export function removed(state: AppState, id: SessionId): Change {
  const info = state.sessions[id];
  if (info === undefined) return {};
  const order = state.order.filter((other) => other !== id);
  const result: Change = {
    sessions: without(state.sessions, id),
    samples: without(state.samples, id),
    events: without(state.events, id),
    inputs: without(state.inputs, id),
    eventsLeftOut: without(state.eventsLeftOut, id),
    order,
    evicted: withoutMember(state.evicted, id),
    lost: withoutMember(state.lost, id),
    unseen: withoutMember(state.unseen, id),
    replacing: withoutMember(state.replacing, id),
  };
  if (state.renaming === id) result.renaming = null;
  if (state.question?.id === id) result.question = null;
  if (state.active === id) {
    const tabs = tabIds({ order, settingsOpen: state.settingsOpen });
    result.active =
      (wasReset(info) ? successorOf(state, id)?.id : undefined) ??
      tabs[Math.min(state.order.indexOf(id), tabs.length - 1)] ??
      null;
  }
  return result;
}

/** Whether a session ended in order to be replaced. */
function wasReset({ end }: SessionInfo): boolean {
  return end?.reason === 'auto_reset' || end?.reason === 'reset';
}

/** The live session that was opened in the place of another; null: there is none. */
export function successorOf({ sessions }: Pick<AppState, 'sessions'>, id: SessionId): SessionInfo | null {
  return Object.values(sessions).find(({ previousId, end }) => previousId === id && end === null) ?? null;
}

/** `next` stands where the tab of `id` stands, right before it, until that one is removed. */
export function placedAt(order: readonly SessionId[], id: SessionId, next: SessionId): readonly SessionId[] {
  const others = order.filter((other) => other !== next);
  const at = others.indexOf(id);
  return others.toSpliced(at < 0 ? others.length : at, 0, next);
}

/** Marks whether `id` is being replaced by a new session. */
export function replacing(state: AppState, id: SessionId, yes: boolean): Change {
  return { replacing: yes ? new Set(state.replacing).add(id) : withoutMember(state.replacing, id) };
}

/** The core forgot an ended session; its tab stays. */
export function evicted(state: AppState, id: SessionId): Change {
  return state.sessions[id] === undefined ? {} : { evicted: new Set(state.evicted).add(id) };
}

/** The core's order; tabs it does not name keep their place among the others. */
export function reordered(state: AppState, ids: readonly SessionId[]): Change {
  return {
    order: mergeOrder(
      state.order,
      ids.filter((id) => state.sessions[id] !== undefined),
    ),
  };
}

/** Input of a session takes its time, or did not arrive whole; null: there is nothing to show any more. */
export function inputUpdated(state: AppState, id: SessionId, input: InputState | null): Change {
  const info = state.sessions[id];
  const before = state.inputs[id];
  if (info === undefined || input === null) return before === undefined ? {} : { inputs: without(state.inputs, id) };
  const inputs = { ...state.inputs, [id]: input };
  // What only grows is said once.
  if (before?.kind === input.kind && input.kind !== 'stopped') return { inputs };
  const { title, detail } = inputMessage(input, info.state === 'frozen');
  const hint = input.kind === 'sending' ? ' Press Escape to cancel.' : '';
  return { inputs, announcement: `${info.title}: ${title} ${detail}${hint}` };
}

/** New timing of some sessions. */
export function timed(state: AppState, timings: readonly SessionTiming[], now: number): Change {
  const samples = { ...state.samples };
  for (const timing of timings) {
    if (state.sessions[timing.id] !== undefined) samples[timing.id] = { timing, at: now };
  }
  return { samples };
}

/** An event happened; it is kept where events are being shown. */
export function happened(state: AppState, event: SessionEvent): Change {
  const known = state.events[event.sessionId];
  const journal =
    event.type === 'session:start' || event.type === 'session:end' ? { journalVersion: state.journalVersion + 1 } : {};
  if (known === undefined || known.some((other) => other.id === event.id)) return journal;
  return { ...journal, events: { ...state.events, [event.sessionId]: [...known, event] } };
}

/** The order with `id` moved by `offset` places, kept within its ends. */
export function moved(order: readonly SessionId[], id: SessionId, offset: number): readonly SessionId[] {
  const from = order.indexOf(id);
  const to = Math.min(order.length - 1, Math.max(0, from + offset));
  if (from < 0 || from === to) return order;
  const result = order.filter((other) => other !== id);
  result.splice(to, 0, id);
  return result;
}

/** The tab `offset` places from the active one, round the ends. */
export function neighbour(state: AppState, offset: number): TabId | null {
  const tabs = tabIds(state);
  if (tabs.length === 0) return null;
  const index = state.active === null ? 0 : tabs.indexOf(state.active);
  return tabs[(index + offset + tabs.length * Math.abs(offset)) % tabs.length] ?? null;
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

function withoutMember<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  if (!set.has(member)) return set;
  const copy = new Set(set);
  copy.delete(member);
  return copy;
}
