import { expect, type Locator, type Page } from '@playwright/test';
import { HooksPage } from './hooks-page.ts';
import { NewTabMenu } from './new-tab-menu.ts';
import { ProfileEditor } from './profile-editor.ts';
import { RecentSessions } from './recent-sessions.ts';
import { SessionCard } from './session-card.ts';
import { SessionPanel } from './session-panel.ts';
import { SettingsPage } from './settings-page.ts';
import { Tabs } from './tabs.ts';
import { TerminalPane } from './terminal-pane.ts';

/** The window. */
export class AppPage {
  readonly page: Page;
  readonly tabs: Tabs;
  readonly terminal: TerminalPane;
  readonly card: SessionCard;
  readonly panel: SessionPanel;
  readonly settings: SettingsPage;
  readonly newTabMenu: NewTabMenu;
  readonly profiles: ProfileEditor;
  readonly status: Locator;
  /** What was found of the active session's isolation, in the status line. */
  readonly badge: Locator;
  /** What is wrong with the active session's credentials, in the status line. */
  readonly credentials: Locator;
  readonly hooks: HooksPage;
  readonly recent: RecentSessions;
  readonly question: Locator;
  /** What is said of input that takes its time, or did not arrive whole. */
  readonly inputBar: Locator;
  readonly emptyWindow: Locator;
  readonly #hostKind: 'web' | 'desktop';

  constructor(page: Page, hostKind: 'web' | 'desktop') {
    this.page = page;
    this.#hostKind = hostKind;
    this.tabs = new Tabs(page);
    this.terminal = new TerminalPane(page);
    this.card = new SessionCard(page);
    this.panel = new SessionPanel(page);
    this.settings = new SettingsPage(page);
    this.newTabMenu = new NewTabMenu(page);
    this.profiles = new ProfileEditor(page);
    this.status = page.getByTestId('status');
    this.badge = page.getByTestId('status-isolation').filter({ visible: true });
    this.credentials = page.getByTestId('status-credentials').filter({ visible: true });
    this.hooks = new HooksPage(page);
    this.recent = new RecentSessions(page);
    this.question = page.getByTestId('question');
    this.inputBar = page.getByTestId('input-bar').filter({ visible: true });
    this.emptyWindow = page.getByTestId('empty-window');
  }

  /** Waits until the window is connected and drawn: empty, or with tabs. */
  async ready(): Promise<void> {
    await expect(this.emptyWindow.or(this.tabs.active)).toBeVisible();
  }

  /** Opens a tab and waits for its prompt. */
  async openTab(): Promise<void> {
    const before = await this.tabs.all.count();
    await this.tabs.newButton.click();
    await expect(this.tabs.all).toHaveCount(before + 1);
    await this.terminal.waitForPrompt();
  }

  /** Loads the page anew, as after a crash of the renderer. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Opens a tab with a profile of the menu; it may still be starting. */
  async openProfile(name: string): Promise<void> {
    const before = await this.tabs.all.count();
    await this.newTabMenu.open();
    await this.newTabMenu.named(name).click();
    await expect(this.tabs.all).toHaveCount(before + 1);
  }

  /** A message at the window's corner. */
  toast(text: string | RegExp): Locator {
    return this.page.locator('[data-sonner-toast]').filter({ hasText: text });
  }

  /** Seconds since the session of the active tab was opened, as the status line counts them. */
  async openSeconds(): Promise<number> {
    const text = (await this.page.getByTestId('status-max').textContent()) ?? '';
    const [, minutes = '0', seconds = '0'] = /(\d+):(\d\d)/.exec(text) ?? [];
    return Number(minutes) * 60 + Number(seconds);
  }

  /** Presses the shortcut of this host: a browser keeps some to itself. */
  async press(shortcut: { desktop: string; web: string }): Promise<void> {
    await this.page.keyboard.press(shortcut[this.#hostKind]);
  }
}
