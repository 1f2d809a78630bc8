import type { BackendStatus } from '../../shared/backends.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  NotificationName,
  NotificationPayload,
  WindowCommand,
} from '../../shared/contract.ts';
import { messageOf } from '../../shared/error-message.ts';
import { RequestError } from '../../shared/errors.ts';
import type { HooksView } from '../../shared/hooks.ts';
import type { SessionInfo } from '../../shared/session.ts';
import type { SettingsView } from '../../shared/settings.ts';
import type { Transport } from '../../shared/transport.ts';
import { engineNews, settled } from '../backends/engine-notices.ts';
import { useHooks } from '../hooks/state.ts';
import { changed, evicted, happened, inputTold, listed, removed, reordered, timed } from '../store/reduce.ts';
import { getApp, setApp } from '../store/store.ts';
import { Terminals } from '../terminal/terminals.ts';
import { showProblem } from '../toasts/toasts.ts';
import { desktopBridge } from './bridge.ts';
import type { EngineClient } from './core-client.ts';
import { EngineLink, type LinkState } from './core-link.ts';
import { linkMessage } from './messages.ts';

/** What the engine's connection hands to the rest of the window. */
export interface EngineOptions {
  connect(): Promise<Transport>;
  command(command: WindowCommand): void;
  /** False: the key is the window's, and does not go to the program. */
  filterKeys(event: KeyboardEvent): boolean;
}

let link: EngineLink | undefined;
let options: EngineOptions | undefined;
/** The backends as they were last known for certain. */
let settledBackends: readonly BackendStatus[] = [];

/** The window's terminals. */
export const terminals = new Terminals({
  attach: (id) => call('sessions.attach', { id }),
  attachFailed: (_id, error) => {
    // An ended session whose output is no longer held: its card says so. Lost connections are told by the banner.
    if (error instanceof RequestError && error.code !== 'unknown_session') report(error);
  },
  sendFrame: (frame) => link?.sendFrame(frame),
  resized: (id, cols, rows) => void call('sessions.resize', { id, cols, rows }).catch(ignoreGone),
  sawOutput: (id) => setApp((state) => ({ unseen: new Set(state.unseen).add(id) })),
  linkHovered: (uri) => setApp({ hoveredLink: uri }),
  askBeforePaste: (id, review) => setApp({ question: { kind: 'paste', id, review } }),
  pathOf: (file) => desktopBridge()?.pathOf?.(file) || file.name,
  inputChanged: (id, state) => setApp((app) => inputTold(app, id, state)),
  platformOf: (id) => {
    const { sessions, info } = getApp();
    // Sandboxes and containers run Linux, whatever the window runs on.
    return sessions[id]?.backend === 'pty' ? (info?.platform ?? 'linux') : 'linux';
  },
  filterKeys: (event) => options?.filterKeys(event) ?? true,
});

/** Connects, and keeps the state and the terminals up to date from then on. */
export function startEngine(with_: EngineOptions): void {
  options = with_;
  link = new EngineLink({
    connect: with_.connect,
    handlers: {
      notify,
      output: (channel, bytes) => terminals.output(channel, bytes),
      inputSettled: (channel, count, isAccepted) => terminals.inputSettled(channel, count, isAccepted),
      size: (channel, cols, rows) => terminals.sized(channel, cols, rows),
      state: (channel, bytes) => terminals.state(channel, bytes),
      malformed: (detail) => console.error('A message from the engine was dropped:', detail),
    },
    opened,
    changed: linkChanged,
    now: () => performance.now(),
  });
  link.start();
}

/** The connection was made or lost: the window says so, and a screen reader once. */
function linkChanged(link: LinkState): void {
  setApp((before) => {
    const known = before.link.state === 'lost' ? before.link.why : null;
    if (link.state === 'lost' && link.why !== known)
      return { link, announcement: linkMessage(link.why, '', false).title };
    if (link.state === 'open' && known !== null) return { link, announcement: 'Connected to Sandglass again.' };
    return { link };
  });
}

/** Makes a request. @throws RequestError when refused, DisconnectedError without a connection. */
export async function call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> {
  if (link === undefined) throw new RequestError('internal', 'The window is not connected yet.');
  return link.call(method, input);
}

/** Reconnects at once instead of when the pause is over. */
export function retryNow(): void {
  link?.retryNow();
}

/** Tells the user that a request failed. */
export function report(error: unknown): void {
  const message = messageOf(error);
  showProblem({ id: `request:${message}`, severity: 'error', title: 'That did not work', message });
}

async function opened(client: EngineClient): Promise<void> {
  const [info, settings, backends, list] = await Promise.all([
    client.call('app.info', {}),
    client.call('settings.get', {}),
    client.call('backends.status', {}),
    client.call('sessions.list', {}),
  ]);
  setApp({ info });
  applyBackends(backends);
  applySettings(settings);
  const before = new Set(getApp().order);
  setApp((state) => listed(state, list, performance.now()));
  terminals.reconnected(list.map((session) => session.id).filter((id) => before.has(id)));
  for (const session of list) {
    const view = terminals.ensure(session);
    if (session.end !== null) view.ended();
  }
  for (const id of Object.keys(getApp().events)) {
    void client.call('sessions.events', { id }).then(
      ({ events, leftOut }) =>
        setApp((state) => ({
          events: { ...state.events, [id]: events },
          eventsLeftOut: { ...state.eventsLeftOut, [id]: leftOut },
        })),
      ignoreGone,
    );
  }
  for (const problem of info.problems) showProblem(problem);
  // The page of hooks says what is wrong where this fails.
  client.call('hooks.list', {}).then(applyHooks, (error: unknown) => {
    useHooks.setState({ view: null, failure: messageOf(error) });
  });
}

/** Takes in what is known of a session, new or not. */
export function adopt(info: SessionInfo): void {
  setApp((state) => changed(state, info, performance.now()));
  const view = terminals.ensure(info);
  if (info.end !== null) view.ended();
}

const handlers: { [N in NotificationName]: (payload: NotificationPayload<N>) => void } = {
  sessionChanged: adopt,
  sessionRemoved: ({ id }) => {
    setApp((state) => removed(state, id));
    terminals.remove(id);
  },
  sessionEvicted: ({ id }) => setApp((state) => evicted(state, id)),
  sessionsReordered: ({ ids }) => setApp((state) => reordered(state, ids)),
  sessionEvent: (event) => setApp((state) => happened(state, event)),
  timing: (timings) => setApp((state) => timed(state, timings, performance.now())),
  settingsChanged: applySettings,
  backendsChanged: applyBackends,
  hooksChanged: applyHooks,
  screenReaderChanged: ({ running }) =>
    setApp(({ info }) => (info === null ? {} : { info: { ...info, screenReader: running } })),
  problem: showProblem,
  channelClosed: ({ channel, reason }) => terminals.channelClosed(channel, reason),
  command: ({ command }) => options?.command(command),
};

function notify<N extends NotificationName>(name: N, payload: NotificationPayload<N>): void {
  handlers[name](payload);
}

function applySettings(settings: SettingsView): void {
  setApp({ settings });
}

function applyHooks(view: HooksView): void {
  useHooks.setState({ view, failure: null });
}

function applyBackends(backends: readonly BackendStatus[]): void {
  setApp({ backends });
  const before = settledBackends;
  settledBackends = settled(before, backends);
  const news = engineNews(before, { ...getApp(), backends: settledBackends });
  if (news !== null) showProblem(news);
}

/** For requests about a session that may just have gone: then there is nothing to do and nothing to tell. */
function ignoreGone(error: unknown): void {
  if (error instanceof RequestError && error.code !== 'unknown_session') report(error);
}
