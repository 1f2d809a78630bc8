import { Columns2, EllipsisVertical, List, PanelRight, Search, Settings2, Webhook } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { BackendIcon } from '../components/backend-icon.tsx';
import { IconButton } from '../components/button.tsx';
import { DropMenu, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { useWindow } from '../components/window-context.ts';
import { SETTINGS_TAB } from '../store/state.ts';
import { activeSession, useApp } from '../store/store.ts';
import { activate } from './actions.ts';
import { NewTab } from './new-tab.tsx';
import { RenameField } from './rename-field.tsx';
import { CloseButton, handleTabKeys, SessionTab } from './tab.tsx';
import { FreezeItem, RestartItem } from './tab-menu.tsx';
import { useTabDrag } from './use-drag.ts';
import { useKeepInView } from './use-keep-in-view.ts';

/** The window's top edge: tabs, and what concerns the window as a whole. */
export function TabStrip() {
  const order = useApp((state) => state.order);
  const settingsOpen = useApp((state) => state.settingsOpen);
  const renaming = useApp((state) => (state.renaming === null ? null : (state.sessions[state.renaming] ?? null)));
  const strip = useRef<HTMLDivElement>(null);
  const { dragged, onPointerDown } = useTabDrag(strip);
  useEffect(() => {
    const element = strip.current;
    // React listens passively to wheels; here the wheel scrolls sideways.
    const scroll = (event: WheelEvent): void => {
      if (element !== null && event.deltaX === 0) element.scrollLeft += event.deltaY;
    };
    element?.addEventListener('wheel', scroll, { passive: true });
    return () => element?.removeEventListener('wheel', scroll);
  }, []);
  return (
    <header className="strip">
      <h1 className="visually-hidden">Sandglass</h1>
      <div ref={strip} className="strip-tabs" role="tablist" aria-label="Tabs">
        {order.map((id) => (
          <SessionTab key={id} id={id} dragging={dragged === id} onPointerDown={onPointerDown} />
        ))}
        {settingsOpen ? <SettingsTab /> : null}
      </div>
      {renaming === null ? null : <RenameField key={renaming.id} id={renaming.id} title={renaming.title} />}
      <NewTab />
      <div className="strip-spacer" />
      {order.length > 1 ? <Overview /> : null}
      <WindowButtons />
    </header>
  );
}

function SettingsTab() {
  const active = useApp((state) => state.active === SETTINGS_TAB);
  const button = useRef<HTMLButtonElement>(null);
  useKeepInView(button, active);
  return (
    <div className="tab" role="presentation" data-testid="settings-tab" data-active={active || undefined}>
      <button
        ref={button}
        type="button"
        className="tab-button"
        role="tab"
        id={`tab-${SETTINGS_TAB}`}
        aria-selected={active}
        aria-controls={`panel-${SETTINGS_TAB}`}
        tabIndex={active ? 0 : -1}
        onClick={() => activate(SETTINGS_TAB)}
        onKeyDown={(event) => handleTabKeys(event, SETTINGS_TAB)}
      >
        <Settings2 className="icon" aria-hidden="true" />
        <span className="tab-title">Settings</span>
      </button>
      <CloseButton tab={SETTINGS_TAB} title="settings" />
    </div>
  );
}

/** All tabs by name: what a strip of fifty cannot show at once. */
function Overview() {
  return (
    <DropMenu
      align="end"
      trigger={
        <button type="button" className="icon-button" aria-label="All tabs" title="All tabs" data-testid="tab-overview">
          <List className="icon" />
        </button>
      }
    >
      <OverviewItems />
    </DropMenu>
  );
}

function OverviewItems() {
  const order = useApp((state) => state.order);
  const sessions = useApp((state) => state.sessions);
  return order.map((id) => {
    const info = sessions[id];
    const mark = info?.end ? (info.restored ? ' (restored)' : ' (ended)') : info?.state === 'frozen' ? ' (frozen)' : '';
    const label = `${info?.title ?? id}${mark}`;
    const icon = info === undefined ? null : <BackendIcon backend={info.backend} />;
    return <MenuItem key={id} icon={icon} label={label} onSelect={() => activate(id)} />;
  });
}

function WindowButtons() {
  const { run } = useWindow();
  const panel = useApp((state) => state.panel);
  const session = useApp(activeSession);
  return (
    <>
      {session !== null ? (
        <>
          <IconButton label="Find" command="find" className="wide-only" onClick={() => run('find')}>
            <Search className="icon" />
          </IconButton>
          <IconButton
            label="Session panel"
            command="sessionPanel"
            data-testid="session-panel-button"
            aria-pressed={panel?.view === 'session'}
            onClick={() => run('sessionPanel')}
          >
            <PanelRight className="icon" />
          </IconButton>
        </>
      ) : null}
      <DropMenu
        align="end"
        trigger={
          <button type="button" className="icon-button" aria-label="Menu" title="Menu" data-testid="window-menu">
            <EllipsisVertical className="icon" />
          </button>
        }
      >
        {session !== null ? (
          <>
            <MenuItem label="Rename tab" command="renameTab" onSelect={() => run('renameTab')} />
            {session.end === null ? <FreezeItem info={session} /> : null}
            <RestartItem info={session} />
            <MenuItem label="Find" command="find" onSelect={() => run('find')} />
            <MenuItem label="Close tab" command="closeTab" onSelect={() => run('closeTab')} />
            <MenuSeparator />
          </>
        ) : null}
        <MenuItem
          icon={<Columns2 className="icon" />}
          label="All sessions"
          testId="about-sessions"
          onSelect={() => run('aboutSessions')}
        />
        <MenuItem
          icon={<Settings2 className="icon" />}
          label="Settings"
          command="settings"
          testId="open-settings"
          onSelect={() => run('settings')}
        />
        <MenuItem icon={<Webhook className="icon" />} label="Hooks" testId="menu-hooks" onSelect={() => run('hooks')} />
        <MenuSeparator />
        <MenuItem label="Keyboard shortcuts" command="shortcuts" onSelect={() => run('shortcuts')} />
        <MenuItem label="Log files" onSelect={() => run('openLogs')} />
      </DropMenu>
    </>
  );
}
