import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../../shared/error-message.ts';

export interface WebHostOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Whether to open the link in the user's browser. */
  readonly open: boolean;
  /** The folder of the built renderer. */
  readonly rendererFolder: string;
}

export type ReadOptions =
  | { readonly kind: 'run'; readonly options: WebHostOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const USAGE = `Usage: npm run serve -- [options]

Serves Sandglass to a browser on this machine.

  --port <number>  the port to use (default: SANDGLASS_PORT, else any free one)
  --open           open the link in your browser
  --help           show this help`;

/** Reads the command line and what of the environment stands in for it. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  projectFolder: string,
): ReadOptions {
  let values: { port?: string; open?: boolean; help?: boolean; renderer?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        open: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        // For tests and development: another build of the renderer.
        renderer: { type: 'string' },
      },
    }));
  } catch (error) {
    return { kind: 'wrong', message: messageOf(error) };
  }
  if (values.help === true) return { kind: 'help' };
  const portText = values.port ?? (env.SANDGLASS_PORT || '0');
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port <= 65_535)) {
    return { kind: 'wrong', message: `The port is “${portText.slice(0, 20)}”; it has to be a number from 1 to 65535.` };
  }
  const rendererFolder = values.renderer ?? join(projectFolder, '.vite', 'renderer', 'main_window');
  return { kind: 'run', options: { port, open: values.open === true, rendererFolder } };
}
