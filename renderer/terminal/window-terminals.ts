import { desktopBridge } from '../connection/bridge.ts';
import { call, reportUnlessGone, sendFrame } from '../connection/core.ts';
import { inputUpdated } from '../store/reduce.ts';
import { getApp, setApp } from '../store/store.ts';
import { Terminals } from './terminals.ts';

let keyFilter: (event: KeyboardEvent) => boolean = () => true;

/** Sets which keys terminals may have. `filter` returns false for a key that belongs to the window. */
export function setKeyFilter(filter: (event: KeyboardEvent) => boolean): void {
  keyFilter = filter;
}

/** The window's terminals. */
export const terminals = new Terminals({
  attach: (id, channel) => call('sessions.attach', { id, channel }),
  // An ended session whose output is no longer kept says so on its card, and the banner reports a lost connection.
  attachFailed: (_id, error) => reportUnlessGone(error),
  sendFrame,
  resized: (id, cols, rows) => void call('sessions.resize', { id, cols, rows }).catch(reportUnlessGone),
  sawOutput: (id) => setApp((state) => ({ unseen: new Set(state.unseen).add(id) })),
  linkHovered: (uri) => setApp({ hoveredLink: uri }),
  askBeforePaste: (id, review) => setApp({ question: { kind: 'paste', id, review } }),
  pathOf: (file) => desktopBridge()?.pathOf?.(file) || file.name,
  inputChanged: (id, state) => setApp((app) => inputUpdated(app, id, state)),
  platformOf: (id) => {
    const { sessions, info } = getApp();
    // Sandboxes and containers run Linux, whatever the window runs on.
    return sessions[id]?.backend === 'pty' ? (info?.platform ?? 'linux') : 'linux';
  },
  filterKeys: (event) => keyFilter(event),
});
