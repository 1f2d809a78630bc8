import { describeDuration } from '../../../shared/duration.ts';
import type { SessionEvent } from '../../../shared/session.ts';

type WarningEvent = Extract<SessionEvent, { type: 'session:warning' }>;

/** What a notification says. */
export interface WarningText {
  readonly title: string;
  readonly body: string;
}

export interface WarningOptions {
  /** What the session's tab is called; null when it is gone. */
  readonly titleOf: (sessionId: string) => string | null;
  /** Whether the user is at one of our windows and sees the warning there. */
  readonly isFocused: () => boolean;
  /** Shows a notification; gives what takes it away. */
  readonly notify: (text: WarningText, clicked: () => void) => () => void;
  /** Brings the window to the front. */
  readonly openWindow: () => void;
}

/**
 * Shows warnings as notifications of the system while no window has the focus. A newer warning of a session replaces
 * the one before; more time or its end takes it away.
 *
 * @returns the listener for the core's events
 */
export function createWarnings({
  titleOf,
  isFocused,
  notify,
  openWindow,
}: WarningOptions): (event: SessionEvent) => void {
  const shown = new Map<string, () => void>();
  const takeAway = (sessionId: string): void => {
    shown.get(sessionId)?.();
    shown.delete(sessionId);
  };
  return (event) => {
    switch (event.type) {
      case 'session:warning':
        takeAway(event.sessionId);
        if (isFocused()) return;
        shown.set(
          event.sessionId,
          notify(warningText(event, titleOf(event.sessionId)), () => {
            takeAway(event.sessionId);
            openWindow();
          }),
        );
        return;
      case 'session:extended':
      case 'session:reinstated':
      case 'session:end':
        takeAway(event.sessionId);
        return;
      case 'session:start':
      case 'session:state':
        return;
    }
  };
}

const BODIES: Readonly<Record<WarningEvent['warning']['deadline'], string>> = {
  idle: 'Nothing was done in it for a while. Open Sandglass to keep it open.',
  max: 'Its maximum duration is nearly over. Open Sandglass to extend it.',
  policy: 'The policy no longer allows it. Save your work.',
};

/** A warning in words, for who does not look at the window. */
function warningText({ warning }: WarningEvent, name: string | null): WarningText {
  const title = `${name === null ? 'A session' : `“${name}”`} closes in ${describeDuration(warning.beforeSeconds)}`;
  return { title, body: BODIES[warning.deadline] };
}
