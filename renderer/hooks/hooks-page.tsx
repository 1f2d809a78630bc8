import { FolderOpen, Webhook } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Button } from '../components/button.tsx';
import { LoadFailure } from '../components/load-failure.tsx';
import { useApp } from '../store/store.ts';
import { loadHooks, openHooksFolder } from './actions.ts';
import { HookDetails } from './hook-details.tsx';
import { HookList } from './hook-list.tsx';
import { shownHook, useHooks } from './state.ts';

/** All hooks, and what became of the deliveries of one. Where there is no room for both, one at a time. */
export function HooksPage({ active }: { active: boolean }) {
  const view = useHooks((state) => state.view);
  const failure = useHooks((state) => state.failure);
  const selected = useHooks((state) => state.selected);
  const list = useHooks((state) => state.list);
  const connected = useApp((state) => state.link.state === 'open');
  const root = useRef<HTMLDivElement>(null);
  const shown = useHooks(shownHook);
  const chosen = view?.hooks.some(({ name }) => name === selected) ?? false;
  const missing = view === null;
  const hasHooks = shown !== null;
  useEffect(() => {
    if (missing && connected) void loadHooks();
  }, [missing, connected]);
  // Live changes of the list must not take the keyboard from where the user is; a choice in a narrow window may.
  useEffect(() => {
    if (!active || missing) return;
    const page = root.current;
    page?.closest('.settings-body')?.scrollTo(0, 0);
    const item = selected === null ? null : page?.querySelector<HTMLElement>(`[data-hook="${CSS.escape(selected)}"]`);
    const hidden = (item?.offsetParent ?? null) === null;
    const next = hidden
      ? page?.querySelector<HTMLElement>(selected === null ? '[data-hook], .button' : '#hook-title')
      : item;
    next?.focus({ preventScroll: true });
  }, [active, selected, missing]);
  // What had the keyboard may be gone: a hook, or a button with what it was for.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what it may go with.
  useEffect(() => {
    if (!active || missing || document.activeElement !== document.body) return;
    root.current?.querySelector<HTMLElement>(hasHooks ? '#hook-title' : '.button')?.focus({ preventScroll: true });
  }, [hasHooks, shown?.name, shown?.state, list]);
  return (
    <div ref={root} className="profiles hooks" data-chosen={chosen || undefined} data-testid="hooks-page">
      {view === null ? (
        <div className="hooks-alone">
          <h2>Hooks</h2>
          {failure === null ? (
            <p className="muted">Loading…</p>
          ) : (
            <LoadFailure title="The hooks could not be read" message={failure} onRetry={() => void loadHooks()} />
          )}
        </div>
      ) : shown === null ? (
        <NoHooks folder={view.folder} />
      ) : (
        <>
          <HookList hooks={view.hooks} shown={shown.name} />
          <HookDetails key={shown.name} hook={shown} />
        </>
      )}
    </div>
  );
}

/** How to make the first one. It is shown here as soon as it is there. */
function NoHooks({ folder }: { folder: string }) {
  return (
    <div className="hooks-alone" data-testid="no-hooks">
      <h2>
        <Webhook className="icon" aria-hidden="true" />
        No hooks yet
      </h2>
      <p>
        A hook runs a program or calls a URL when something happens to a session: when it starts, warns, freezes or
        ends.
      </p>
      <ol className="hooks-steps">
        <li>
          Make a folder with the hook’s name in <code>{folder}</code>, and in it a <code>hook.yaml</code> such as:
          <pre>{'events: [session:start, session:end]\nrun: notify.sh'}</pre>
        </li>
        <li>
          Put the program that <code>run</code> names beside it, or say <code>webhook:</code> instead. It is shown here
          at once.
        </li>
      </ol>
      <p className="muted">
        See <code>docs/hooks.md</code> for everything a hook can contain and receives, with an example of each kind.
      </p>
      <div className="actions">
        <Button data-testid="hooks-folder" onClick={() => void openHooksFolder()}>
          <FolderOpen className="icon" aria-hidden="true" />
          Open folder
        </Button>
      </div>
    </div>
  );
}
