import type { NotificationName, NotificationPayload, WindowCommand } from '../../shared/contract.ts';
import { messageOf } from '../../shared/error-message.ts';
import type { SessionId } from '../../shared/session.ts';
import type { Transport } from '../../shared/transport.ts';
import { takeBackends } from '../backends/actions.ts';
import { reportUnlessGone, startConnection } from '../connection/core.ts';
import type { CoreClient } from '../connection/core-client.ts';
import type { LinkState } from '../connection/core-link.ts';
import { linkMessage } from '../connection/messages.ts';
import { takeHooks, takeHooksFailure } from '../hooks/actions.ts';
import { evicted, happened, listed, removed, reordered, timed } from '../store/reduce.ts';
import { getApp, setApp } from '../store/store.ts';
import { adopt } from '../tabs/adopt.ts';
import { terminals } from '../terminal/window-terminals.ts';
import { showProblem } from '../toasts/toasts.ts';

/** What connects the window to its core. */
export interface CoreEventsOptions {
  connect(): Promise<Transport>;
  /** The desktop's menu asks for a command. */
  command(command: WindowCommand): void;
}

/** Connects, and keeps the state and the terminals up to date from then on. */
export function followCore({ connect, command }: CoreEventsOptions): void {
  const handlers = notificationHandlers(command);
  startConnection({
    connect,
    handlers: {
      notify: (name, payload) => handlers[name](payload),
      opened: (channel, replay) => terminals.opened(channel, replay),
      output: (channel, bytes) => terminals.output(channel, bytes),
      inputSettled: (channel, count, isAccepted) => terminals.inputSettled(channel, count, isAccepted),
      size: (channel, cols, rows) => terminals.sized(channel, cols, rows),
      state: (channel, bytes) => terminals.state(channel, bytes),
      malformed: (detail) => console.error('A message from the core was dropped:', detail),
    },
    opened,
    changed: linkChanged,
    now: () => performance.now(),
  });
}

/** The connection was made or lost: the window shows it, and a screen reader says it once. */
function linkChanged(link: LinkState): void {
  if (link.state === 'lost') terminals.disconnected();
  setApp((before) => {
    const known = before.link.state === 'lost' ? before.link.why : null;
    if (link.state === 'lost' && link.why !== known)
      return { link, announcement: linkMessage(link.why, '', false).title };
    if (link.state === 'open' && known !== null) return { link, announcement: 'Connected to Sandglass again.' };
    return { link };
  });
}

/** Fetches everything the window shows, after each connect. */
async function opened(client: CoreClient): Promise<void> {
  const [info, settings, backends, list] = await Promise.all([
    client.call('app.info', {}),
    client.call('settings.get', {}),
    client.call('backends.status', {}),
    client.call('sessions.list', {}),
  ]);
  setApp({ info });
  takeBackends(backends);
  setApp({ settings });
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
      reportUnlessGone,
    );
  }
  for (const problem of info.problems) showProblem(problem);
  // The page of hooks shows what is wrong if this fails.
  client.call('hooks.list', {}).then(takeHooks, (error: unknown) => takeHooksFailure(messageOf(error)));
}

type NotificationHandlers = { [N in NotificationName]: (payload: NotificationPayload<N>) => void };

function notificationHandlers(command: (command: WindowCommand) => void): NotificationHandlers {
  return {
    sessionChanged: adopt,
    sessionRemoved: ({ id }) => {
      setApp((state) => removed(state, id));
      terminals.remove(id);
    },
    sessionEvicted: ({ id }) => setApp((state) => evicted(state, id)),
    sessionsReordered: ({ ids }) => setApp((state) => reordered(state, ids)),
    sessionEvent: (event) => {
      setApp((state) => happened(state, event));
      if (event.type === 'session:reinstated') showReinstated(event.sessionId);
    },
    timing: (timings) => setApp((state) => timed(state, timings, performance.now())),
    settingsChanged: (settings) => setApp({ settings }),
    backendsChanged: takeBackends,
    hooksChanged: takeHooks,
    screenReaderChanged: ({ running }) =>
      setApp(({ info }) => (info === null ? {} : { info: { ...info, screenReader: running } })),
    problem: showProblem,
    channelClosed: ({ channel, reason }) => terminals.channelClosed(channel, reason),
    command: ({ command: wanted }) => command(wanted),
  };
}

/** The banner that said that a session closes has gone. */
function showReinstated(id: SessionId): void {
  const title = getApp().sessions[id]?.title ?? 'A session';
  showProblem({
    id: `reinstated-${id}`,
    severity: 'info',
    title: `“${title}” stays open`,
    message: 'The policy allows it again.',
  });
}
