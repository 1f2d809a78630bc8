import { Menu } from '@base-ui/react/menu';
import { ChevronDown, Plus } from 'lucide-react';
import { IconButton, Tip } from '../components/button.tsx';
import { setApp, useApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { openTab } from './actions.ts';
import { ProfileItems } from './profile-items.tsx';

/** Opens the default profile at once, and any other from the menu beside it. */
export function NewTab() {
  const open = useApp((state) => state.profileMenuOpen);
  const change = (next: boolean): void => {
    setApp({ profileMenuOpen: next });
    // A user who came from the terminal by key continues there.
    if (!next) focusTerminal();
  };
  return (
    <div className="split">
      <IconButton label="New tab" command="newTab" data-testid="new-tab" onClick={() => void openTab()}>
        <Plus className="icon" />
      </IconButton>
      <Menu.Root open={open} onOpenChange={change}>
        <Tip label="New tab with a profile" command="newTabMenu">
          <Menu.Trigger
            className="icon-button split-menu"
            aria-label="New tab with a profile"
            data-testid="new-tab-menu"
          >
            <ChevronDown className="icon" />
          </Menu.Trigger>
        </Tip>
        <Menu.Portal>
          <Menu.Positioner className="positioner" align="start" sideOffset={4}>
            <Menu.Popup className="popup choice-menu" data-testid="profile-menu">
              <ProfileItems />
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </div>
  );
}
