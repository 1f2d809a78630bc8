import { CREDENTIALS_INSIDE } from '../../credential-folders.ts';
import type { Inspection } from '../client/inspection.ts';

/** In memory, and writable for the container's user: there the folder is made, and closed to others. */
export const CREDENTIALS_MOUNT = '/run/sandglass';
/** As much as all values together may need twice, while they are replaced. */
export const CREDENTIALS_MOUNT_OPTIONS = 'rw,noexec,nosuid,nodev,size=8388608,mode=1777';
/** What runs the scripts below. */
export const SCRIPT_SHELL = '/bin/sh';

/**
 * Runs first in a container whose session has credentials, and becomes its shell once they are there: nothing of the
 * profile's runs before. It sets the variables itself, so that the engine does not know them. A container that is kept ready
 * waits here. The side that comes first makes the FIFO `gate`; a message that is sent before it is there is a file instead.
 */
const BARRIER = `# sandglass: waits for credentials
command -v "$1" >/dev/null || exit 127
umask 077
mkfifo ${CREDENTIALS_MOUNT}/gate 2>/dev/null
exec 9<>${CREDENTIALS_MOUNT}/gate
until [ -e ${CREDENTIALS_MOUNT}/open ]; do read -r _sandglass <&9 || sleep 1; done
exec 9>&-
rm -f ${CREDENTIALS_MOUNT}/gate ${CREDENTIALS_MOUNT}/open
umask 022
for _sandglass in ${CREDENTIALS_INSIDE}/*; do
  [ -f "$_sandglass" ] || continue
  _sandglass_value=$(cat "$_sandglass"; printf x)
  export "\${_sandglass##*/}=\${_sandglass_value%x}"
done
unset _sandglass _sandglass_value
exec "$@"`;

/** The command that waits for credentials and then becomes this one. */
export function barrierCommand(command: readonly string[]): string[] {
  return [SCRIPT_SHELL, '-c', BARRIER, 'sandglass', ...command];
}

/** What a container runs, whether it waited for credentials before or not. */
export function commandOf({ Path, Args }: Inspection): { readonly command: string; readonly args: readonly string[] } {
  const args = Args ?? [];
  const isBarrier = Path === SCRIPT_SHELL && args[0] === '-c' && args[1]?.startsWith('# sandglass: ') === true;
  return isBarrier ? { command: args[3] ?? '', args: args.slice(4) } : { command: Path ?? '', args };
}
