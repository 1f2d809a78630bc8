import { Switch } from '@base-ui/react/switch';
import { X } from 'lucide-react';
import { useId } from 'react';
import { Button, IconButton } from '../components/button.tsx';
import { type CredentialRow, SOURCE_KINDS, type SourceKind } from './credential-rows.ts';
import { PartField, PartText } from './part-field.tsx';
import { StoredSecret } from './stored-secret.tsx';

const SOURCE_LABELS: Readonly<Record<SourceKind, string>> = {
  command: 'Command',
  file: 'File',
  stored: 'Stored secret',
};

interface CardProps {
  row: CredentialRow;
  /** What it is called while it has no name of its own. */
  number: number;
  onChange(change: Partial<CredentialRow>): void;
  onRemove(): void;
}

/** One credential: the variable it is in, where its value comes from, how long that is good, and whether it has to be there. */
export function CredentialCard({ row, number, onChange, onRemove }: CardProps) {
  const called = row.env.trim() === '' ? `credential ${number}` : row.env.trim();
  return (
    <fieldset
      className="credential-card"
      aria-label={`Credential ${row.env.trim() || number}`}
      data-testid="credential"
    >
      <div className="credential-head">
        <PartText row={row} part="env" value={row.env} placeholder="NAME" onChange={(env) => onChange({ env })} />
        <IconButton label={`Remove ${called}`} onClick={onRemove}>
          <X className="icon" aria-hidden="true" />
        </IconButton>
      </div>
      <SourceChoice row={row} onChange={onChange} />
      <SourceFields row={row} onChange={onChange} />
      <div className="credential-terms">
        <PartText
          row={row}
          part="ttlSeconds"
          value={row.ttlSeconds}
          short
          placeholder="stays good"
          hint="For example 1h. The value is fetched again before it expires, and its file is replaced."
          onChange={(ttlSeconds) => onChange({ ttlSeconds })}
        />
        <RequiredSwitch row={row} onChange={onChange} />
      </div>
    </fieldset>
  );
}

type PartProps = Pick<CardProps, 'row' | 'onChange'>;

function SourceChoice({ row, onChange }: PartProps) {
  const name = useId();
  const choose = (kind: SourceKind): void => {
    const named = kind !== 'stored' || row.name.trim() !== '';
    onChange(named ? { kind } : { kind, name: row.env.trim() });
  };
  return (
    <fieldset className="profile-field plain">
      <legend>Value from</legend>
      <div className="segments">
        {SOURCE_KINDS.map((kind) => (
          <label className="segment choice" key={kind}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              checked={kind === row.kind}
              onChange={() => choose(kind)}
            />
            {SOURCE_LABELS[kind]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function SourceFields({ row, onChange }: PartProps) {
  switch (row.kind) {
    case 'command':
      return (
        <>
          <PartText
            row={row}
            part="command"
            value={row.command}
            placeholder="gh"
            note={
              /\S\s+\S/.test(row.command) && !/[\\/]/.test(row.command)
                ? 'No shell splits this into words: enter each argument on its own line below.'
                : null
            }
            hint="Runs on this machine as you, without a shell, for 30 seconds at most. Its output is the value."
            onChange={(command) => onChange({ command })}
          />
          <CommandArguments row={row} onChange={onChange} />
        </>
      );
    case 'file':
      return (
        <PartText
          row={row}
          part="file"
          value={row.file}
          hint="On this machine. Its content is the value. Files that others can write, or that every user can read, are refused."
          onChange={(file) => onChange({ file })}
        />
      );
    case 'stored':
      return <StoredSecret row={row} onName={(name) => onChange({ name })} />;
  }
}

function CommandArguments({ row, onChange }: PartProps) {
  const { args } = row;
  if (typeof args !== 'string') {
    return (
      <div className="profile-field">
        <p className="muted">
          Some arguments are empty or contain line breaks, so they cannot be shown one per line. The settings file keeps
          them as they are.
        </p>
        <Button onClick={() => onChange({ args: '' })}>Enter them again</Button>
      </div>
    );
  }
  return (
    <PartField row={row} part="args" hint="One per line, passed on unchanged.">
      {(props) => (
        <textarea
          {...props}
          className="field mono profile-lines"
          rows={Math.min(8, Math.max(2, args.split('\n').length))}
          spellCheck={false}
          value={args}
          onChange={(event) => onChange({ args: event.currentTarget.value })}
        />
      )}
    </PartField>
  );
}

function RequiredSwitch({ row, onChange }: PartProps) {
  const id = useId();
  return (
    <div className="profile-field" data-part="required">
      <label htmlFor={id}>Required</label>
      <Switch.Root
        id={id}
        className="switch"
        aria-label="Required"
        aria-describedby={`${id}-about`}
        checked={row.required}
        onCheckedChange={(required) => onChange({ required })}
      >
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
      <p id={`${id}-about`} className="setting-note">
        {row.required ? 'No session starts without it.' : 'A session starts without it, with a warning.'}
      </p>
    </div>
  );
}
