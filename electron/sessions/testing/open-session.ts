import type { EffectiveLimits } from '../../../shared/limits.ts';
import type { ProfileOf } from '../../../shared/profile.ts';
import { type SessionEvent, sessionInfoSchema } from '../../../shared/session.ts';
import { Session } from '../session.ts';
import type { RestoredState, SessionListener } from '../session-options.ts';
import { limitsWith } from './limits.ts';
import { profileWith } from './profiles.ts';
import { keepingLogger, StandInBackend, StandInRecorders } from './stand-ins.ts';
import { TestClock } from './test-clock.ts';

/** What a test opens a session with. */
export interface Setup {
  readonly profile?: Partial<ProfileOf<'pty'>>;
  readonly limits?: EffectiveLimits;
  /** What an earlier run of the app has left of it. */
  readonly restored?: RestoredState;
}

/** What the user does in a terminal. */
export const user = { user: true };

/** A session over stand-ins, not started yet, with all that it emits. */
export function openSession({ profile = {}, limits = limitsWith(), restored }: Setup = {}) {
  const clock = new TestClock();
  const log: string[] = [];
  const backend = new StandInBackend(log);
  const recorders = new StandInRecorders(log);
  const logger = keepingLogger();
  const events: SessionEvent[] = [];
  let nextEvent = 0;
  const listener: SessionListener = {
    onEvent: (event) => {
      events.push(event);
      if (event.type !== 'session:state') log.push(event.type);
    },
    onChange: () => sessionInfoSchema.parse(session.info()),
    onActivity: () => {},
    onLateness: (ms) => log.push(`late ${ms}`),
    onBytes: () => {},
  };
  const id = '01M7Y85E6BXST0XRN70G4B9GBG';
  const options = { id, previousId: null, profile: profileWith(profile), limits, cols: 80, rows: 24 };
  const session: Session = new Session(
    { ...options, ...(restored === undefined ? {} : { restored }) },
    {
      clock,
      backend,
      recorders,
      logger,
      app: { name: 'Sandglass', version: '1' },
      writeMetadata: async () => {
        log.push('metadata');
      },
      newEventId: () => {
        nextEvent += 1;
        return `event-${nextEvent}`;
      },
    },
    listener,
  );
  return { backend, clock, events, log, logger, recorders, session };
}

/** The same, started. */
export async function startedSession(setup: Setup = {}) {
  const opened = openSession(setup);
  opened.session.start();
  await opened.session.started;
  return { ...opened, process: opened.backend.last };
}
