import { RequestError } from '../../shared/errors.ts';
import { EXPORT_LABELS, type ExportFormat } from '../../shared/recording.ts';
import { type SessionId, type SessionInfo, TRANSITIONS } from '../../shared/session.ts';
import { call, report } from '../connection/core.ts';
import type { PanelSection } from '../store/state.ts';
import { getApp, setApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { showDone, showProblem } from '../toasts/toasts.ts';

export async function keepOpen(id: SessionId): Promise<void> {
  try {
    await call('sessions.keepOpen', { id });
  } catch (error) {
    report(error);
  }
  focusTerminal();
}

export async function extend(id: SessionId): Promise<void> {
  try {
    await call('sessions.extend', { id });
  } catch (error) {
    report(error);
  }
  focusTerminal();
}

/** Whether what is in a session can be stopped where it stands. */
export function canFreeze({ state }: SessionInfo): boolean {
  return state !== 'frozen' && TRANSITIONS[state].includes('frozen');
}

/** Stops everything in the session where it stands. */
export async function freeze(id: SessionId): Promise<void> {
  try {
    await call('sessions.freeze', { id });
  } catch (error) {
    report(error);
  }
  focusTerminal();
}

/** Resumes a frozen session. */
export async function thaw(id: SessionId): Promise<void> {
  try {
    await call('sessions.thaw', { id });
  } catch (error) {
    report(error);
  }
  focusTerminal();
}

/** Saves through the desktop's dialog, or starts the browser's download. */
export async function exportSession(id: SessionId, format: ExportFormat): Promise<void> {
  try {
    const result = await call('sessions.export', { id, format });
    switch (result.outcome) {
      case 'saved':
        showDone(`${EXPORT_LABELS[format]} saved`, `Saved to ${result.file}`);
        return;
      case 'download':
        download(result.path, result.name);
        return;
      case 'cancelled':
        return;
    }
  } catch (error) {
    if (!(error instanceof RequestError)) report(error);
    else {
      const message = error.code === 'unknown_session' ? 'Its recording is no longer kept.' : error.message;
      showProblem({ id: `export:${id}`, severity: 'error', title: 'Nothing was exported', message });
    }
  }
}

function download(path: string, name: string): void {
  const anchor = document.createElement('a');
  anchor.href = path;
  anchor.download = name;
  anchor.hidden = true;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
}

/** Opens the session panel at a part of it, or closes it when it shows that part already. */
export function toggleSessionPanel(section: PanelSection = 'now'): void {
  const { panel } = getApp();
  const shown = panel?.view === 'session' && panel.section === section;
  setApp({ panel: shown ? null : { view: 'session', section } });
}

export function showSessionPanel(section: PanelSection): void {
  setApp({ panel: { view: 'session', section } });
}

export function toggleAbout(): void {
  setApp((state) => ({ panel: state.panel?.view === 'about' ? null : { view: 'about' } }));
}

/** Fetches a session's events; from then on they are kept up to date. */
export async function loadEvents(id: SessionId): Promise<void> {
  if (getApp().events[id] !== undefined) return;
  try {
    const { events, leftOut } = await call('sessions.events', { id });
    setApp((state) =>
      state.sessions[id] === undefined
        ? {}
        : { events: { ...state.events, [id]: events }, eventsLeftOut: { ...state.eventsLeftOut, [id]: leftOut } },
    );
  } catch {
    // The core has forgotten it: the panel says that nothing is kept any more.
    setApp((state) => ({ events: { ...state.events, [id]: [] } }));
  }
}

/** Opens the folder on the desktop; in a browser, shows its path. */
export async function openLogs(): Promise<void> {
  try {
    const { opened, folder } = await call('app.openLogs', {});
    if (!opened) showProblem({ id: 'logs', severity: 'info', title: 'Log files', message: `They are in ${folder}` });
  } catch (error) {
    report(error);
  }
}
