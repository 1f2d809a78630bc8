import { useEffect, useState } from 'react';
import { describeDuration, formatClock, formatDuration } from '../../shared/duration.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { END_REASONS, type EndReason } from '../../shared/session.ts';
import { formatBytes } from '../components/format.ts';
import { call } from '../connection/core.ts';
import { useApp } from '../store/store.ts';
import { NoticesDialog } from './notices-dialog.tsx';

const REFRESH_MS = 3_000;

const END_REASON_LABELS: Readonly<Record<EndReason, string>> = {
  exited: 'Shell exited',
  closed: 'Closed by you',
  idle_timeout: 'Idle timeout',
  max_duration: 'Maximum duration',
  command_limit: 'Command limit',
  auto_reset: 'Reset when time was up',
  reset: 'Reset by you',
  start_failed: 'Did not start',
  backend_lost: 'Backend lost',
  out_of_memory: 'Out of memory',
  recording_failed: 'Recording failed',
  revoked: 'Revoked',
  app_quit: 'Sandglass quit',
  app_crash: 'Sandglass crashed',
};

/** All sessions since the start of Sandglass, in figures; kept fresh while it is open. */
export function AboutPanel() {
  const metrics = useMetrics();
  const info = useApp((state) => state.info);
  if (metrics === null) {
    return (
      <div className="panel-section">
        <p>Loading…</p>
      </div>
    );
  }
  const ended = END_REASONS.flatMap((reason) => {
    const count = metrics.endedByReason[reason] ?? 0;
    return count > 0 ? [{ label: END_REASON_LABELS[reason], count }] : [];
  }).toSorted((a, b) => b.count - a.count);
  return (
    <>
      <section className="panel-section">
        <h2>Sessions</h2>
        <dl className="tiles figures" data-testid="metrics">
          <Tile label="Open now" value={String(metrics.active)} />
          <Tile label="Opened in total" value={String(metrics.total)} />
          <Tile label="Oldest" value={age(metrics.oldestAgeSeconds)} />
          <Tile label="Newest" value={age(metrics.newestAgeSeconds)} />
          <Tile label="Average age" value={age(metrics.averageAgeSeconds)} />
          <Tile label="Output" value={formatBytes(metrics.bytesOut)} />
        </dl>
      </section>
      <section className="panel-section">
        <h2>Ended, by reason</h2>
        {ended.length === 0 ? <p>None yet.</p> : <Bars rows={ended} />}
      </section>
      <section className="panel-section">
        <h2>Ended, by length</h2>
        {ended.length === 0 ? (
          <p>None yet.</p>
        ) : (
          <Bars
            rows={metrics.durations.map(({ upToSeconds, count }) => ({
              label: upToSeconds === null ? 'longer' : `up to ${formatDuration(upToSeconds)}`,
              count,
            }))}
          />
        )}
      </section>
      <section className="panel-section">
        <h2>Limits</h2>
        <dl className="facts figures">
          <dt>Limits reached</dt>
          <dd>{metrics.expired}</dd>
          <dt>Largest delay</dt>
          <dd>{metrics.lateness.count === 0 ? 'none yet' : `${metrics.lateness.maxMs.toFixed(0)} ms`}</dd>
          <dt>Found by cleanup</dt>
          <dd>{metrics.swept}</dd>
          <dt>Refused: too many sessions</dt>
          <dd>{metrics.refused}</dd>
        </dl>
      </section>
      {info === null ? null : (
        <section className="panel-section">
          <h2>{info.name}</h2>
          <dl className="facts">
            <dt>Version</dt>
            <dd className="figures">{info.version}</dd>
            <dt>Running for</dt>
            <dd>{describeDuration(Math.max(60, Math.floor((Date.now() - metrics.startedAt) / 60_000) * 60))}</dd>
            <dt>Recordings</dt>
            <dd className="mono">{info.recordingFolder}</dd>
            <dt>Log files</dt>
            <dd className="mono">{info.logFolder}</dd>
            <dt>Licence</dt>
            <dd>MIT</dd>
          </dl>
          <NoticesDialog />
        </section>
      )}
    </>
  );
}

function useMetrics(): Metrics | null {
  const [metrics, setMetrics] = useState<Metrics | null>(null);
  useEffect(() => {
    let stopped = false;
    const refresh = (): void => {
      if (document.hidden) return;
      // Without a connection the last figures stay, and the window says that it is lost.
      call('sessions.metrics', {}).then(
        (next) => !stopped && setMetrics(next),
        () => {},
      );
    };
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, []);
  return metrics;
}

function age(seconds: number | null): string {
  return seconds === null ? '–' : formatClock(seconds);
}

function Tile({ label, value }: { label: string; value: string }) {
  return (
    <div className="tile">
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Bars({ rows }: { rows: readonly { label: string; count: number }[] }) {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <div className="bars">
      {rows.map(({ label, count }) => (
        <div className="bar-row" key={label}>
          <span className="muted">{label}</span>
          <div className="bar" aria-hidden="true" style={{ transform: `scaleX(${count / most})` }} />
          <span className="figures">{count}</span>
        </div>
      ))}
    </div>
  );
}
