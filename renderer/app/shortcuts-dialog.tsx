import { Dialog } from '@base-ui/react/dialog';
import { Button } from '../components/button.tsx';
import { BINDINGS, keyCaps, shortcutsOf } from '../keys/keys.ts';
import { setApp, useApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { keyEnvironment } from './shortcut-keys.ts';

/** Selecting tabs by number is one line in the list, not nine. */
const LISTED = BINDINGS.filter(({ command }) => !/^selectTab[2-8]$/.test(command));

/** All shortcuts, as they are where the window runs. */
export function Shortcuts() {
  const open = useApp((state) => state.shortcutsOpen);
  const close = (): void => {
    setApp({ shortcutsOpen: false });
    focusTerminal();
  };
  const { platform, host } = keyEnvironment();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : close())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog wide" data-testid="shortcuts">
          <Dialog.Title className="dialog-title">Keyboard shortcuts</Dialog.Title>
          <div className="shortcuts">
            {LISTED.map((binding) => (
              <div key={binding.command}>
                <span>{binding.command === 'selectTab1' ? 'Tab 1 … 8' : binding.label}</span>
                <span className="keycaps">
                  {keyCaps(shortcutsOf(binding, platform, host)[0] ?? '', platform).map((cap) => (
                    <kbd className="keycap" key={cap}>
                      {cap}
                    </kbd>
                  ))}
                </span>
              </div>
            ))}
          </div>
          {host === 'web' ? (
            <p className="muted">
              A browser keeps some keys to itself; with {platform === 'mac' ? 'Ctrl+Shift' : 'Alt+Shift'} they are all
              available. Everything else is as in the desktop app.
            </p>
          ) : null}
          <div className="dialog-actions">
            <Button onClick={close}>Close</Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
