import { ContextMenu } from '@base-ui/react/context-menu';
import type { ReactElement } from 'react';
import type { SessionInfo } from '../../shared/session.ts';
import { MenuItem, MenuSeparator } from '../components/menu.tsx';
import { canFreeze, freeze, showSessionPanel, thaw } from '../session/actions.ts';
import { restart } from '../session/replace.ts';
import { useHasProfile } from '../session/use-has-profile.ts';
import { setApp, useApp } from '../store/store.ts';
import { activate, closeTab, openTab } from './actions.ts';

/** The menu of a right click on a tab, or of the menu key. */
export function TabMenu({ info, children }: { info: SessionInfo; children: ReactElement }) {
  const { id } = info;
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger render={children} />
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="positioner">
          <ContextMenu.Popup className="popup" data-testid="tab-menu">
            <MenuItem label="Rename tab" onSelect={() => setApp({ renaming: id })} />
            <MenuItem
              label="New tab with the same profile"
              onSelect={() => void openTab({ profileId: info.profileId, after: id })}
            />
            <MenuSeparator />
            {info.end === null ? <FreezeItem info={info} /> : null}
            <RestartItem info={info} />
            <MenuItem
              label="Isolation"
              onSelect={() => {
                activate(id);
                showSessionPanel('isolation');
              }}
            />
            <MenuSeparator />
            <MenuItem label="Close tab" onSelect={() => void closeTab(id)} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

/** Freezes or thaws, whichever is possible. */
export function FreezeItem({ info }: { info: SessionInfo }) {
  return info.state === 'frozen' ? (
    <MenuItem label="Thaw session" command="freeze" testId="menu-thaw" onSelect={() => void thaw(info.id)} />
  ) : (
    <MenuItem
      label="Freeze session"
      command="freeze"
      testId="menu-freeze"
      disabled={!canFreeze(info)}
      onSelect={() => void freeze(info.id)}
    />
  );
}

/** Ends it, if it has notand starts a new one in its place. */
export function RestartItem({ info }: { info: SessionInfo }) {
  const under = useApp((state) => state.replacing.has(info.id));
  const profile = useHasProfile(info.profileId);
  return (
    <MenuItem
      label="Restart session"
      command="restart"
      testId="menu-restart"
      disabled={under || !profile}
      onSelect={() => void restart(info.id)}
    />
  );
}
