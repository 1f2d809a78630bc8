import { TriangleAlert } from 'lucide-react';
import type { SettingsView } from '../../shared/settings.ts';
import { Button } from '../components/button.tsx';
import { replaceSettingsFile } from './actions.ts';

/** What is wrong with the settings file, where it is, and the way to replace one that is not used. */
export function FileNote({ file }: { file: NonNullable<SettingsView['file']> }) {
  return (
    <div className="policy-note file-note" role="status" data-testid="file-note">
      <p>
        <TriangleAlert className="icon" aria-hidden="true" /> <strong>{file.title}.</strong>
      </p>
      <ul>
        {file.message.split('\n').map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {file.isUnused ? (
        <p>
          <Button data-testid="replace-settings-file" onClick={() => void replaceSettingsFile()}>
            Replace the file
          </Button>{' '}
          <span className="muted">Writes the settings shown here. A copy of the old file is kept beside it.</span>
        </p>
      ) : null}
    </div>
  );
}
