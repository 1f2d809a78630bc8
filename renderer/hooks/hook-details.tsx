import { ChevronLeft, CircleCheck, FolderOpen, Send, TriangleAlert } from 'lucide-react';
import type { HookInfo } from '../../shared/hooks.ts';
import { Button, IconButton } from '../components/button.tsx';
import { asSentence } from '../components/format.ts';
import { enableHook, openHooksFolder, selectHook, testHook } from './actions.ts';
import { Deliveries } from './deliveries.tsx';
import { HookIcon, STATE_ICONS } from './hook-list.tsx';
import { HOOK_STATE_LABELS, HOOK_STATE_NOTES } from './messages.ts';
import { busyKey, useHooks } from './state.ts';

/** One hook: its state, the events it receives, and its deliveries. */
export function HookDetails({ hook }: { hook: HookInfo }) {
  const { name, kind, state } = hook;
  const testing = useHooks(({ busy }) => busy.has(busyKey(name, 'test')));
  return (
    <div className="profile-editor hook-details" data-testid="hook-details" data-hook-name={name} data-state={state}>
      <header className="profile-head">
        <IconButton label="All hooks" className="profile-back" onClick={() => selectHook(null)}>
          <ChevronLeft className="icon" aria-hidden="true" />
        </IconButton>
        <HookIcon kind={kind} />
        <h2 id="hook-title" tabIndex={-1}>
          {name}
        </h2>
        <div className="profile-actions">
          {state === 'ready' ? (
            <Button data-testid="hook-test" aria-disabled={testing} onClick={() => void testHook(name)}>
              <Send className="icon" aria-hidden="true" />
              {testing ? 'Sending…' : 'Send a test event'}
            </Button>
          ) : null}
          <Button data-testid="hooks-folder" onClick={() => void openHooksFolder()}>
            <FolderOpen className="icon" aria-hidden="true" />
            Open folder
          </Button>
        </div>
      </header>
      <StateBox hook={hook} />
      <dl className="facts hook-facts">
        {hook.target === '' ? null : (
          <>
            <dt>{kind === 'webhook' ? 'Sends to' : 'Runs'}</dt>
            <dd className="mono" data-testid="hook-target">
              {hook.target}
            </dd>
          </>
        )}
        {hook.events.length === 0 ? null : (
          <>
            <dt>Events</dt>
            <dd className="hook-events" data-testid="hook-events">
              {hook.events.map((event) => (
                <code key={event}>{event}</code>
              ))}
            </dd>
          </>
        )}
        <dt>Deliveries</dt>
        <dd className="figures" data-testid="hook-counts">
          {hook.pending} pending · {hook.deadLetters} failed
        </dd>
      </dl>
      <Deliveries hook={hook} />
    </div>
  );
}

/** Whether it gets what it asks for; else why not, and what would help. */
function StateBox({ hook: { name, state, message } }: { hook: HookInfo }) {
  const enabling = useHooks(({ busy }) => busy.has(busyKey(name, 'enable')));
  const Icon = state !== 'ready' ? STATE_ICONS[state] : message === null ? CircleCheck : TriangleAlert;
  // What the core says of a receiver that is gone says what that means, too.
  const note = state === 'gone' && message !== null ? null : HOOK_STATE_NOTES[state];
  return (
    <div
      className="hook-state"
      data-testid="hook-state"
      data-state={state}
      data-warned={(state === 'ready' && message !== null) || undefined}
    >
      <Icon className="icon" aria-hidden="true" />
      <div className="backend-words">
        <p>
          <strong>{HOOK_STATE_LABELS[state]}</strong>
          {message === null ? null : <span data-testid="hook-message">: {asSentence(message)}</span>}
        </p>
        {note === null ? null : <p className="setting-note">{note}</p>}
      </div>
      {state === 'gone' ? (
        <Button
          variant="primary"
          data-testid="hook-enable"
          aria-disabled={enabling}
          onClick={() => void enableHook(name)}
        >
          {enabling ? 'Enabling…' : 'Enable'}
        </Button>
      ) : null}
    </div>
  );
}
