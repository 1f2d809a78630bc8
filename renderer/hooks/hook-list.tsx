import { CircleSlash, FolderCog, type LucideIcon, SquareFunction, TriangleAlert, Unplug, Webhook } from 'lucide-react';
import type { HookInfo, HookState } from '../../shared/hooks.ts';
import { walkList } from '../components/walk-list.ts';
import { selectHook } from './actions.ts';
import { hookLine } from './messages.ts';

/** What kind of subscriber a hook is, as a picture; the words beside it say the same. */
export function HookIcon({ kind }: { kind: HookInfo['kind'] }) {
  const Icon = kind === 'run' ? SquareFunction : kind === 'webhook' ? Webhook : FolderCog;
  return <Icon className="icon" data-kind={kind} aria-hidden="true" />;
}

/** A hook that gets nothing wears a mark of its own. */
export const STATE_ICONS: Readonly<Record<Exclude<HookState, 'ready'>, LucideIcon>> = {
  broken: TriangleAlert,
  disabled: CircleSlash,
  gone: Unplug,
};

/** All hooks by name. */
export function HookList({ hooks, shown }: { hooks: readonly HookInfo[]; shown: string }) {
  return (
    <nav className="profile-list" aria-label="Hooks">
      <ul onKeyDown={walkList}>
        {hooks.map((hook) => (
          <li key={hook.name}>
            <ListItem hook={hook} current={hook.name === shown} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ListItem({ hook, current }: { hook: HookInfo; current: boolean }) {
  const { name, kind, state, deadLetters } = hook;
  const Mark = state === 'ready' ? null : STATE_ICONS[state];
  const bad = state === 'broken' || state === 'gone' || deadLetters > 0;
  return (
    <button
      type="button"
      className="profile-item"
      aria-current={current}
      data-testid="hook-item"
      data-hook={name}
      data-state={state}
      onClick={() => selectHook(name)}
    >
      <HookIcon kind={kind} />
      <span className="profile-item-words">
        <span className="profile-item-name">{name}</span>
        <span className="profile-item-line" data-tone={bad ? 'warn' : undefined} data-testid="hook-line">
          {hookLine(hook)}
        </span>
      </span>
      {Mark === null ? null : <Mark className="icon hook-mark" aria-hidden="true" />}
    </button>
  );
}
