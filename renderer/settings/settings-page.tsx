import { useEffect, useRef, useState } from 'react';
import { formatDuration } from '../../shared/duration.ts';
import type { Policy, SettingsView } from '../../shared/settings.ts';
import { scrollTo } from '../components/scroll-to.ts';
import { SETTINGS_TAB } from '../store/state.ts';
import { useApp } from '../store/store.ts';
import { searchSections } from './rows.ts';
import { SettingItem } from './setting-item.tsx';

/** All settings on one page: sections at the left, search on top. */
export function SettingsPage() {
  const view = useApp((state) => state.settings);
  const active = useApp((state) => state.active === SETTINGS_TAB);
  const [query, setQuery] = useState('');
  const [current, setCurrent] = useState('limits');
  const body = useRef<HTMLElement>(null);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (active) search.current?.focus();
  }, [active]);
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
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
          {sections.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              className="nav-item"
              aria-current={current === id}
              onClick={() => {
                setCurrent(id);
                scrollTo(body.current?.querySelector(`#settings-${id}`));
              }}
            >
              {title}
            </button>
          ))}
        </nav>
        <section ref={body} className="settings-body" aria-label="Settings">
          <div className="settings-inner">
            <h1>Settings</h1>
            <p className="muted">Changes apply at once, also to sessions that are open.</p>
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
            {sections.length === 0 ? <p className="settings-section">No setting matches “{query}”.</p> : null}
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
      <p>
        An administrator’s policy is in force: <span className="mono">{view.policyFile}</span>
      </p>
      {rules.length === 0 ? null : <p className="muted">{rules.join(' · ')}</p>}
    </div>
  );
}

/** A policy's rules in words. */
export function policyRules(policy: Policy): string[] {
  const rules = [`timeouts of ${formatDuration(policy.minimumTimeoutSeconds)} or more`];
  if (policy.maxIdleTimeoutSeconds !== undefined)
    rules.push(`idle up to ${formatDuration(policy.maxIdleTimeoutSeconds)}`);
  if (policy.maxMaxDurationSeconds !== undefined) {
    rules.push(`duration up to ${formatDuration(policy.maxMaxDurationSeconds)}`);
  }
  if (policy.maxConcurrentSessions !== undefined) rules.push(`up to ${policy.maxConcurrentSessions} sessions`);
  if (policy.maxExtensions !== undefined) rules.push(`up to ${policy.maxExtensions} extensions`);
  if (policy.allowedActivity !== undefined) rules.push(`activity: ${policy.allowedActivity.join(', ')}`);
  if (policy.requireRecording === true) rules.push('every session recorded');
  return rules;
}
