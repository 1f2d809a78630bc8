import { createContext, useContext } from 'react';
import type { EngineOffers } from '../../shared/backends.ts';
import type { ProfileField } from '../../shared/labels.ts';
import type { Preferences } from '../../shared/settings.ts';
import type { Draft } from './draft.ts';
import type { DraftErrors } from './read-draft.ts';

/** What the fields of one profile’s form share. */
export interface Editor {
  readonly draft: Draft;
  /** The errors to be shown now: not those of fields that the user has not visited yet. */
  readonly errors: DraftErrors;
  /** What the fields open in the sandbox. */
  readonly opens: Readonly<Partial<Record<ProfileField, string>>>;
  /** The settings in force, for limits that are left empty. */
  readonly inForce: Preferences;
  readonly offers: EngineOffers | null;
  /** Names of other profiles. */
  readonly otherNames: ReadonlySet<string>;
  /** The host has a folder dialog. */
  readonly choosesFolders: boolean;
  change(change: Partial<Draft>): void;
  /** The user has visited this field, and left it. */
  touch(field: keyof DraftErrors): void;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (editor === null) throw new Error('A field of a profile stands outside of its form.');
  return editor;
}
