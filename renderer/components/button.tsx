import { Tooltip } from '@base-ui/react/tooltip';
import type { ComponentProps, ReactElement, ReactNode } from 'react';
import type { Command } from '../keys/keys.ts';
import { useShortcut } from './window-context.ts';

type Variant = 'primary' | 'secondary' | 'danger' | 'ghost';

/** A button with words. `secondary` without a variant. */
export function Button({
  variant = 'secondary',
  className,
  ...props
}: ComponentProps<'button'> & { variant?: Variant }) {
  return <button type="button" {...props} className={`button ${variant} ${className ?? ''}`} />;
}

/** A button with an icon alone: its label is its name and, with the command's shortcut, its tooltip. */
export function IconButton({
  label,
  command,
  className,
  children,
  ...props
}: ComponentProps<'button'> & { label: string; command?: Command; children: ReactNode }) {
  return (
    <Tip label={label} {...(command === undefined ? {} : { command })}>
      <button type="button" aria-label={label} {...props} className={`icon-button ${className ?? ''}`}>
        {children}
      </button>
    </Tip>
  );
}

/** Shows a label, and the shortcut of a command, while the pointer rests on its child or the keyboard is there. */
export function Tip({ label, command, children }: { label: string; command?: Command; children: ReactElement }) {
  const keys = useShortcut(command);
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner className="positioner" sideOffset={6}>
          <Tooltip.Popup className="tooltip">
            {label}
            {keys === null ? null : <span className="item-keys">{keys}</span>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
