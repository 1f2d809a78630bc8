import { ContextMenu } from '@base-ui/react/context-menu';
import { type MouseEvent, type ReactElement, useState } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { MenuItem, MenuSeparator } from '../components/menu.tsx';
import { useWindow } from '../components/window-context.ts';
import { focusAfterTerminalMenu } from './focus-terminal.ts';
import { terminals } from './window-terminals.ts';

/** The menu of a right click in the terminal. A program that takes the mouse gets the click, unless Shift is held. */
export function TerminalMenu({ id, children }: { id: SessionId; children: ReactElement }) {
  const { run } = useWindow();
  const [hasSelection, setHasSelection] = useState(false);
  const guard = (event: MouseEvent): void => {
    const view = terminals.get(id);
    if (view?.takesMouse === true && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
    }
    setHasSelection((view?.selection ?? '') !== '');
  };
  return (
    <ContextMenu.Root onOpenChange={(open) => (open ? undefined : focusAfterTerminalMenu())}>
      <ContextMenu.Trigger className="terminal-area" onContextMenuCapture={guard} render={children} />
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="positioner">
          <ContextMenu.Popup className="popup" data-testid="terminal-menu">
            <MenuItem label="Copy" command="copy" disabled={!hasSelection} onSelect={() => run('copy')} />
            <MenuItem label="Paste" command="paste" onSelect={() => run('paste')} />
            <MenuSeparator />
            <MenuItem label="Find" command="find" onSelect={() => run('find')} />
            <MenuItem label="Select all" onSelect={() => terminals.get(id)?.selectAll()} />
            <MenuItem label="Clear scrollback" onSelect={() => terminals.get(id)?.clear()} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}
