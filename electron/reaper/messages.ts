import { isAbsolute, normalize, sep } from 'node:path';
// The small half of zod: the reaper waits in memory as long as the app runs.
import * as z from 'zod/mini';

/** What the labels of its containers say. */
const owner = z.strictObject({
  host: z.string().check(z.minLength(1)),
  pid: z.string().check(z.minLength(1)),
  start: z.string().check(z.minLength(1)),
});

/** An absolute path without detours whose last part begins with `sandglass-`: nothing else is ever killed or removed. */
const ownPath = z
  .string()
  .check(
    z.refine(
      (path) => isAbsolute(path) && normalize(path) === path && (path.split(sep).at(-1) ?? '').startsWith('sandglass-'),
    ),
  );

const sessionId = z.string().check(z.regex(/^[0-9A-Za-z_-]{1,64}$/));
const containerId = z.string().check(z.regex(/^[0-9a-f]{12,64}$/));
const process = z.object({ pid: z.int().check(z.gt(1)), startedAt: z.number() });

const address = z.discriminatedUnion('kind', [
  // May come with more: a name for people.
  z.object({ kind: z.literal('socket'), path: z.string() }),
  z.object({
    kind: z.literal('tcp'),
    host: z.string(),
    port: z.int().check(z.gt(0), z.lt(65_536)),
    pathPrefix: z.string(),
    tls: z.nullable(
      z.object({
        ca: z.exactOptional(z.string()),
        cert: z.exactOptional(z.string()),
        key: z.exactOptional(z.string()),
      }),
    ),
  }),
]);

/** Until when it waits to be taken over. */
const survival = z.strictObject({ endsAt: z.nullable(z.number()), idleMs: z.nullable(z.number().check(z.gte(0))) });

const message = z.discriminatedUnion('kind', [
  /** First: who is watched. */
  z.strictObject({
    kind: z.literal('app'),
    pid: z.int().check(z.gt(1)),
    /** Folders below which there may be private files of sessions. */
    roots: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('session'),
    id: sessionId,
    shell: z.nullable(process),
    cgroups: z.array(ownPath).check(z.maxLength(16)),
  }),
  z.strictObject({ kind: z.literal('folder'), session: sessionId, path: ownPath }),
  z.strictObject({ kind: z.literal('ended'), session: sessionId }),
  z.strictObject({ kind: z.literal('engine'), address, owner }),
  z.strictObject({ kind: z.literal('created'), id: containerId, address, survival: z.exactOptional(survival) }),
  z.strictObject({ kind: z.literal('removed'), id: containerId }),
  /** Last: the app quits and has ended everything that it did not name as left. */
  z.strictObject({ kind: z.literal('done') }),
]);

/** A message of the app to the reaper: one line of JSON each. */
export type ReaperMessage = z.infer<typeof message>;

/** How containers of one app are known, as their labels have it. */
export type ContainerOwner = z.infer<typeof owner>;

/** A line for the reaper, with its end. */
export function encodeMessage(message: ReaperMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** Reads a line; null when it is none that is understood. */
export function parseMessage(line: string): ReaperMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = message.safeParse(value);
  return parsed.success ? parsed.data : null;
}
