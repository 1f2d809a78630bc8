import { Download } from 'lucide-react';
import type { ReactElement } from 'react';
import { EXPORT_FORMATS, EXPORT_LABELS } from '../../shared/recording.ts';
import type { SessionId } from '../../shared/session.ts';
import { Button } from '../components/button.tsx';
import { DropMenu, MenuItem } from '../components/menu.tsx';
import { exportSession } from './actions.ts';

/** The formats a session can be taken out in. */
export function ExportMenu({ id, trigger }: { id: SessionId; trigger?: ReactElement }) {
  return (
    <DropMenu
      side="top"
      trigger={
        trigger ?? (
          <Button data-testid="export-menu">
            <Download className="icon" aria-hidden="true" />
            Export…
          </Button>
        )
      }
    >
      {EXPORT_FORMATS.map((format) => (
        <MenuItem
          key={format}
          label={EXPORT_LABELS[format]}
          testId={`export-${format}`}
          onSelect={() => void exportSession(id, format)}
        />
      ))}
    </DropMenu>
  );
}
