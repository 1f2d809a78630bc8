/** A part of the code: a folder with all that is in it, or a file. */
export interface Room {
  /** The path it begins with, from the project's folder. The longest one that fits a file counts. */
  readonly path: string;
  /** What its files may import besides each other. Tests and `testing/` folders may import more. */
  readonly imports: readonly string[];
}

/**
 * The rooms, and the arrows between them: a room imports from rooms that come after it, never from one before. ARCHITECTURE.md
 * says what each promises. `rooms.test.ts` holds all imports against this, type-only ones too.
 */
export const ROOMS: readonly Room[] = [
  { path: 'renderer', imports: ['shared'] },

  { path: 'electron/main.ts', imports: ['electron/hosts/desktop', 'electron/reaper'] },
  { path: 'electron/preload.ts', imports: ['shared'] },
  {
    path: 'electron/hosts/desktop',
    imports: [
      ...['electron/core', 'electron/credentials', 'electron/reaper', 'electron/storage', 'electron/environment'],
      'shared',
    ],
  },
  {
    path: 'electron/hosts/web',
    imports: ['electron/core', 'electron/reaper', 'electron/storage', 'electron/environment', 'shared'],
  },
  {
    path: 'electron/core',
    imports: [
      ...['electron/recovery', 'electron/sessions', 'electron/hooks', 'electron/journal', 'electron/credentials'],
      ...['electron/recording', 'electron/reaper', 'electron/backends', 'electron/terminal', 'electron/processes'],
      ...['electron/storage', 'electron/metrics', 'electron/base', 'shared'],
    ],
  },
  {
    path: 'electron/recovery',
    imports: [
      ...['electron/sessions', 'electron/journal', 'electron/recording', 'electron/storage', 'electron/base', 'shared'],
    ],
  },
  {
    path: 'electron/sessions',
    imports: [
      ...['electron/journal', 'electron/credentials', 'electron/recording', 'electron/backends', 'electron/terminal'],
      ...['electron/processes', 'electron/storage', 'electron/metrics', 'electron/base', 'shared'],
    ],
  },
  // The thread's entry puts the journal and the hooks together.
  { path: 'electron/journal/journal-worker.ts', imports: ['electron/hooks', 'electron/journal'] },
  {
    path: 'electron/hooks',
    imports: [
      ...['electron/journal', 'electron/recording', 'electron/backends', 'electron/processes', 'electron/environment'],
      ...['electron/base', 'shared'],
    ],
  },
  { path: 'electron/journal', imports: ['electron/recording', 'electron/processes', 'electron/base', 'shared'] },
  {
    path: 'electron/credentials',
    imports: [
      ...['electron/recording', 'electron/backends', 'electron/processes', 'electron/environment', 'electron/base'],
      'shared',
    ],
  },
  { path: 'electron/recording', imports: ['electron/terminal', 'electron/base', 'shared'] },
  { path: 'electron/reaper', imports: ['electron/backends', 'electron/processes', 'shared'] },
  {
    path: 'electron/backends',
    imports: ['electron/processes', 'electron/environment', 'electron/base', 'shared'],
  },
  { path: 'electron/terminal', imports: ['shared'] },
  { path: 'electron/processes', imports: ['electron/environment', 'electron/base', 'shared'] },
  { path: 'electron/storage', imports: ['shared'] },
  { path: 'electron/environment', imports: [] },
  { path: 'electron/metrics', imports: ['shared'] },
  { path: 'electron/base', imports: [] },

  { path: 'shared', imports: [] },
];
