import { describe, expect, test } from 'vitest';
import { PRESETS, type Profile } from '../../shared/profile.ts';
import { draftOf } from './draft.ts';
import { copyOf, type DraftEntry, edited, listedProfiles, type ProfilesState } from './state.ts';

const [local, sandbox, container] = PRESETS;
if (local === undefined || sandbox === undefined || container === undefined)
  throw new Error('There are three presets.');

const begun = (profile: Profile, change: Partial<DraftEntry> = {}): DraftEntry => ({
  base: profile,
  isNew: true,
  before: null,
  values: draftOf(profile),
  attempted: false,
  refusal: null,
  ...change,
});

describe('a form that is being changed', () => {
  test('is a draft until it holds again what it began with', () => {
    const once = edited({}, local, { name: 'Work' });
    expect(once.local?.values.name).toBe('Work');
    const twice = edited(once, local, { folder: '/src' });
    expect(twice.local?.values).toMatchObject({ name: 'Work', folder: '/src' });
    expect(edited(twice, local, { name: local.name, folder: '' })).toEqual({});
  });

  test('is measured by what it began with, not by what others have saved since', () => {
    const drafts = edited({}, local, { name: 'Mine' });
    const elsewhere: Profile = { ...local, name: 'Theirs' };
    expect(edited(drafts, elsewhere, { name: local.name })).toEqual({});
  });

  test('stays when it is new, whatever it holds', () => {
    const drafts: ProfilesState['drafts'] = { p: begun({ ...local, id: 'p' }) };
    expect(edited(drafts, { ...local, id: 'p' }, { name: local.name })).toHaveProperty('p');
  });

  test('keeps a refusal until the field it names is changed, and one of no field until anything is', () => {
    const refused = (field: 'folder' | null) => ({ local: begun(local, { refusal: { field, message: 'No.' } }) });
    expect(edited(refused('folder'), local, { name: 'Q' }).local?.refusal).not.toBeNull();
    expect(edited(refused('folder'), local, { folder: '/x' }).local?.refusal).toBeNull();
    expect(edited(refused(null), local, { name: 'Q' }).local?.refusal).toBeNull();
  });
});

describe('the list', () => {
  const ids = (drafts: ProfilesState['drafts'], profiles: readonly Profile[] = PRESETS) =>
    listedProfiles(profiles, drafts).map(({ profile, unsaved }) => (unsaved ? `+${profile.id}` : profile.id));

  test('has new profiles where they will be', () => {
    const p: Profile = { ...local, id: 'p' };
    expect(ids({ p: begun(p, { before: 'sandbox' }) })).toEqual(['local', '+p', 'sandbox', 'container']);
    expect(ids({ p: begun(p) })).toEqual(['local', 'sandbox', 'container', '+p']);
    expect(ids({ p: begun(p, { before: 'gone' }) })).toEqual(['local', 'sandbox', 'container', '+p']);
  });

  test('keeps a changed one that was deleted elsewhere', () => {
    const drafts = edited({}, sandbox, { name: 'Mine' });
    expect(ids(drafts, [local, container])).toEqual(['local', 'container', '+sandbox']);
    expect(ids(drafts)).toEqual(['local', 'sandbox', 'container']);
  });
});

test('a copy has an id and a name of its own, and shares nothing with the original', () => {
  const copy = copyOf(container, 'Container', new Set(['Container', 'Container 2']));
  expect(copy).toMatchObject({ name: 'Container 3', backend: 'docker' });
  expect(copy.id).toMatch(/^docker-[0-9a-f]{8}$/);
  expect(copyOf(container, 'x'.repeat(80), new Set(['x'.repeat(80)])).name.length).toBeLessThanOrEqual(80);
  if (copy.backend !== 'docker' || container.backend !== 'docker') throw new Error('It is a container.');
  expect(copy.container).not.toBe(container.container);
});
