import { profileFieldOf, RequestError } from '../../shared/errors.ts';
import { PRESETS, type Profile } from '../../shared/profile.ts';
import type { SettingsView } from '../../shared/settings.ts';
import { call, report } from '../connection/core.ts';
import { getApp, setApp } from '../store/store.ts';
import { openSettings, openTab } from '../tabs/actions.ts';
import { showDone } from '../toasts/toasts.ts';
import { type Draft, draftOf } from './draft.ts';
import { readDraft } from './read-draft.ts';
import { copyOf, type DraftEntry, edited, listedProfiles, type SettingsPart, useProfiles, without } from './state.ts';

const get = useProfiles.getState;
const set = useProfiles.setState;

/** Shows the profile editor on the settings page, with this profile where an id is given. */
export function openProfiles(id?: string): void {
  set(id === undefined ? { view: 'profiles' } : { view: 'profiles', selected: id });
  openSettings();
}

/** Shows the other part of the settings page. */
export function showSettingsView(view: SettingsPart): void {
  set({ view });
}

/** Shows a profile in the editor; null: the list alone, where there is no room for both. */
export function selectProfile(id: string | null): void {
  set({ selected: id, saved: null });
}

/** Changes fields of a profile’s form. */
export function editProfile(profile: Profile, change: Partial<Draft>): void {
  set((state) => ({ drafts: edited(state.drafts, profile, change), saved: null }));
}

/** Begins a profile like this preset, not yet saved. */
export function newProfile(preset: Profile): void {
  begin(copyOf(preset, `New ${kindName(preset)}`, names()), null);
}

function kindName(preset: Profile): string {
  return preset.name.charAt(0).toLowerCase() + preset.name.slice(1).replace(/ \(.*/, '');
}

/** Begins a copy of a profile, of its form as it stands where that can be read, beside it. */
export function duplicateProfile(profile: Profile): void {
  const profiles = getApp().settings?.profiles ?? [];
  const index = profiles.findIndex(({ id }) => id === profile.id);
  const entry = get().drafts[profile.id];
  const read = entry === undefined ? null : readEntry(entry);
  const original = read?.ok === true ? read.profile : profile;
  begin(copyOf(original, `${original.name.slice(0, 70)} copy`, names()), profiles[index + 1]?.id ?? null);
}

function begin(profile: Profile, before: string | null): void {
  const entry: DraftEntry = {
    base: profile,
    isNew: true,
    before,
    values: draftOf(profile),
    attempted: false,
    refusal: null,
  };
  set((state) => ({ drafts: { ...state.drafts, [profile.id]: entry }, selected: profile.id, saved: null }));
}

function names(): ReadonlySet<string> {
  const stored = (getApp().settings?.profiles ?? []).map(({ name }) => name);
  return new Set([...stored, ...Object.values(get().drafts).map(({ values }) => values.name)]);
}

function readEntry(entry: DraftEntry): ReturnType<typeof readDraft> | null {
  const { settings, info } = getApp();
  if (settings === null || info === null) return null;
  const { policy, effective } = settings;
  return readDraft(entry.values, entry.base, { policy, inForce: effective, platform: info.platform });
}

/** Saves a profile’s form. True: it is stored now; else the form says why not. */
export async function saveProfile(id: string): Promise<boolean> {
  const entry = get().drafts[id];
  if (entry === undefined) return true;
  const read = readEntry(entry);
  if (read === null || get().saving !== null) return false;
  if (!read.ok) {
    set((state) => ({ drafts: { ...state.drafts, [id]: { ...entry, attempted: true, refusal: null } } }));
    return false;
  }
  set({ saving: id });
  try {
    const place = entry.isNew ? { before: entry.before } : {};
    take(await call('profiles.save', { profile: read.profile, ...place }));
    // What was typed while it was on its way is a draft of what is stored now.
    set(({ drafts }) => {
      const now = drafts[id];
      const base = getApp().settings?.profiles.find((profile) => profile.id === id) ?? read.profile;
      const rest = without(drafts, id);
      return {
        drafts: now === undefined || now.values === entry.values ? rest : edited(rest, base, now.values),
        saved: id,
      };
    });
    return true;
  } catch (error) {
    const refusal =
      error instanceof RequestError
        ? { field: profileFieldOf(error), message: error.message }
        : { field: null, message: 'It could not be saved: Sandglass cannot be reached.' };
    set(({ drafts }) => {
      const now = drafts[id] ?? entry;
      return { drafts: { ...drafts, [id]: { ...now, attempted: true, refusal } } };
    });
    return false;
  } finally {
    set({ saving: null });
  }
}

/** Opens a session of a profile, saved first where its form has changes. */
export async function openProfileSession(id: string): Promise<void> {
  if (await saveProfile(id)) await openTab({ profileId: id });
}

/** Puts a form back to what is stored; a new profile goes. */
export function discardProfile(id: string): void {
  const entry = get().drafts[id];
  if (entry === undefined) return;
  set((state) => ({
    drafts: without(state.drafts, id),
    selected: entry.isNew && state.selected === id ? null : state.selected,
    saved: null,
  }));
  showDone(entry.isNew ? `“${entry.values.name}” was discarded` : 'Changes discarded', undefined, {
    label: 'Undo',
    run: () => set((state) => ({ drafts: { ...state.drafts, [id]: entry }, selected: id })),
  });
}

/** Deletes a profile at once, and offers to undo it. */
export async function deleteProfile(profile: Profile): Promise<void> {
  const { id } = profile;
  const profiles = getApp().settings?.profiles ?? [];
  const index = profiles.findIndex((candidate) => candidate.id === id);
  const before = profiles[index + 1]?.id ?? null;
  const stored = profiles[index];
  if (stored === undefined) {
    discardProfile(id);
    return;
  }
  const draft = get().drafts[id];
  const list = listedProfiles(profiles, get().drafts);
  const at = list.findIndex((listed) => listed.profile.id === id);
  const next = (list[at + 1] ?? list[at - 1])?.profile.id ?? null;
  try {
    take(await call('profiles.delete', { id }));
  } catch (error) {
    report(error);
    return;
  }
  set((state) => ({
    drafts: without(state.drafts, id),
    selected: state.selected === id || state.selected === null ? next : state.selected,
    saved: null,
  }));
  showDone(`“${stored.name}” deleted`, undefined, {
    label: 'Undo',
    run: () => void putBack(stored, before, draft),
  });
}

/** Puts a profile that comes with the app back as it came, and offers to undo that where something is lost. */
export async function resetProfile(id: string): Promise<void> {
  const stored = getApp().settings?.profiles.find((profile) => profile.id === id);
  const draft = get().drafts[id];
  try {
    take(await call('profiles.reset', { id }));
  } catch (error) {
    report(error);
    return;
  }
  set((state) => ({ drafts: without(state.drafts, id), selected: id, saved: null }));
  if (stored === undefined) return;
  showDone(`“${stored.name}” was reset to its defaults`, undefined, {
    label: 'Undo',
    run: () => void putBack(stored, undefined, draft),
  });
}

async function putBack(profile: Profile, before: string | null | undefined, draft: DraftEntry | undefined) {
  try {
    take(await call('profiles.save', before === undefined ? { profile } : { profile, before }));
  } catch (error) {
    report(error);
    return;
  }
  set((state) => ({
    drafts: draft === undefined ? state.drafts : { ...state.drafts, [profile.id]: draft },
    selected: profile.id,
  }));
}

/** Moves a stored profile one place up (-1) or down (1) in the list and in the new-tab menu. */
export async function moveProfile(id: string, offset: -1 | 1): Promise<void> {
  const profiles = getApp().settings?.profiles ?? [];
  const index = profiles.findIndex((profile) => profile.id === id);
  const profile = profiles[index];
  const target = index + offset;
  if (profile === undefined || target < 0 || target >= profiles.length) return;
  const before = profiles[offset < 0 ? target : target + 1]?.id ?? null;
  try {
    take(await call('profiles.save', { profile, before }));
  } catch (error) {
    report(error);
  }
}

/** Asks for a folder in the system’s dialog; null: none was chosen. */
export async function chooseFolder(): Promise<string | null> {
  try {
    const answer = await call('profiles.chooseFolder', {});
    return answer.outcome === 'chosen' ? answer.folder : null;
  } catch (error) {
    report(error);
    return null;
  }
}

/** Fetches the container engine's images, networks and runtimes. */
export async function loadOffers(): Promise<void> {
  try {
    set({ offers: await call('backends.offers', {}) });
  } catch {
    // The engine's state, shown beside the form, says what is wrong.
    set({ offers: null });
  }
}

/** The profiles that come with the app and are not in the list. */
export function deletedPresets(profiles: readonly Profile[]): readonly Profile[] {
  return PRESETS.filter((preset) => !profiles.some(({ id }) => id === preset.id));
}

function take(settings: SettingsView): void {
  setApp({ settings });
}
