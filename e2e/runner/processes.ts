import { readdirSync, readFileSync } from 'node:fs';

/** A process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes of these sessions, inside sandboxes and containers too. */
export function processesOfSessions(ids: readonly string[]): ListedProcess[] {
  const marks = ids.map((id) => `SANDGLASS_SESSION_ID=${id}`);
  return list((pid) => {
    const variables = read(pid, 'environ').split('\0');
    return marks.some((mark) => variables.includes(mark));
  });
}

/** Processes whose environment holds `NAME=value`. Where there is no /proc, none are found. */
export function processesMarked(mark: string): ListedProcess[] {
  return list((pid) => read(pid, 'environ').split('\0').includes(mark));
}

/** Processes with this text in their command line. */
export function processesRunning(text: string): ListedProcess[] {
  return list((pid) => commandOf(pid).includes(text));
}

function list(wanted: (pid: number) => boolean): ListedProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && wanted(pid))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

function commandOf(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

/** Empty for a process that is gone, is a zombie, or belongs to somebody else. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
