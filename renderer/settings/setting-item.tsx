import { useId, useState } from 'react';
import { RequestError } from '../../shared/errors.ts';
import type { SettingsView } from '../../shared/settings.ts';
import { changeSetting } from './actions.ts';
import { SettingControl } from './controls.tsx';
import { describeSetting } from './parse.ts';
import { rangeOf, type SettingValue, sameValue, settingAt } from './paths.ts';
import type { SettingRow } from './rows.ts';

/** One setting: its name, what it does, its control, its default, and where its value comes from if not from here. */
export function SettingItem({ row, view }: { row: SettingRow; view: SettingsView }) {
  const id = useId();
  const [error, setError] = useState<string | null>(null);
  const { path, control } = row;
  const value = settingAt(view.preferences, path);
  const inForce = settingAt(view.effective, path);
  const standard = settingAt(view.defaults, path);
  const origin = view.origins[path];
  const overridden = origin === 'environment';
  const change = (next: SettingValue | null): Promise<void> => {
    setError(null);
    return changeSetting(row, next).catch((reason: unknown) => {
      setError(reason instanceof RequestError ? reason.message : 'The setting could not be saved.');
    });
  };
  return (
    <div className="setting" data-testid={`setting-${path}`} data-origin={origin}>
      <div className="setting-text">
        <h3 id={`${id}-name`}>{row.name}</h3>
        <p id={`${id}-about`}>{row.description}</p>
      </div>
      <div className="setting-control">
        <SettingControl
          label={row.name}
          labelledBy={`${id}-name`}
          describedBy={`${id}-about ${id}-note`}
          control={control}
          value={overridden ? inForce : value}
          range={rangeOf(path, view.policy)}
          disabled={overridden}
          onChange={change}
          onInvalid={setError}
        />
        {error === null ? null : (
          <p className="setting-error" role="alert">
            {error}
          </p>
        )}
        <div id={`${id}-note`}>
          {overridden ? (
            <p className="setting-note">
              Set by {row.variable ?? 'an environment variable'} in the environment, which overrides this page.
            </p>
          ) : null}
          {origin === 'policy' && !sameValue(value, inForce) ? (
            <p className="setting-note" data-tone="warn">
              In force: {describeSetting(inForce, control)}.{' '}
              {view.policyIsOwn ? 'Your own policy file' : 'Your administrator’s policy'} allows no more.
            </p>
          ) : null}
          {sameValue(value, standard) || overridden ? (
            <p className="setting-note">Default: {describeSetting(standard, control)}</p>
          ) : (
            <p className="setting-note">
              Default: {describeSetting(standard, control)} ·{' '}
              <button
                type="button"
                className="setting-reset"
                aria-label={`Reset ${row.name} to its default`}
                onClick={() => void change(null)}
              >
                Reset
              </button>
            </p>
          )}
        </div>
      </div>
    </div>
  );
}
