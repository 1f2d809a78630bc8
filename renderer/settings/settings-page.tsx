import { TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { describeDuration } from '../../shared/duration.ts';
import { kindsRule } from '../../shared/policy-objection.ts';
import type { Policy, SettingsView } from '../../shared/settings.ts';
import { scrollTo } from '../components/scroll-to.ts';
import { HooksPage } from '../hooks/hooks-page.tsx';
import { attention, useHooks } from '../hooks/state.ts';
import { showSettingsView } from '../profiles/actions.ts';
import { ProfilesPage } from '../profiles/profiles-page.tsx';
import { useUnsavedReminder } from '../profiles/reminder.ts';
import { type SettingsPart, useProfiles } from '../profiles/state.ts';
import { SETTINGS_TAB } from '../store/state.ts';
import { useApp } from '../store/store.ts';
import { FileNote } from './file-note.tsx';
import { searchSections } from './rows.ts';
import { SettingItem } from './setting-item.tsx';

const PART_NAMES: Readonly<Record<SettingsPart, string>> = {
  settings: 'Settings',
  profiles: 'Profiles',
  hooks: 'Hooks',
};

/** All settings on one page: sections at the left, search on top. */
export function SettingsPage() {
  const view = useApp((state) => state.settings);
  const active = useApp((state) => state.active === SETTINGS_TAB);
  const part = useProfiles((state) => state.view);
  const profiles = part === 'profiles';
  const settings = part === 'settings';
  const needAttention = useHooks((state) => attention(state.view));
  const unsaved = useProfiles((state) => Object.keys(state.drafts).length);
  const [query, setQuery] = useState('');
  const [current, setCurrent] = useState('limits');
  const body = useRef<HTMLElement>(null);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Profiles and hooks take the focus themselves; from them, the focus stays where the user went.
    if (active && useProfiles.getState().view === 'settings') search.current?.focus();
  }, [active]);
  useUnsavedReminder(active);
  const sections = searchSections(query);
  return (
    <div
      className="session-pane"
      role="tabpanel"
      id={`panel-${SETTINGS_TAB}`}
      aria-labelledby={`tab-${SETTINGS_TAB}`}
      hidden={!active}
    >
      <div className="settings" data-testid="settings-page">
        <nav className="settings-nav" aria-label="Settings sections">
          <input
            ref={search}
            type="search"
            className="field"
            placeholder="Search settings"
            aria-label="Search settings"
            data-testid="settings-search"
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value);
              showSettingsView('settings');
            }}
          />
          <button
            type="button"
            className="nav-item nav-page narrow-only"
            aria-current={settings}
            onClick={() => showSettingsView('settings')}
          >
            Settings
          </button>
          {sections.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              className="nav-item"
              aria-current={settings && current === id}
              onClick={() => {
                setCurrent(id);
                showSettingsView('settings');
                requestAnimationFrame(() => scrollTo(body.current?.querySelector(`#settings-${id}`)));
              }}
            >
              {title}
            </button>
          ))}
          <button
            type="button"
            className="nav-item nav-page"
            aria-current={profiles}
            data-testid="open-profiles"
            onClick={() => showSettingsView('profiles')}
          >
            Profiles
            {unsaved === 0 ? null : <span className="nav-unsaved">{unsaved} not saved</span>}
          </button>
          <button
            type="button"
            className="nav-item nav-page"
            aria-current={part === 'hooks'}
            data-testid="open-hooks"
            onClick={() => showSettingsView('hooks')}
          >
            Hooks
            {needAttention === 0 ? null : <span className="nav-count">{needAttention} to check</span>}
          </button>
        </nav>
        <section ref={body} className="settings-body" aria-label={PART_NAMES[part]}>
          {part === 'hooks' || view?.file == null ? null : <FileNote file={view.file} />}
          {profiles && view !== null ? <ProfilesPage view={view} active={active} /> : null}
          {part === 'hooks' ? <HooksPage active={active} /> : null}
          <div className="settings-inner" hidden={!settings}>
            <h1>Settings</h1>
            <p className="muted">Changes apply immediately, including to open sessions.</p>
            {view === null ? null : <PolicyNote view={view} />}
            {view === null
              ? null
              : sections.map((section) => (
                  <section className="settings-section" key={section.id} id={`settings-${section.id}`}>
                    <h2>{section.title}</h2>
                    {section.rows.map((row) => (
                      <SettingItem key={row.path} row={row} view={view} />
                    ))}
                  </section>
                ))}
            {sections.length === 0 ? (
              <p className="settings-section">
                No setting matches “{query}”. Images, folders and sandboxes are set in each profile.
              </p>
            ) : null}
          </div>
        </section>
      </div>
    </div>
  );
}

function PolicyNote({ view }: { view: SettingsView }) {
  if (view.policyFile === null) return null;
  const rules = policyRules(view.policy);
  return (
    <div className="policy-note" data-testid="policy-note">
      {view.policyProblem === null || view.policyProblem === undefined ? (
        <p>
          {view.policyIsOwn ? 'Your own policy file is in force' : 'An administrator’s policy is in force'}:{' '}
          <span className="mono">{view.policyFile}</span>
        </p>
      ) : (
        <p role="status" data-testid="policy-problem">
          <TriangleAlert className="icon" aria-hidden="true" /> {view.policyProblem}
        </p>
      )}
      {rules.length === 0 ? null : <p className="muted">{rules.join(' · ')}</p>}
    </div>
  );
}

/** A policy's rules in words. */
function policyRules(policy: Policy): string[] {
  const rules = [`timeouts of ${describeDuration(policy.minimumTimeoutSeconds)} or more`];
  if (policy.maxIdleTimeoutSeconds !== undefined)
    rules.push(`idle up to ${describeDuration(policy.maxIdleTimeoutSeconds)}`);
  if (policy.maxMaxDurationSeconds !== undefined) {
    rules.push(`duration up to ${describeDuration(policy.maxMaxDurationSeconds)}`);
  }
  if (policy.maxConcurrentSessions !== undefined) rules.push(`up to ${policy.maxConcurrentSessions} sessions`);
  if (policy.maxMaxCommands !== undefined) rules.push(`up to ${policy.maxMaxCommands} commands`);
  if (policy.maxExtensions !== undefined) rules.push(`up to ${policy.maxExtensions} extensions`);
  if (policy.allowedActivity !== undefined) rules.push(`activity: ${policy.allowedActivity.join(', ')}`);
  if (policy.allowedBackends !== undefined) rules.push(kindsRule(policy.allowedBackends));
  if (policy.requireRecording === true) rules.push('every session recorded');
  return rules;
}
