import { Switch } from '@base-ui/react/switch';
import { ShieldAlert } from 'lucide-react';
import { type HTMLAttributes, type ReactNode, useId } from 'react';
import { PROFILE_LABELS, type ProfileField } from '../../shared/labels.ts';
import type { Draft } from './draft.ts';
import { useEditor } from './editor-context.ts';

/** The fields whose form value is a text. */
export type TextName = {
  [K in keyof Draft & ProfileField]: string extends Draft[K] ? (Draft[K] extends string ? K : never) : never;
}[keyof Draft & ProfileField];

/** What a control needs to belong to its field. */
export interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
  onBlur(): void;
}

interface FieldProps {
  field: ProfileField;
  label?: string;
  /** What it does, in one line. */
  hint?: ReactNode;
  /** Something to know about what it holds now. */
  note?: string | null;
}

/** One field: its name, its control, what it does, what is wrong with it, and what it opens in the sandbox. */
export function Field({
  field,
  label = PROFILE_LABELS[field],
  hint,
  note = null,
  children,
}: FieldProps & { children(props: ControlProps): ReactNode }) {
  const { errors, opens, touch } = useEditor();
  const id = useId();
  return (
    <div className="profile-field" data-testid={`profile-${field}`}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': `${id}-about`,
        'aria-invalid': errors[field] !== undefined,
        onBlur: () => touch(field),
      })}
      <About id={`${id}-about`} error={errors[field]} opened={opens[field]} hint={hint} note={note} />
    </div>
  );
}

/** A field of several controls: a group with the field’s name. */
export function FieldGroup({
  field,
  label = PROFILE_LABELS[field],
  hint,
  note = null,
  children,
}: FieldProps & { children: ReactNode }) {
  const { errors, opens, touch } = useEditor();
  const id = useId();
  const left: HTMLAttributes<HTMLElement>['onBlur'] = ({ currentTarget, relatedTarget }) => {
    if (!currentTarget.contains(relatedTarget)) touch(field);
  };
  return (
    <fieldset
      className="profile-field plain"
      data-testid={`profile-${field}`}
      aria-describedby={`${id}-about`}
      onBlur={left}
    >
      <legend>{label}</legend>
      {children}
      <About id={`${id}-about`} error={errors[field]} opened={opens[field]} hint={hint} note={note} />
    </fieldset>
  );
}

/** What stands below a control: what is wrong, what it opens in the sandbox, what to know, and what it does. */
export function About({
  id,
  error,
  opened,
  hint,
  note = null,
}: {
  id: string;
  error: string | undefined;
  opened?: string | undefined;
  hint: ReactNode;
  note?: string | null;
}) {
  return (
    <div id={id} className="profile-about">
      {error === undefined ? null : <p className="setting-error">{error}</p>}
      {opened === undefined ? null : (
        <p className="profile-opens">
          <ShieldAlert className="icon" aria-hidden="true" />
          <span>Opens the sandbox: {opened}</span>
        </p>
      )}
      {note === null ? null : (
        <p className="setting-note" data-tone="warn">
          {note}
        </p>
      )}
      {hint === undefined ? null : <p className="setting-note">{hint}</p>}
    </div>
  );
}

/** A field that is typed. */
export function TextField({
  field,
  placeholder,
  mono = false,
  short = false,
  numeric = false,
  ...about
}: FieldProps & { field: TextName; placeholder?: string; mono?: boolean; short?: boolean; numeric?: boolean }) {
  const { draft, change } = useEditor();
  return (
    <Field field={field} {...about}>
      {(props) => (
        <input
          {...props}
          className={`field ${mono ? 'mono' : ''} ${short ? 'short' : ''}`}
          inputMode={numeric ? 'decimal' : 'text'}
          spellCheck={false}
          autoComplete="off"
          placeholder={placeholder}
          value={draft[field]}
          onChange={(event) => change({ [field]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

/** One of a few, all in sight. */
export function ChoiceField<T extends string>({
  field,
  value,
  options,
  onChange,
  ...about
}: FieldProps & { value: T; options: readonly { value: T; label: string }[]; onChange(value: T): void }) {
  const name = useId();
  return (
    <FieldGroup field={field} {...about}>
      <div className="segments">
        {options.map((option) => (
          <label className="segment choice" key={option.value}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </FieldGroup>
  );
}

/** One of a list; what is chosen stays in it, also when it is not offered any more. */
export function SelectField({
  field,
  options,
  ...about
}: FieldProps & { field: TextName; options: readonly { value: string; label: string }[] }) {
  const { draft, change } = useEditor();
  const value = draft[field];
  const known = options.some((option) => option.value === value);
  return (
    <Field field={field} {...about}>
      {(props) => (
        <select
          {...props}
          className="field"
          value={value}
          onChange={(event) => change({ [field]: event.currentTarget.value })}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
          {known ? null : <option value={value}>{value} (not available now)</option>}
        </select>
      )}
    </Field>
  );
}

/** On or off. */
export function SwitchField({
  field,
  checked,
  onChange,
  ...about
}: FieldProps & { checked: boolean; onChange(checked: boolean): void }) {
  const { label = PROFILE_LABELS[field] } = about;
  return (
    <Field field={field} {...about}>
      {({ id: _, ...props }) => (
        <Switch.Root {...props} className="switch" aria-label={label} checked={checked} onCheckedChange={onChange}>
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
      )}
    </Field>
  );
}
