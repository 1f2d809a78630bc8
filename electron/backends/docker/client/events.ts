import { z } from 'zod';
import { LABELS } from '../fleet/labels.ts';
import type { ContainerEvent } from './engine.ts';

/** One line of `GET /events` (https://docs.docker.com/reference/api/engine/), as far as it is used. */
const eventSchema = z.object({
  Type: z.literal('container'),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});

/** What happened to which container. */
export interface Happening {
  readonly containerId: string;
  readonly event: ContainerEvent;
}

/** The query that gives the events of this app's containers and of no others. */
export function eventsQuery(sinceMs: number | null): Record<string, string> {
  return {
    filters: JSON.stringify({ type: ['container'], label: [`${LABELS.app}=1`] }),
    ...(sinceMs === null ? {} : { since: (sinceMs / 1_000).toFixed(3) }),
  };
}

/** Reads one event; null for those that mean nothing here. Podman has other names for some. */
export function readEvent(value: unknown): Happening | null {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) return null;
  const { Action, Actor } = parsed.data;
  const event = toEvent(Action, Actor.Attributes ?? {});
  return event === null ? null : { containerId: Actor.ID, event };
}

function toEvent(action: string, attributes: Readonly<Record<string, string>>): ContainerEvent | null {
  switch (action) {
    case 'oom':
      return { kind: 'oom' };
    case 'kill':
      return { kind: 'kill', signal: signalName(attributes.signal ?? '') };
    case 'die':
    case 'died': {
      const exitCode = Number(attributes.exitCode ?? attributes.containerExitCode);
      return { kind: 'die', exitCode: Number.isInteger(exitCode) ? exitCode : -1 };
    }
    case 'destroy':
    case 'remove':
      return { kind: 'destroy' };
    default:
      return null;
  }
}

/** Linux's signals by number (signal(7)); those of the host may differ. The first has number 1. */
const LINUX_SIGNALS =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** `SIGKILL` for `9`, `KILL` and `SIGKILL`; `SIG?` for what is no signal. */
function signalName(text: string): string {
  const known = LINUX_SIGNALS[Number(text) - 1];
  if (known !== undefined) return `SIG${known}`;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return /^[A-Z0-9+]{1,12}$/.test(name) ? `SIG${name}` : 'SIG?';
}
