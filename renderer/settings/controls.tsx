import { Switch } from '@base-ui/react/switch';
import { Lock } from 'lucide-react';
import { useState } from 'react';
import { parseSetting, settingText } from './parse.ts';
import type { NumberRange, SettingValue } from './paths.ts';
import { sameValue } from './paths.ts';
import type { Control, Option } from './rows.ts';

interface ControlProps<C extends Control = Control> {
  control: C;
  value: SettingValue;
  range: NumberRange;
  label: string;
  labelledBy: string;
  describedBy: string;
  disabled: boolean;
  /** Resolves when the change has been made or refused; never rejects. */
  onChange(value: SettingValue): Promise<void>;
  onInvalid(message: string | null): void;
}

/** The control a setting is edited with; changes apply at once, typed ones with Enter or on leaving the field. */
export function SettingControl(props: ControlProps) {
  const { control, ...rest } = props;
  switch (control.kind) {
    case 'duration':
    case 'durations':
    case 'number':
      return <TypedControl {...rest} control={control} />;
    case 'switch':
      return (
        <Switch.Root
          className="switch"
          aria-labelledby={props.labelledBy}
          aria-describedby={props.describedBy}
          checked={props.value === true}
          disabled={props.disabled}
          onCheckedChange={(checked) => void props.onChange(checked)}
        >
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
      );
    case 'choice':
      return <Choice {...rest} control={control} />;
    case 'several':
      return <Several {...rest} control={control} />;
  }
}

function TypedControl(props: ControlProps) {
  const { control, value, range } = props;
  const shown = settingText(value, control);
  const [text, setText] = useState(shown);
  const [dirty, setDirty] = useState(false);
  const [seen, setSeen] = useState(shown);
  const [bad, setBad] = useState(false);
  const [pending, setPending] = useState(0);
  // A value from elsewhere replaces what is in the field, but not what the user is typing there. Nor does one that was
  // true before a change made here: the field already shows that change.
  if (shown !== seen && pending === 0) {
    setSeen(shown);
    if (!dirty || bad) {
      setText(shown);
      setDirty(false);
      setBad(false);
    }
  }
  const unit =
    control.kind !== 'number' ? null : /^0+$/.test(text.trim()) ? (control.zero ?? control.unit) : control.unit;
  const check = (next: string): SettingValue | null => {
    const parsed = parseSetting(next, control, range);
    setBad(!parsed.ok);
    props.onInvalid(parsed.ok ? null : parsed.message);
    return parsed.ok ? parsed.value : null;
  };
  const commit = (): void => {
    const next = check(text);
    if (next === null) return;
    setDirty(false);
    setText(settingText(next, control));
    if (pending === 0 && sameValue(next, value)) return;
    setPending((count) => count + 1);
    void props.onChange(next).then(() => setPending((count) => count - 1));
  };
  return (
    <span className="check">
      <input
        className={unit === null ? 'field' : 'field short'}
        inputMode={
          unit === null ? 'text' : control.kind === 'number' && control.decimals === true ? 'decimal' : 'numeric'
        }
        spellCheck={false}
        autoComplete="off"
        aria-label={props.label}
        aria-describedby={props.describedBy}
        aria-invalid={bad}
        disabled={props.disabled}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setDirty(true);
          // While typing, an error only goes away; it comes when the field is left.
          if (bad) check(event.currentTarget.value);
        }}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') {
            setText(shown);
            setDirty(false);
            setBad(false);
            props.onInvalid(null);
          }
        }}
      />
      {unit === null ? null : <span className="muted">{unit}</span>}
    </span>
  );
}

function Choice({
  control,
  value,
  disabled,
  labelledBy,
  describedBy,
  onChange,
}: ControlProps<Control & { kind: 'choice' }>) {
  if (control.options.some(({ about }) => about !== undefined)) {
    return (
      <div role="radiogroup" aria-labelledby={labelledBy} aria-describedby={describedBy}>
        <ExplainedChoice
          name={labelledBy}
          options={control.options}
          value={String(value)}
          disabled={disabled}
          onChange={(next) => void onChange(next)}
        />
      </div>
    );
  }
  return (
    <div className="segments" role="radiogroup" aria-labelledby={labelledBy} aria-describedby={describedBy}>
      {control.options.map((option) => (
        <label className="segment choice" key={option.value}>
          <input
            type="radio"
            className="visually-hidden"
            name={labelledBy}
            disabled={disabled}
            checked={option.value === value}
            onChange={() => void onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}

/** One of a few that need more words than a name: below each other, each with what it does. The group around it has a name. */
export function ExplainedChoice<T extends string>({
  name,
  options,
  value,
  disabled = false,
  onChange,
}: {
  /** Of the radio buttons, different from all others on the page. */
  name: string;
  options: readonly (Option & { value: T })[];
  value: T;
  disabled?: boolean;
  onChange(value: T): void;
}) {
  return (
    <div className="choices">
      {options.map((option) => (
        <div className="choice-row" key={option.value}>
          <input
            type="radio"
            id={`${name}-${option.value}`}
            name={name}
            disabled={disabled}
            checked={option.value === value}
            aria-describedby={option.about === undefined ? undefined : `${name}-${option.value}-about`}
            onChange={() => onChange(option.value)}
          />
          <label htmlFor={`${name}-${option.value}`}>{option.label}</label>
          {option.about === undefined ? null : (
            <p id={`${name}-${option.value}-about`} className="setting-note">
              {option.about}
            </p>
          )}
        </div>
      ))}
    </div>
  );
}

function Several({
  control,
  value,
  disabled,
  labelledBy,
  describedBy,
  onChange,
}: ControlProps<Control & { kind: 'several' }>) {
  return (
    <fieldset className="plain" aria-labelledby={labelledBy} aria-describedby={describedBy} disabled={disabled}>
      <CheckList
        name={labelledBy}
        options={control.options}
        chosen={Array.isArray(value) ? value : []}
        disabled={disabled}
        onChange={(next) => void onChange(next)}
      />
    </fieldset>
  );
}

/** Some of a few, at least one, each with what it does. The group around it has a name. */
export function CheckList<T extends string>({
  name,
  options,
  chosen,
  disabled = false,
  onChange,
}: {
  /** Different from all others on the page. */
  name: string;
  /** `locked`: why it cannot be chosen. One that is chosen can always be taken back. */
  options: readonly (Option & { value: T; locked?: string | null })[];
  chosen: readonly (string | number)[];
  disabled?: boolean;
  onChange(chosen: readonly T[]): void;
}) {
  return (
    <div className="check-list">
      {options.map((option) => {
        const checked = chosen.includes(option.value);
        const locked = option.locked ?? null;
        const about = option.about === undefined && locked === null ? undefined : `${name}-${option.value}-about`;
        return (
          <div className="check-row" key={option.value} data-locked={locked !== null || undefined}>
            <label className="check">
              <input
                type="checkbox"
                aria-describedby={about}
                checked={checked}
                // One has to stay: without any kind of activity nothing could keep a session open.
                disabled={disabled || (checked ? chosen.length === 1 : locked !== null)}
                onChange={() =>
                  onChange(
                    options
                      .map(({ value: other }) => other)
                      .filter((other) => (other === option.value ? !checked : chosen.includes(other))),
                  )
                }
              />
              {option.label}
            </label>
            {about === undefined ? null : (
              <p id={about} className="setting-note">
                {option.about}
                {locked === null ? null : (
                  <span className="check-lock">
                    <Lock className="icon" aria-hidden="true" /> {locked}
                  </span>
                )}
              </p>
            )}
          </div>
        );
      })}
    </div>
  );
}
