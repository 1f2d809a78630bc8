import { createRequire } from 'node:module';

/** node-pty's shell, as far as it is used here; without an encoding it gives bytes. */
export interface BarePty {
  write(data: string): void;
  kill(signal: string): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  onExit(listener: () => void): void;
}

export interface BarePtyOptions {
  readonly cols: number;
  readonly rows: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** node-pty 1.1; the types of its republication are declared for another name than it is imported by. */
const nodePty: {
  spawn(
    file: string,
    args: readonly string[],
    options: BarePtyOptions & { readonly name: string; readonly encoding: null },
  ): BarePty;
} = createRequire(import.meta.url)('node-pty');

/** Runs a shell with nothing but node-pty. */
export function spawnBare(file: string, args: readonly string[], options: BarePtyOptions): BarePty {
  return nodePty.spawn(file, args, { ...options, name: 'xterm-256color', encoding: null });
}
