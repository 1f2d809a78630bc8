import * as z from 'zod';

/** Where the web host says whether it is there, to a page of its own that may no longer be signed in. */
export const PRESENCE_PATH = '/presence';

/** What the web host says there. It holds nothing that the page for strangers does not say too. */
export const presenceSchema = z.strictObject({
  app: z.literal('sandglass'),
  /** Another one at each start. */
  instance: z.string().min(1).max(64),
  /** Whether this browser's sign-in is accepted. */
  signedIn: z.boolean(),
  /** Whether one more window may connect. */
  hasRoom: z.boolean(),
});
export type Presence = z.infer<typeof presenceSchema>;

/** Why a host closes the connections of its windows when it quits: its sessions have ended. */
export const HOST_QUIT = 'Sandglass was quit';
