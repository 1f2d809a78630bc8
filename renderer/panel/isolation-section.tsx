import { Check, Copy, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ContainerInfo, Containment, IsolationItem, SessionInfo } from '../../shared/session.ts';
import { IconButton } from '../components/button.tsx';
import { copyText } from '../toasts/copy-text.ts';

/** What was found of a session's sandbox, how all of it is ended, and the container that ran it. */
export function IsolationSection({ info }: { info: SessionInfo }) {
  return (
    <>
      {info.isolation.length === 0 ? <NothingFound info={info} /> : <Found items={info.isolation} />}
      <dl className="facts">
        <dt>When it ends</dt>
        <dd>
          {CONTAINMENT_LABELS[info.containment].what}
          <small>{CONTAINMENT_LABELS[info.containment].how}</small>
        </dd>
        <dt>Shell process</dt>
        <dd className="figures">{info.end === null ? (info.pid ?? 'none yet') : 'ended'}</dd>
        {info.container === null ? null : <ContainerFacts container={info.container} />}
      </dl>
    </>
  );
}

function NothingFound({ info }: { info: SessionInfo }) {
  return (
    <p className="isolation-note">
      {info.backend === 'pty'
        ? 'A local shell is not isolated: its programs can do everything your user account can.'
        : info.end === null
          ? 'The sandbox is being set up. Its isolation is shown here once it has been checked.'
          : 'The session did not start, so there was no sandbox to check.'}
    </p>
  );
}

function Found({ items }: { items: readonly IsolationItem[] }) {
  const open = items.filter((item) => item.open).length;
  return (
    <>
      <p className="isolation-note">
        {open === 0
          ? 'Checked when the session started. Nothing is loosened.'
          : `Checked when the session started. ${open === 1 ? 'One restriction is' : `${open} restrictions are`} loosened.`}
      </p>
      <ul className="isolation-list" data-testid="isolation-list">
        {items.map(({ text, open: isOpen }) => (
          <li key={text} data-open={isOpen || undefined}>
            {isOpen ? (
              <TriangleAlert className="icon" aria-hidden="true" />
            ) : (
              <Check className="icon" aria-hidden="true" />
            )}
            <span>{text}</span>
            {isOpen ? <strong>open</strong> : <span className="visually-hidden">, closed</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

const CONTAINMENT_LABELS: Readonly<Record<Containment, { what: string; how: string }>> = {
  cgroup: {
    what: 'Its control group is terminated',
    how: 'The system tracks every process in it, so none can escape.',
  },
  tree: {
    what: 'Its process tree is terminated',
    how: 'Processes are found by their session, their ancestors and a marker in their environment.',
  },
  namespace: {
    what: 'Its process namespace is terminated',
    how: 'The system kills every process in it together with the first one, so none can escape.',
  },
  container: {
    what: 'Its container is removed',
    how: 'Every process in it is killed, and everything written inside is deleted.',
  },
};

/** As many digits of an id as people compare. */
const SHORT_ID = 12;

function ContainerFacts({ container }: { container: ContainerInfo }) {
  const digest = (container.digest ?? container.imageId).replace(/^.*sha256:/, '');
  return (
    <>
      <Row label="Image">{container.image}</Row>
      <Row label={container.digest === null ? 'Image id' : 'Image digest'}>
        <span className="copyable">
          <code title={container.digest ?? container.imageId}>sha256:{digest.slice(0, SHORT_ID)}…</code>
          <IconButton
            label={container.digest === null ? 'Copy the image id' : 'Copy the digest'}
            data-testid="copy-digest"
            onClick={() => void copyText(container.digest ?? container.imageId, 'Digest copied')}
          >
            <Copy className="icon" />
          </IconButton>
        </span>
        {container.digest === null ? <small>This image did not come from a registry.</small> : null}
      </Row>
      <Row label="Container">
        <span className="copyable">
          <code title={container.id}>{container.id.slice(0, SHORT_ID)}</code>
          <IconButton label="Copy the container id" onClick={() => void copyText(container.id, 'Container id copied')}>
            <Copy className="icon" />
          </IconButton>
        </span>
        <small>
          {container.name}
          {container.pooled ? ', started ahead of time' : ''}
        </small>
      </Row>
      <Row label="Engine">{container.engine}</Row>
    </>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}
