import * as z from 'zod';

/** The file, beside the window's page, that names the packages by others in the app. */
export const noticesFile = 'third-party-notices.json';

/** One package by others that is part of the app, with what its licence asks to pass on. */
export const noticeSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  /** An SPDX licence expression, as the package names it (https://spdx.org/licenses/). */
  licence: z.string(),
  homepage: z.string().nullable(),
  /** The text of its licence and notice files; a copyright line where it has none. */
  text: z.string(),
});
export type Notice = z.infer<typeof noticeSchema>;
