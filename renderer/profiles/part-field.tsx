import { type ReactNode, useId } from 'react';
import { CREDENTIAL_LABELS, type CredentialPart } from '../../shared/labels.ts';
import type { CredentialRow } from './credential-rows.ts';
import { useEditor } from './editor-context.ts';
import { About, type ControlProps } from './fields.tsx';

/** One field of a credential: its name, its control, what it does, and what is wrong with it. */
export function PartField({
  row,
  part,
  hint,
  note = null,
  children,
}: {
  row: CredentialRow;
  part: CredentialPart;
  hint?: ReactNode;
  note?: string | null;
  children(props: ControlProps): ReactNode;
}) {
  const { errors, touch } = useEditor();
  const id = useId();
  const field = `credentials.${row.key}.${part}` as const;
  const error = errors[field];
  return (
    <div className="profile-field" data-part={part}>
      <label htmlFor={id}>{CREDENTIAL_LABELS[part]}</label>
      {children({
        id,
        'aria-describedby': `${id}-about`,
        'aria-invalid': error !== undefined,
        onBlur: () => touch(field),
      })}
      <About id={`${id}-about`} error={error} hint={hint} note={note} />
    </div>
  );
}

/** A field of a credential that is typed. */
export function PartText({
  row,
  part,
  value,
  placeholder,
  short = false,
  hint,
  note = null,
  onChange,
}: {
  row: CredentialRow;
  part: CredentialPart;
  value: string;
  placeholder?: string;
  short?: boolean;
  hint?: ReactNode;
  note?: string | null;
  onChange(value: string): void;
}) {
  return (
    <PartField row={row} part={part} hint={hint} note={note}>
      {(props) => (
        <input
          {...props}
          className={`field ${short ? 'short' : 'mono'}`}
          spellCheck={false}
          autoComplete="off"
          placeholder={placeholder}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </PartField>
  );
}
