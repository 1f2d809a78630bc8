import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { FOLDER_ACCESS } from '../../../../shared/profile.ts';
import { noTracker } from '../../../processes/tracker.ts';
import { CredentialFolders } from '../../credential-folders.ts';
import { supplyOf } from '../../testing/credentials.ts';
import { type Outcome, runInside, testSandboxes } from './sandboxes.ts';

/** What a process of another user is asked to run in sandboxes, on its standard input. */
export const sandboxRunSchema = z.object({
  folder: z.string().optional(),
  folderAccess: z.enum(FOLDER_ACCESS),
  resources: z.object({ memoryMiB: z.number(), pids: z.number(), cpus: z.number().nullable() }).partial(),
  scripts: z.array(z.string()),
  /** Secrets by the names of their variables. */
  credentials: z.record(z.string(), z.string()).optional(),
});
export type SandboxRun = z.infer<typeof sandboxRunSchema>;

/** Runs each script in a sandbox of its own, one after the other, and writes what they did as JSON. */
async function main(): Promise<void> {
  const run = sandboxRunSchema.parse(JSON.parse(await text(process.stdin)));
  const installation = `TEST${process.pid}`;
  const folders = new CredentialFolders({ installation, environment: process.env, tracker: noTracker });
  const backend = testSandboxes({ credentialFolders: folders });
  await backend.check();
  const { folderAccess, resources } = run;
  const folder = run.folder === undefined ? {} : { folder: run.folder };
  const outcomes: Outcome[] = [];
  for (const script of run.scripts) {
    const spec = {
      ...folder,
      ...(run.credentials === undefined ? {} : { credentials: supplyOf(run.credentials) }),
    };
    outcomes.push(await runInside(backend, script, { folderAccess, resources: defined(resources) }, spec));
  }
  folders.removeLeftovers();
  process.stdout.write(JSON.stringify({ status: backend.status, outcomes }));
}

/** Without what is not there. */
function defined(resources: SandboxRun['resources']): { memoryMiB: number; pids: number; cpus: number | null } {
  return { memoryMiB: resources.memoryMiB ?? 2048, pids: resources.pids ?? 512, cpus: resources.cpus ?? null };
}

await main();
