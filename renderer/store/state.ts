import type { BackendStatus } from '../../shared/backends.ts';
import type { AppInfo } from '../../shared/contract.ts';
import type { Running } from '../../shared/running.ts';
import type { SessionEvent, SessionId, SessionInfo } from '../../shared/session.ts';
import type { SettingsView } from '../../shared/settings.ts';
import type { LinkState } from '../connection/core-link.ts';
import type { InputState } from '../terminal/input-queue.ts';
import type { PasteReview } from '../terminal/paste.ts';
import type { TimingSample } from '../time/countdown.ts';

/** The tab of the settings page; no session has this id. */
export const SETTINGS_TAB = 'settings';
/** A session's id, or {@link SETTINGS_TAB}. */
export type TabId = string;

/** The parts of the session panel that something else can open. */
const PANEL_SECTIONS = ['now', 'limits', 'isolation', 'credentials', 'recording', 'events'] as const;
export type PanelSection = (typeof PANEL_SECTIONS)[number];

/** What the panel at the right shows. */
export type PanelState = { view: 'session'; section: PanelSection } | { view: 'about' } | { view: 'recent' } | null;

/** A question that needs an answer before something that cannot be undone. */
export type Question =
  | { kind: 'close'; id: SessionId; title: string; running: Running }
  | { kind: 'restart'; id: SessionId; title: string; running: Running }
  | { kind: 'paste'; id: SessionId; review: PasteReview };

/** A search in a terminal's scrollback. */
export interface FindQuery {
  text: string;
  caseSensitive: boolean;
  /** Whether the text is a regular expression. */
  regex: boolean;
}

export interface AppState {
  link: LinkState;
  /** Whether the core's list has ever arrived. */
  loaded: boolean;
  info: AppInfo | null;
  sessions: Readonly<Record<SessionId, SessionInfo>>;
  samples: Readonly<Record<SessionId, TimingSample>>;
  /** Tabs from left to right. */
  order: readonly SessionId[];
  /** Ended sessions the core keeps nothing of any more. */
  evicted: ReadonlySet<SessionId>;
  /** Sessions that were live here, and that the core does not know since a reconnect. */
  lost: ReadonlySet<SessionId>;
  /** Tabs whose session is being replaced by a new one. */
  replacing: ReadonlySet<SessionId>;
  /** Tabs with output that has not been seen. */
  unseen: ReadonlySet<SessionId>;
  /** Input that takes its time, or did not arrive whole, by session. */
  inputs: Readonly<Record<SessionId, InputState>>;
  /** Events by session, oldest first; only of sessions whose events were asked for. */
  events: Readonly<Record<SessionId, readonly SessionEvent[]>>;
  /** How many of them, between the first and the latest, are not kept. */
  eventsLeftOut: Readonly<Record<SessionId, number>>;
  settings: SettingsView | null;
  /** Raised whenever a session has begun or ended: the list of recent ones has something new. */
  journalVersion: number;
  /** What is available on this machine, by backend; empty until the core has answered. */
  backends: readonly BackendStatus[];
  settingsOpen: boolean;
  active: TabId | null;
  panel: PanelState;
  /** Whether the menu of profiles at the new-tab button is open. */
  profileMenuOpen: boolean;
  renaming: SessionId | null;
  finding: boolean;
  /** The last search in this window. */
  find: FindQuery;
  shortcutsOpen: boolean;
  question: Question | null;
  /** The address of the link under the pointer. */
  hoveredLink: string | null;
  /** What a screen reader is to say next. */
  announcement: string;
}

export const INITIAL_STATE: AppState = {
  link: { state: 'connecting' },
  loaded: false,
  info: null,
  sessions: {},
  samples: {},
  order: [],
  evicted: new Set(),
  lost: new Set(),
  replacing: new Set(),
  unseen: new Set(),
  inputs: {},
  events: {},
  eventsLeftOut: {},
  settings: null,
  journalVersion: 0,
  backends: [],
  settingsOpen: false,
  active: null,
  panel: null,
  profileMenuOpen: false,
  renaming: null,
  finding: false,
  find: { text: '', caseSensitive: false, regex: false },
  shortcutsOpen: false,
  question: null,
  hoveredLink: null,
  announcement: '',
};

/** All tabs from left to right, the settings page last. */
export function tabIds(state: Pick<AppState, 'order' | 'settingsOpen'>): readonly TabId[] {
  return state.settingsOpen ? [...state.order, SETTINGS_TAB] : state.order;
}
