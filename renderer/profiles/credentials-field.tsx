import { Plus } from 'lucide-react';
import { useRef } from 'react';
import type { BackendKind } from '../../shared/profile.ts';
import { Button } from '../components/button.tsx';
import { CredentialCard } from './credential-card.tsx';
import { type CredentialRow, emptyRow } from './credential-rows.ts';
import { useEditor } from './editor-context.ts';
import { FieldGroup } from './fields.tsx';

/** Where programs in a session find a credential, by what runs it. */
const WHERE: Readonly<Record<BackendKind, string>> = {
  pty: 'Programs find each in its variable, and as a file of that name in the folder $SANDGLASS_CREDENTIALS.',
  bubblewrap: 'Programs inside find each in its variable, and as a file of that name in /run/sandglass/credentials.',
  docker:
    'Programs inside find each in its variable, and as a file of that name in /run/sandglass/credentials. The container’s settings, which docker inspect shows, have none of them. The image needs /bin/sh.',
};

/** Secrets that sessions of the profile get: a card each. */
export function CredentialsField() {
  const { draft, change } = useEditor();
  const rows = draft.credentials;
  const group = useRef<HTMLDivElement>(null);
  const focusName = (index: number): void => {
    requestAnimationFrame(() => {
      const cards = group.current?.querySelectorAll<HTMLElement>('[data-part="env"] input');
      (cards?.[index] ?? group.current?.querySelector<HTMLElement>('.profile-add'))?.focus();
    });
  };
  const set = (key: number, part: Partial<CredentialRow>): void =>
    change({ credentials: rows.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  const add = (): void => {
    change({ credentials: [...rows, emptyRow(Math.max(-1, ...rows.map(({ key }) => key)) + 1)] });
    focusName(rows.length);
  };
  return (
    <FieldGroup field="credentials">
      <div ref={group} className="profile-rows">
        <p className="setting-note">
          Secrets, fetched on this machine when a session starts. They are kept out of recordings, logs and events, and
          removed when the session ends. {WHERE[draft.backend]}
        </p>
        {rows.map((row, index) => (
          <CredentialCard
            key={row.key}
            row={row}
            number={index + 1}
            onChange={(part) => set(row.key, part)}
            onRemove={() => {
              change({ credentials: rows.filter(({ key }) => key !== row.key) });
              focusName(Math.max(0, index - 1));
            }}
          />
        ))}
        <Button className="profile-add" onClick={add}>
          <Plus className="icon" aria-hidden="true" />
          Add credential
        </Button>
      </div>
    </FieldGroup>
  );
}
