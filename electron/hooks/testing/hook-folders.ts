import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of a hook: its text, or with rights other than 0600. */
export type HookContent = string | { readonly text: string; readonly mode: number };

/** A folder of hooks on the disk, which goes with the test. */
export class HookFolders implements Disposable {
  readonly #base = realpathSync(mkdtempSync(join(tmpdir(), 'sandglass-hooks-')));
  readonly root = join(this.#base, 'hooks');

  constructor() {
    mkdirSync(this.root, { mode: 0o700 });
  }

  /** A path beside the folder of hooks. */
  outside(name: string): string {
    return join(this.#base, name);
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** Writes a hook's files; `hook.yaml` last, as a person would. */
  write(name: string, yaml: HookContent | null, files: Readonly<Record<string, HookContent>> = {}): void {
    mkdirSync(this.path(name), { recursive: true, mode: 0o700 });
    for (const [file, content] of Object.entries(files)) this.#writeFile(this.path(name, file), content);
    if (yaml !== null) this.#writeFile(this.path(name, 'hook.yaml'), yaml);
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true, force: true });
  }

  #writeFile(path: string, content: HookContent): void {
    const { text, mode } = typeof content === 'string' ? { text: content, mode: 0o600 } : content;
    writeFileSync(path, text);
    chmodSync(path, mode);
  }
}

/** An executable of a few lines. */
export function script(...lines: readonly string[]): HookContent {
  return { text: `#!/bin/sh\n${lines.join('\n')}\n`, mode: 0o700 };
}
