import { Plus, X } from 'lucide-react';
import { useId, useRef } from 'react';
import { CAPABILITIES } from '../../shared/profile-check.ts';
import { Button, IconButton } from '../components/button.tsx';
import { useEditor } from './editor-context.ts';
import { Field, FieldGroup } from './fields.tsx';

/** The profile’s own variables: one row each. */
export function VariablesField() {
  const { draft, change, errors, touch } = useEditor();
  const rows = draft.environment;
  const id = useId();
  const group = useRef<HTMLDivElement>(null);
  const focusName = (index: number): void => {
    requestAnimationFrame(() => {
      group.current?.querySelectorAll<HTMLElement>('[data-name]')[index]?.focus();
    });
  };
  const set = (key: number, value: { name: string } | { value: string }): void =>
    change({ environment: rows.map((row) => (row.key === key ? { ...row, ...value } : row)) });
  const add = (): void => {
    const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
    change({ environment: [...rows, { key, name: '', value: '' }] });
    focusName(rows.length);
  };
  return (
    <FieldGroup
      field="environment"
      hint="Set in every session of this profile, and stored as plain text. Use credentials, below, for secrets."
    >
      <div ref={group} className="profile-rows">
        {rows.map(({ key, name, value }, index) => {
          const error = errors[`environment.${key}`];
          return (
            <div key={key} className="profile-row">
              <input
                data-name
                className="field mono"
                aria-label={`Name of variable ${index + 1}`}
                aria-invalid={error !== undefined}
                aria-describedby={`${id}-${key}`}
                placeholder="NAME"
                spellCheck={false}
                autoComplete="off"
                value={name}
                onChange={(event) => set(key, { name: event.currentTarget.value })}
                onBlur={() => touch(`environment.${key}`)}
              />
              <input
                className="field mono"
                aria-label={`Value of ${name.trim() === '' ? `variable ${index + 1}` : name}`}
                placeholder="value"
                spellCheck={false}
                autoComplete="off"
                value={value}
                onChange={(event) => set(key, { value: event.currentTarget.value })}
                onBlur={() => touch(`environment.${key}`)}
              />
              <IconButton
                label={`Remove ${name.trim() === '' ? `variable ${index + 1}` : name}`}
                onClick={() => {
                  change({ environment: rows.filter((row) => row.key !== key) });
                  focusName(Math.max(0, index - 1));
                }}
              >
                <X className="icon" aria-hidden="true" />
              </IconButton>
              <p id={`${id}-${key}`} className="setting-error profile-row-error">
                {error}
              </p>
            </div>
          );
        })}
        <Button className="profile-add" onClick={add}>
          <Plus className="icon" aria-hidden="true" />
          Add variable
        </Button>
      </div>
    </FieldGroup>
  );
}

/** Capabilities given back after all were dropped. */
export function CapabilitiesField() {
  const { draft, change } = useEditor();
  const chosen = draft.capabilities;
  return (
    <Field
      field="capabilities"
      hint={
        chosen.length === 0 ? 'All capabilities are dropped. Add one only if a program fails without it.' : undefined
      }
    >
      {(props) => (
        <div className="profile-rows">
          {chosen.length === 0 ? null : (
            <ul className="profile-chips">
              {chosen.map((name) => (
                <li key={name} className="profile-chip">
                  <span className="mono">{name}</span>
                  <IconButton
                    label={`Remove ${name}`}
                    onClick={() => change({ capabilities: chosen.filter((other) => other !== name) })}
                  >
                    <X className="icon" aria-hidden="true" />
                  </IconButton>
                </li>
              ))}
            </ul>
          )}
          <select
            {...props}
            className="field"
            value=""
            onChange={(event) => change({ capabilities: [...chosen, event.currentTarget.value].sort() })}
          >
            <option value="">Add a capability…</option>
            {CAPABILITIES.filter((name) => !chosen.includes(name)).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}

/** The shell’s arguments: a line each, so that no quoting has to be guessed. */
export function ArgumentsField() {
  const { draft, change } = useEditor();
  if (draft.args === null) {
    return (
      <FieldGroup field="args">
        <p className="muted">
          Some arguments are empty or contain line breaks, so they cannot be shown one per line. The settings file keeps
          them as they are.
        </p>
        <Button className="profile-add" onClick={() => change({ args: '' })}>
          Enter them again
        </Button>
      </FieldGroup>
    );
  }
  const lines = draft.args.split('\n').length;
  return (
    <Field field="args" hint="One per line, passed on unchanged.">
      {(props) => (
        <textarea
          {...props}
          className="field mono profile-lines"
          rows={Math.min(8, Math.max(2, lines))}
          spellCheck={false}
          value={draft.args ?? ''}
          onChange={(event) => change({ args: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
