import { CircleAlert, CircleCheck } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { type Profile, storedNameSchema } from '../../shared/profile.ts';
import { Button } from '../components/button.tsx';
import { asSentence, formatMoment } from '../components/format.ts';
import { useApp } from '../store/store.ts';
import type { CredentialRow } from './credential-rows.ts';
import { PartField } from './part-field.tsx';
import { loadSecrets } from './secret-actions.ts';
import { RemoveSecretDialog, SetSecretDialog } from './secret-dialogs.tsx';
import { useProfiles } from './state.ts';

const NO_PROFILES: readonly Profile[] = [];

/** The name of a stored secret, whether a value is stored under it, and the ways to store and to remove one. */
export function StoredSecret({ row, onName }: { row: CredentialRow; onName(name: string): void }) {
  const secrets = useProfiles((state) => state.secrets);
  const connected = useApp((state) => state.link.state === 'open');
  const profiles = useApp((state) => state.settings?.profiles ?? NO_PROFILES);
  const [asking, setAsking] = useState<'set' | 'remove' | null>(null);
  const names = useId();
  const setButton = useRef<HTMLButtonElement>(null);
  const removeButton = useRef<HTMLButtonElement>(null);
  const name = row.name.trim();
  const usable = storedNameSchema.safeParse(name).success;
  const stored = secrets?.stored.find((secret) => secret.name === name);
  useEffect(() => {
    if (connected) void loadSecrets();
  }, [connected]);
  return (
    <>
      <PartField row={row} part="name" hint="The name of the secret. Profiles that use the same name share it.">
        {(props) => (
          <>
            <input
              {...props}
              className="field mono"
              spellCheck={false}
              autoComplete="off"
              list={names}
              value={row.name}
              onChange={(event) => onName(event.currentTarget.value)}
            />
            <datalist id={names}>
              {(secrets?.stored ?? []).map((secret) => (
                <option key={secret.name} value={secret.name} />
              ))}
            </datalist>
          </>
        )}
      </PartField>
      <SecretState storedAt={stored?.storedAt ?? null} named={usable} />
      <div className="credential-actions">
        {secrets === null || secrets.unavailable !== null ? null : (
          <Button ref={setButton} disabled={!usable} data-testid="set-secret" onClick={() => setAsking('set')}>
            {stored === undefined ? 'Set value…' : 'Replace value…'}
          </Button>
        )}
        {stored === undefined ? null : (
          <Button ref={removeButton} data-testid="remove-secret" onClick={() => setAsking('remove')}>
            Remove stored value…
          </Button>
        )}
      </div>
      <SetSecretDialog
        name={name}
        replaces={stored !== undefined}
        open={asking === 'set'}
        onClose={() => setAsking(null)}
      />
      <RemoveSecretDialog
        name={name}
        users={profiles.filter((profile) => uses(profile, name)).map((profile) => profile.name)}
        open={asking === 'remove'}
        focusAfter={() => removeButton.current ?? setButton.current}
        onClose={() => setAsking(null)}
      />
    </>
  );
}

function uses({ credentials }: Profile, name: string): boolean {
  return credentials.some(({ source }) => source.kind === 'stored' && source.name === name);
}

/** Whether a value is stored under the name, or why none can be. */
function SecretState({ storedAt, named }: { storedAt: number | null; named: boolean }) {
  const secrets = useProfiles((state) => state.secrets);
  const failure = useProfiles((state) => state.secretsFailure);
  return (
    <div className="secret-state" aria-live="polite" data-testid="secret-state">
      {failure === null ? null : (
        <>
          <Line good={false}>The stored secrets could not be listed. {asSentence(failure)}</Line>
          <Button onClick={() => void loadSecrets()}>Try again</Button>
        </>
      )}
      {failure !== null || secrets === null || secrets.unavailable === null ? null : (
        <Line good={false}>{secrets.unavailable}</Line>
      )}
      {failure !== null || secrets === null || !named ? null : storedAt !== null ? (
        <Line good>A value is stored ({formatMoment(storedAt, Date.now())}).</Line>
      ) : secrets.unavailable === null ? (
        <Line good={false}>No value is stored under this name.</Line>
      ) : null}
    </div>
  );
}

function Line({ good, children }: { good: boolean; children: React.ReactNode }) {
  const Icon = good ? CircleCheck : CircleAlert;
  return (
    <p className="setting-note" data-tone={good ? 'good' : 'warn'}>
      <Icon className="icon" aria-hidden="true" />
      <span>{children}</span>
    </p>
  );
}
