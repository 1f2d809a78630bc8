import * as z from 'zod';
import { BACKENDS } from './profile.ts';
import { isolationSchema } from './session.ts';

/** Whether sessions of one kind are available on this machine now, and if not, why and what would help. */
export const backendStatusSchema = z.discriminatedUnion('state', [
  /** Being probed; a session may be opened and waits for the answer. */
  z.strictObject({ kind: z.enum(BACKENDS), state: z.literal('checking') }),
  z.strictObject({
    kind: z.enum(BACKENDS),
    state: z.literal('available'),
    /** What runs it, for people: “bubblewrap 0.8.0”, “Docker 28.2.2 at unix:///var/run/docker.sock”. */
    message: z.string(),
    /** What a probe found that every sandbox of this kind has; empty for a local shell. */
    found: isolationSchema,
  }),
  z.strictObject({
    kind: z.enum(BACKENDS),
    state: z.literal('unavailable'),
    message: z.string(),
    hint: z.string(),
  }),
]);
export type BackendStatus = z.infer<typeof backendStatusSchema>;

/** An image that the engine has. */
const imageInfoSchema = z.strictObject({
  /** `debian:bookworm-slim`; the id where it has no name. */
  name: z.string(),
  id: z.string(),
  bytes: z.number().min(0),
  /** Milliseconds since the Unix epoch. */
  createdAt: z.number(),
});
export type ImageInfo = z.infer<typeof imageInfoSchema>;

/** What the container engine offers to a profile. */
export const engineOffersSchema = z.strictObject({
  images: z.array(imageInfoSchema),
  /** Networks that a session's container may join. */
  networks: z.array(z.string()),
  /** OCI runtimes, e.g. `runc`, `runsc`. */
  runtimes: z.array(z.string()),
});
export type EngineOffers = z.infer<typeof engineOffersSchema>;
