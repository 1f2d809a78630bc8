import { Menu } from '@base-ui/react/menu';
import { type ReactElement, type ReactNode, useState } from 'react';
import type { Command } from '../keys/keys.ts';
import { useShortcut, useWindow } from './window-context.ts';

/** A menu that opens from its trigger, a button. */
export function DropMenu({
  trigger,
  align = 'start',
  side = 'bottom',
  children,
}: {
  trigger: ReactElement;
  align?: 'start' | 'end';
  side?: 'top' | 'bottom';
  children: ReactNode;
}) {
  const [byMouse, setByMouse] = useState(false);
  const { focusAfterMenu } = useWindow();
  return (
    <Menu.Root onOpenChange={(open, { event }) => open && setByMouse(event instanceof MouseEvent && event.detail > 0)}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner className="positioner" align={align} side={side} sideOffset={4}>
          <Menu.Popup className="popup" finalFocus={() => focusAfterMenu(byMouse)}>
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

/** One action: an icon, its words, its shortcut. */
export function MenuItem({
  icon,
  label,
  command,
  disabled = false,
  testId,
  onSelect,
}: {
  icon?: ReactNode;
  label: string;
  command?: Command;
  disabled?: boolean;
  testId?: string;
  onSelect(): void;
}) {
  const keys = useShortcut(command);
  return (
    <Menu.Item className="item" disabled={disabled} data-testid={testId} onClick={onSelect}>
      {icon}
      <span className="item-label">{label}</span>
      {keys === null ? null : <span className="item-keys">{keys}</span>}
    </Menu.Item>
  );
}

export function MenuSeparator() {
  return <Menu.Separator className="item-separator" />;
}
