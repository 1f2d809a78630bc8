import * as z from 'zod';
import { partialLimitsSchema } from './limits.ts';

/** What can run a session's shell: a local PTY, a bubblewrap sandbox (Linux), or a container. */
export const BACKENDS = ['pty', 'bubblewrap', 'docker'] as const;
export type BackendKind = (typeof BACKENDS)[number];

/** A profile's or a session's name for people: 1 to 80 characters, no control characters. */
export const titleSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');

/** An environment variable's name, as POSIX and Windows both take it. */
const environmentNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);

const noControls = /^[^\p{Cc}]*$/u;
/** A path on this machine: absolute where a sandbox is to show it. */
const pathSchema = z.string().min(1).max(4_096).regex(noControls, 'must not contain control characters');
/** An absolute path inside a container. */
const insidePathSchema = z
  .string()
  .max(4_096)
  .regex(/^\/[^\p{Cc}:]*$/u, 'must be an absolute path without a colon');

export const profileIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** What the chosen folder is to a sandbox. */
export const FOLDER_ACCESS = ['none', 'read-only', 'read-write'] as const;
export type FolderAccess = (typeof FOLDER_ACCESS)[number];

/** The bounds of what a sandbox may use; null: no bound. */
const resourcesSchema = z.strictObject({
  /** Memory in MiB (1,048,576 bytes), from 16 MiB to 1 TiB. */
  memoryMiB: z.int().min(16).max(1_048_576).nullable(),
  /** Processors, in hundredths at the finest: 0.5 is half the time of one. */
  cpus: z.number().min(0.05).max(1_024).nullable(),
  /** Processes and threads at once. */
  pids: z.int().min(8).max(1_000_000).nullable(),
});
export type Resources = z.infer<typeof resourcesSchema>;

/** Names of host variables that a sandbox sees; `LC_*` stands for all that begin so. */
const environmentAllowSchema = z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}\*?$/)).max(64);

/** How a bubblewrap sandbox is set up. */
const bubblewrapSchema = z.strictObject({
  /** What the profile's folder is inside; it keeps its path there. */
  folderAccess: z.enum(FOLDER_ACCESS),
  /** `none`: a network namespace of its own with nothing but a loopback. `host`: the machine's network. */
  network: z.enum(['none', 'host']),
  resources: resourcesSchema,
  environmentAllow: environmentAllowSchema,
});
export type BubblewrapOptions = z.infer<typeof bubblewrapSchema>;

/** An image reference (https://pkg.go.dev/github.com/distribution/reference): name, tag or digest. */
const imageSchema = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/, 'must be an image name such as debian:bookworm-slim');

/** When to pull the image: only if it is not there, before each session, or never. */
export const PULL_POLICIES = ['missing', 'always', 'never'] as const;

/** How a container is set up. Every default is the hardened choice. */
const containerSchema = z.strictObject({
  image: imageSchema,
  pull: z.enum(PULL_POLICIES),
  /** `name`, `uid`, `uid:gid` or `name:group`. */
  user: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/),
  /** What the profile's folder is inside. */
  folderAccess: z.enum(FOLDER_ACCESS),
  /** Where in the container the profile's folder is mounted; the shell starts there. */
  mountAt: insidePathSchema,
  /** `none`, `bridge`, or the name of one of the engine's networks. Never `host` or another container's. */
  network: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/)
    .refine((name) => name !== 'host' && name !== 'default', 'must be none, bridge or a network made for containers'),
  resources: resourcesSchema,
  environmentAllow: environmentAllowSchema,
  /** The OCI runtime by the engine's name for it; null: the engine's default. */
  runtime: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/)
    .nullable(),
  readOnlyRoot: z.boolean(),
  /** Capabilities given back after all were dropped, without `CAP_`, e.g. `NET_BIND_SERVICE`. */
  capabilities: z.array(z.string().regex(/^[A-Z][A-Z_]{1,39}$/)).max(41),
  noNewPrivileges: z.boolean(),
  /** Containers kept ready; each is handed out once. */
  pool: z.int().min(0).max(16),
  /**
   * Whether a session outlives a crash of the app: at the next launch it is attached to again if its deadlines have not
   * passed. On a quit it ends like any other.
   */
  survive: z.boolean().default(false),
});
export type ContainerOptions = z.infer<typeof containerSchema>;

/** What a stored secret is called: letters, digits, dots, dashes and underscores. */
export const storedNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

/** Where a credential's value comes from. It is read on this machine, never in the sandbox. */
const credentialSourceSchema = z.discriminatedUnion('kind', [
  /** What the command prints, without the last line end. It runs as you, without a shell, for 30 seconds at most. */
  z.strictObject({
    kind: z.literal('command'),
    command: pathSchema,
    args: z.array(z.string().max(4_096)).max(64).default([]),
  }),
  /** What the file holds, without the last line end; an absolute path. */
  z.strictObject({ kind: z.literal('file'), file: pathSchema }),
  /** What was stored under this name, encrypted by the system's keychain (desktop only). */
  z.strictObject({ kind: z.literal('stored'), name: storedNameSchema }),
]);
export type CredentialSource = z.infer<typeof credentialSourceSchema>;

/** A secret that sessions of a profile get, and that is in none of their records. */
const credentialSchema = z.strictObject({
  /** The variable's name; in a sandbox also the name of its file. */
  env: environmentNameSchema,
  source: credentialSourceSchema,
  /** How long a value is good, in seconds; it is fetched again before that. 0: forever. */
  ttlSeconds: z.int().min(0).max(2_592_000),
  /** Whether a session without it does not start; otherwise it starts with a warning. */
  required: z.boolean(),
});
export type Credential = z.infer<typeof credentialSchema>;

const common = {
  id: profileIdSchema,
  name: titleSchema,
  /** The shell to run; without it the user's login shell, in a container the image's. */
  shell: pathSchema.optional(),
  args: z.array(z.string().max(4_096)).max(64).default([]),
  /** Where the shell starts; without it the home folder. A sandbox sees no other folder of the user's. */
  folder: pathSchema.optional(),
  environment: z.record(environmentNameSchema, z.string().max(32_768)).default({}),
  limits: partialLimitsSchema.default({}),
  /** `required`: the session ends when it can no longer be recorded. */
  recording: z.enum(['on', 'required']).default('on'),
  credentials: z.array(credentialSchema).max(32).default([]),
} as const;

/** Whether a shell is started as a login shell, which reads more start-up files. `automatic`: on macOS. */
const LOGIN_SHELL = ['automatic', 'yes', 'no'] as const;
export type LoginShell = (typeof LOGIN_SHELL)[number];
export const loginShellSchema = z.enum(LOGIN_SHELL);

/** For shells of this machine's file system; without it, as the settings have it. */
const loginShell = { loginShell: loginShellSchema.optional() } as const;

/** A named recipe for a tab. */
export const profileSchema = z.discriminatedUnion('backend', [
  z.strictObject({ ...common, ...loginShell, backend: z.literal('pty') }),
  z.strictObject({ ...common, ...loginShell, backend: z.literal('bubblewrap'), bubblewrap: bubblewrapSchema }),
  z.strictObject({ ...common, backend: z.literal('docker'), container: containerSchema }),
]);
export type Profile = z.infer<typeof profileSchema>;
export type ProfileOf<K extends BackendKind> = Extract<Profile, { backend: K }>;

/** The profile that is always there. */
export const LOCAL_PROFILE_ID = 'local';

/** What a container is set up with unless its profile says otherwise. */
export const DEFAULT_CONTAINER: ContainerOptions = {
  image: 'debian:bookworm-slim',
  pull: 'missing',
  user: '1000:1000',
  folderAccess: 'none',
  mountAt: '/src',
  network: 'none',
  resources: { memoryMiB: 512, cpus: 1, pids: 256 },
  environmentAllow: ['LANG', 'LC_*', 'TZ'],
  runtime: null,
  readOnlyRoot: true,
  capabilities: [],
  noNewPrivileges: true,
  pool: 0,
  survive: false,
};

/** What a bubblewrap sandbox is set up with unless its profile says otherwise. */
export const DEFAULT_BUBBLEWRAP: BubblewrapOptions = {
  folderAccess: 'none',
  network: 'none',
  resources: { memoryMiB: 2_048, cpus: null, pids: 512 },
  environmentAllow: ['LANG', 'LC_*', 'TZ'],
};

const nothingElse = { environment: {}, limits: {}, recording: 'on' } as const;

/** The profiles that come with the app. A reset puts one of them back as it is here. */
export const PRESETS: readonly Profile[] = [
  { id: LOCAL_PROFILE_ID, name: 'Local shell', backend: 'pty', ...nothingElse, args: [], credentials: [] },
  {
    id: 'sandbox',
    name: 'Sandbox (bubblewrap)',
    backend: 'bubblewrap',
    ...nothingElse,
    args: [],
    credentials: [],
    bubblewrap: DEFAULT_BUBBLEWRAP,
  },
  {
    id: 'container',
    name: 'Container',
    backend: 'docker',
    ...nothingElse,
    args: [],
    credentials: [],
    container: DEFAULT_CONTAINER,
  },
];

/** Whether a session of this kind runs what need not be trusted. */
export function isSandboxed(backend: BackendKind): boolean {
  return backend !== 'pty';
}
