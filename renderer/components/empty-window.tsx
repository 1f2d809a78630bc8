import { Hourglass } from 'lucide-react';
import { openTab } from '../actions/tabs.ts';
import { useApp } from '../store/store.ts';
import { Button } from './button.tsx';
import { useShortcut } from './use-shortcut.ts';

/** A window without tabs: what to do, in one line, and the profiles to do it with. */
export function EmptyWindow() {
  const profiles = useApp((state) => state.settings?.profiles) ?? [];
  const keys = useShortcut('newTab');
  return (
    <div className="empty" data-testid="empty-window">
      <Hourglass className="empty-mark" aria-hidden="true" />
      <p>
        Open a session to get a terminal that closes on time.
        {keys === null ? null : <span className="muted"> {keys} opens one, too.</span>}
      </p>
      <div className="empty-profiles">
        {profiles.map(({ id, name }, index) => (
          <Button
            key={id}
            variant={index === 0 ? 'primary' : 'secondary'}
            data-testid={`profile-${id}`}
            onClick={() => void openTab({ profileId: id })}
          >
            {name}
          </Button>
        ))}
      </div>
    </div>
  );
}
