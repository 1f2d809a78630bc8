import { ArrowDown, ArrowUp, ChevronLeft, Copy, EllipsisVertical, Play, RotateCcw, Trash2 } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { LOCAL_PROFILE_ID, PRESETS, type Profile } from '../../shared/profile.ts';
import type { SettingsView } from '../../shared/settings.ts';
import { BackendState } from '../backends/backend-state.tsx';
import { BackendIcon } from '../components/backend-icon.tsx';
import { Button, IconButton } from '../components/button.tsx';
import { DropMenu, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { useApp } from '../store/store.ts';
import {
  deleteProfile,
  discardProfile,
  duplicateProfile,
  editProfile,
  loadOffers,
  moveProfile,
  openProfileSession,
  resetProfile,
  saveProfile,
  selectProfile,
} from './actions.ts';
import { draftOf, sameDraft } from './draft.ts';
import { type Editor, EditorContext } from './editor-context.ts';
import { ExpectedBadge } from './expected-badge.tsx';
import { ProfileForm } from './profile-form.tsx';
import { type DraftErrors, readDraft } from './read-draft.ts';
import type { ListedProfile } from './state.ts';
import { useProfiles } from './state.ts';
import { openings } from './summary.ts';
import { useAfterPointer } from './use-after-pointer.ts';

/** One profile’s form, with what it will be and what can be done with it. */
export function ProfileEditor({
  listed,
  list,
  view,
}: {
  listed: ListedProfile;
  list: readonly ListedProfile[];
  view: SettingsView;
}) {
  const { profile, draft: entry, unsaved } = listed;
  const root = useRef<HTMLElement>(null);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const platform = useApp((state) => state.info?.platform ?? 'linux');
  const choosesFolders = useApp((state) => state.info?.host === 'desktop');
  const engine = useApp((state) => state.backends.find(({ kind }) => kind === 'docker')?.state);
  const offers = useProfiles((state) => state.offers);
  const afterPointer = useAfterPointer();
  const values = useMemo(() => entry?.values ?? draftOf(profile), [entry, profile]);
  const isContainer = profile.backend === 'docker';
  useEffect(() => {
    if (isContainer && engine !== 'checking') void loadOffers();
  }, [isContainer, engine]);

  const read = readDraft(values, entry?.base ?? profile, {
    policy: view.policy,
    inForce: view.effective,
    platform,
  });
  const errors = read.ok ? {} : read.errors;
  const shownErrors = entry === null ? {} : visibleErrors(errors, entry.attempted ? null : touched);
  const { refusal = null } = entry ?? {};
  const editor: Editor = {
    draft: values,
    errors: refusal?.field == null ? shownErrors : { ...shownErrors, [refusal.field]: refusal.message },
    opens: openings(values),
    inForce: view.effective,
    offers,
    choosesFolders,
    otherNames: new Set(
      list
        .filter((other) => other.profile.id !== profile.id)
        .map((other) => (other.draft?.values.name ?? other.profile.name).trim()),
    ),
    change: (change) => editProfile(profile, change),
    touch: (field) => afterPointer(() => setTouched((known) => (known.has(field) ? known : new Set(known).add(field)))),
  };

  const attempt = useCallback(async (action: () => Promise<unknown>): Promise<void> => {
    await action();
    // React has drawn what is wrong by then, if anything is.
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  }, []);
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 's')
        return;
      event.preventDefault();
      void attempt(() => saveProfile(profile.id));
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [profile.id, attempt]);

  return (
    <EditorContext value={editor}>
      <section ref={root} className="profile-editor" aria-labelledby="profile-title" data-testid="profile-editor">
        <Header
          listed={listed}
          list={list}
          name={values.name}
          onOpen={() => void attempt(() => openProfileSession(profile.id))}
        />
        <ExpectedBadge draft={values} />
        <BackendState kind={profile.backend} />
        <Elsewhere listed={listed} stored={view.profiles} />
        <ProfileForm />
        <SaveBar
          listed={listed}
          errorCount={Object.keys(editor.errors).length}
          onSave={() => void attempt(() => saveProfile(profile.id))}
        />
        {unsaved ? null : <p className="visually-hidden">Ctrl+S saves this profile.</p>}
      </section>
    </EditorContext>
  );
}

/** The errors of the fields that the user has visited; of all fields if `touched` is null. */
function visibleErrors(errors: DraftErrors, touched: ReadonlySet<string> | null): DraftErrors {
  if (touched === null) return errors;
  return Object.fromEntries(Object.entries(errors).filter(([field]) => touched.has(field)));
}

function Header({
  listed: { profile, draft, unsaved },
  list,
  name,
  onOpen,
}: {
  listed: ListedProfile;
  list: readonly ListedProfile[];
  name: string;
  onOpen(): void;
}) {
  const { id } = profile;
  const stored = list.filter((other) => !other.unsaved);
  const index = stored.findIndex((other) => other.profile.id === id);
  const preset = PRESETS.find((candidate) => candidate.id === id);
  const asItCame = preset !== undefined && draft === null && sameDraft(draftOf(profile), draftOf(preset));
  return (
    <header className="profile-head">
      <IconButton label="All profiles" className="profile-back" onClick={() => selectProfile(null)}>
        <ChevronLeft className="icon" aria-hidden="true" />
      </IconButton>
      <BackendIcon backend={profile.backend} />
      <h2 id="profile-title" tabIndex={-1}>
        {name.trim() === '' ? 'Unnamed' : name}
      </h2>
      <div className="profile-actions">
        <Button onClick={onOpen} data-testid="open-profile">
          <Play className="icon" aria-hidden="true" />
          {draft === null ? 'Open a session' : 'Save and open'}
        </Button>
        <DropMenu
          align="end"
          trigger={
            <button
              type="button"
              className="icon-button"
              aria-label="More actions for this profile"
              data-testid="profile-menu"
            >
              <EllipsisVertical className="icon" aria-hidden="true" />
            </button>
          }
        >
          <MenuItem
            icon={<Copy className="icon" aria-hidden="true" />}
            label="Duplicate"
            testId="duplicate-profile"
            onSelect={() => duplicateProfile(profile)}
          />
          <MenuItem
            icon={<ArrowUp className="icon" aria-hidden="true" />}
            label="Move up"
            disabled={index <= 0}
            onSelect={() => void moveProfile(id, -1)}
          />
          <MenuItem
            icon={<ArrowDown className="icon" aria-hidden="true" />}
            label="Move down"
            disabled={index < 0 || index === stored.length - 1}
            onSelect={() => void moveProfile(id, 1)}
          />
          {preset === undefined ? null : (
            <MenuItem
              icon={<RotateCcw className="icon" aria-hidden="true" />}
              label="Reset to defaults"
              disabled={asItCame}
              testId="reset-profile"
              onSelect={() => void resetProfile(id)}
            />
          )}
          {id === LOCAL_PROFILE_ID ? null : (
            <>
              <MenuSeparator />
              <MenuItem
                icon={<Trash2 className="icon" aria-hidden="true" />}
                label={unsaved ? 'Discard' : 'Delete'}
                testId="delete-profile"
                onSelect={() => void deleteProfile(profile)}
              />
            </>
          )}
        </DropMenu>
      </div>
    </header>
  );
}

/** Says that the stored profile is another one by now than the form began with. */
function Elsewhere({ listed: { profile, draft }, stored }: { listed: ListedProfile; stored: readonly Profile[] }) {
  const saving = useProfiles((state) => state.saving === profile.id);
  // The notification about a save may arrive before its answer.
  if (draft === null || draft.isNew || saving) return null;
  const now = stored.find(({ id }) => id === profile.id);
  if (now !== undefined && sameDraft(draftOf(now), draftOf(draft.base))) return null;
  return (
    <div className="policy-note profile-elsewhere" role="status">
      <p>
        {now === undefined
          ? 'This profile was deleted elsewhere. Saving adds it again.'
          : 'This profile was changed elsewhere. Saving overwrites that change.'}
      </p>
      <Button onClick={() => discardProfile(profile.id)}>
        {now === undefined ? 'Discard changes' : 'Use the saved version'}
      </Button>
    </div>
  );
}

function SaveBar({
  listed: { profile, draft },
  errorCount,
  onSave,
}: {
  listed: ListedProfile;
  errorCount: number;
  onSave(): void;
}) {
  const saving = useProfiles((state) => state.saving === profile.id);
  const saved = useProfiles((state) => state.saved === profile.id);
  const dirty = draft !== null;
  return (
    <div className="profile-bar" data-shown={dirty || undefined} data-testid="profile-bar">
      <p role="status" className="profile-status" data-tone={draft?.attempted && errorCount > 0 ? 'bad' : undefined}>
        {barMessage(draft, errorCount, saving, saved)}
      </p>
      {dirty ? (
        <>
          <Button disabled={saving} data-testid="discard-profile" onClick={() => discardProfile(profile.id)}>
            Discard
          </Button>
          <Button
            variant="primary"
            disabled={saving}
            aria-keyshortcuts="Control+S Meta+S"
            data-testid="save-profile"
            onClick={onSave}
          >
            Save
          </Button>
        </>
      ) : null}
    </div>
  );
}

function barMessage(draft: ListedProfile['draft'], errorCount: number, saving: boolean, saved: boolean): string {
  if (saving) return 'Saving…';
  if (draft === null) return saved ? 'Saved' : '';
  if (draft.refusal !== null && draft.refusal.field === null) return draft.refusal.message;
  if (draft.attempted && errorCount > 0) {
    return `Not saved: ${errorCount === 1 ? 'one field needs' : `${errorCount} fields need`} attention.`;
  }
  return draft.isNew ? 'New, not saved yet' : 'Unsaved changes';
}
