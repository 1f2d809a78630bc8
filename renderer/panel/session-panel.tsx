import { type ReactNode, useEffect, useRef } from 'react';
import type { LimitName } from '../../shared/limits.ts';
import { describeEnd, type LimitReason, type SessionInfo } from '../../shared/session.ts';
import { formatBytes, formatMoment } from '../components/format.ts';
import { scrollTo } from '../components/scroll-to.ts';
import { useLostSince } from '../connection/live-now.ts';
import { ExportMenu } from '../session/export-menu.tsx';
import { LOST_SESSION } from '../session/lost-card.tsx';
import { describeOrigin, expirySentence } from '../session/messages.ts';
import type { PanelSection } from '../store/state.ts';
import { useApp } from '../store/store.ts';
import { CredentialsSection } from './credentials-section.tsx';
import { EventTimeline } from './event-timeline.tsx';
import { IsolationSection } from './isolation-section.tsx';
import { LimitsSection } from './limits-section.tsx';
import { NowSection } from './now-section.tsx';

/** Why is it alive, why did it end: everything known of one session. */
export function SessionPanel({ info, section }: { info: SessionInfo; section: PanelSection }) {
  const body = useRef<HTMLDivElement>(null);
  const lost = useApp((state) => state.lost.has(info.id));
  useEffect(() => {
    const show = (): void => scrollTo(body.current?.querySelector(`[data-section="${section}"]`));
    show();
    // A panel that has just opened gets its width, and with it its lines, one frame later.
    const frame = requestAnimationFrame(show);
    return () => cancelAnimationFrame(frame);
  }, [section]);
  return (
    <div ref={body}>
      <Section name="now" title={info.end === null && !lost ? 'Why it is open' : 'Why it ended'}>
        {lost ? <p>{LOST_SESSION}</p> : info.end === null ? <NowSection info={info} /> : <EndedNow info={info} />}
      </Section>
      <Section name="limits" title="Limits">
        <LimitsSection info={info} />
      </Section>
      <Section name="isolation" title="Isolation">
        <IsolationSection info={info} />
      </Section>
      {info.credentials.length === 0 ? null : (
        <Section name="credentials" title="Credentials">
          <CredentialsSection credentials={info.credentials} isStarting={info.state === 'starting'} />
        </Section>
      )}
      <Section name="recording" title="Recording">
        <Recording info={info} />
      </Section>
      <Section name="events" title="Events">
        <EventTimeline id={info.id} />
      </Section>
    </div>
  );
}

function Section({ name, title, children }: { name: PanelSection; title: string; children: ReactNode }) {
  return (
    <section className="panel-section" data-section={name} data-testid={`panel-${name}`}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function EndedNow({ info }: { info: SessionInfo }) {
  const { end } = info;
  const policyIsOwn = useApp((state) => state.settings?.policyIsOwn ?? false);
  if (end === null) return null;
  const now = Date.now();
  const expiry = end.reason === 'auto_reset' ? expirySentence(info, end) : null;
  return (
    <dl className="facts">
      <dt>Reason</dt>
      <dd>
        {describeEnd(end)}
        {end.detail === null ? null : <small>{end.detail}</small>}
        {end.failure === null ? null : <small>{end.failure.hint}</small>}
        {expiry === null ? null : <small>{expiry}</small>}
        {end.expired === null ? null : (
          <small>
            Set by {describeOrigin(info.limits.origins[EXPIRED_LIMITS[end.expired]], info.profileName, policyIsOwn)}
          </small>
        )}
      </dd>
      {info.restored ? (
        <>
          <dt>Shown from</dt>
          <dd>
            its recording
            <small>From an earlier run of Sandglass</small>
          </dd>
        </>
      ) : null}
      <dt>Opened</dt>
      <dd className="figures">{formatMoment(info.createdAt, now, true)}</dd>
      <dt>Ended</dt>
      <dd className="figures">{formatMoment(end.at, now, true)}</dd>
      {end.exitCode === null ? null : (
        <>
          <dt>Exit status</dt>
          <dd className="figures">{end.exitCode}</dd>
        </>
      )}
      {end.signal === null ? null : (
        <>
          <dt>Signal</dt>
          <dd>{end.signal}</dd>
        </>
      )}
    </dl>
  );
}

/** The limit that each way of running out of time belongs to. */
const EXPIRED_LIMITS: Readonly<Record<LimitReason, LimitName>> = {
  idle_timeout: 'idleTimeoutSeconds',
  max_duration: 'maxDurationSeconds',
  command_limit: 'maxCommands',
};

const RECORDING_LABELS = {
  recording: 'On',
  truncated: 'Cut short',
  closed: 'Complete',
  none: 'Off',
} as const;

function Recording({ info: { id, recording, end } }: { info: SessionInfo }) {
  const folder = useApp((state) => state.info?.recordingFolder);
  const lost = useApp((state) => state.lost.has(id));
  const away = useLostSince() !== null || lost;
  return (
    <>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          {away && recording.state === 'recording' ? 'Was on' : RECORDING_LABELS[recording.state]}
          {recording.message === null ? null : <small>{recording.message}</small>}
        </dd>
        {recording.state === 'none' ? null : (
          <>
            <dt>Size</dt>
            <dd className="figures">{formatBytes(recording.bytes)}</dd>
            <dt>Kept in</dt>
            <dd className="mono">{folder ?? 'unknown'}</dd>
          </>
        )}
      </dl>
      {recording.state === 'none' || end?.reason === 'start_failed' ? null : (
        <div className="actions section-actions">
          <ExportMenu id={id} />
        </div>
      )}
    </>
  );
}
