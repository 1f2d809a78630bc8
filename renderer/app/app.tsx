import { Tooltip } from '@base-ui/react/tooltip';
import { useMemo } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { useNarrow } from '../components/narrow.ts';
import { WindowContext, type WindowServices } from '../components/window-context.ts';
import { LinkBanner } from '../connection/link-banner.tsx';
import { shortcutText } from '../keys/keys.ts';
import { keyboardPlatform } from '../keys/platform.ts';
import { SidePanel } from '../panel/side-panel.tsx';
import { SessionPane } from '../session/session-pane.tsx';
import { StatusLine } from '../session/status-line.tsx';
import { SettingsPage } from '../settings/settings-page.tsx';
import { activeSession, useApp } from '../store/store.ts';
import { TabStrip } from '../tabs/tab-strip.tsx';
import { setPaneElement } from '../terminal/pane-area.ts';
import { Toasts } from '../toasts/toaster.tsx';
import { runCommand } from './commands.ts';
import { EmptyWindow } from './empty-window.tsx';
import { focusAfterMenu } from './keep-focus.ts';
import { Questions } from './questions.tsx';
import { Shortcuts } from './shortcuts-dialog.tsx';
import { useTheme } from './theme.ts';

export function App() {
  const panel = useApp((state) => state.panel);
  const session = useApp(activeSession);
  const narrow = useNarrow();
  const theme = useTheme();
  const services = useServices();
  return (
    <WindowContext value={services}>
      <Tooltip.Provider delay={500}>
        <div className="app">
          <TabStrip />
          <LinkBanner />
          <main className="app-main">
            <Group orientation="horizontal">
              <Panel id="stage" minSize={narrow && panel !== null ? 0 : 240} className="stage-panel">
                <Stage />
              </Panel>
              {panel === null ? null : (
                <>
                  <Separator className="separator" aria-label="Panel width" />
                  <Panel
                    id="side"
                    defaultSize={narrow ? '100%' : 360}
                    minSize={narrow ? '100%' : 260}
                    maxSize={narrow ? '100%' : '60%'}
                    groupResizeBehavior="preserve-pixel-size"
                  >
                    <SidePanel panel={panel} />
                  </Panel>
                </>
              )}
            </Group>
          </main>
          {session === null ? null : <StatusLine info={session} />}
        </div>
        <Questions />
        <Shortcuts />
        <Announcer />
        <Toasts theme={theme} />
      </Tooltip.Provider>
    </WindowContext>
  );
}

/** The panes, one of them shown. */
function Stage() {
  const order = useApp((state) => state.order);
  const settingsOpen = useApp((state) => state.settingsOpen);
  const loaded = useApp((state) => state.loaded);
  const hoveredLink = useApp((state) => state.hoveredLink);
  const empty = loaded && order.length === 0 && !settingsOpen;
  return (
    <div className="stage">
      <div className="panes" ref={setPaneElement}>
        {order.map((id) => (
          <SessionPane key={id} id={id} />
        ))}
        {settingsOpen ? <SettingsPage /> : null}
        {empty ? <EmptyWindow /> : null}
        {hoveredLink === null ? null : (
          <div className="link-hint">
            {keyboardPlatform() === 'mac' ? '⌘-click' : 'Ctrl+click'} opens {hoveredLink}
          </div>
        )}
      </div>
    </div>
  );
}

/** Says warnings and ends aloud, without taking the focus. */
function Announcer() {
  const announcement = useApp((state) => state.announcement);
  return (
    <div className="visually-hidden" aria-live="polite" data-testid="announcer">
      {announcement}
    </div>
  );
}

/** What the window offers its buttons and menus. Which shortcuts there are depends on the host, known once it has answered. */
function useServices(): WindowServices {
  const host = useApp((state) => state.info?.host ?? 'web');
  return useMemo(
    () => ({
      run: runCommand,
      shortcutOf: (command) => shortcutText(command, keyboardPlatform(), host),
      focusAfterMenu,
    }),
    [host],
  );
}
