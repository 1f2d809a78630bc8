import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useState } from 'react';
import * as z from 'zod';
import { type Notice, noticeSchema, noticesFile } from '../../shared/notices.ts';
import { Button } from '../components/button.tsx';

/** A button that opens the licences of all packages by others that are part of the app. */
export function NoticesDialog() {
  return (
    <Dialog.Root>
      <Dialog.Trigger render={<Button data-testid="open-notices">Third-party notices</Button>} />
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog wide" data-testid="notices">
          <Dialog.Title className="dialog-title">Third-party notices</Dialog.Title>
          <Notices />
          <div className="dialog-actions">
            <Dialog.Close render={<Button>Close</Button>} />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Notices() {
  const loaded = useNotices();
  if (loaded.state === 'loading') return <p>Loading…</p>;
  if (loaded.state === 'failed') {
    return <p>The notices could not be loaded. They are also in the file THIRD_PARTY_NOTICES.txt of the app.</p>;
  }
  return (
    <>
      <p className="muted">
        Sandglass includes {loaded.notices.length} packages by others. Open one to read its licence.
      </p>
      <div className="notices">
        {loaded.notices.map((notice) => (
          <details key={`${notice.name}@${notice.version}`}>
            <summary>
              <span className="notice-name">{notice.name}</span> <span className="figures">{notice.version}</span>{' '}
              <span className="muted">{notice.licence}</span>
            </summary>
            <pre>{notice.text}</pre>
          </details>
        ))}
      </div>
    </>
  );
}

type Loaded = { state: 'loading' } | { state: 'failed' } | { state: 'loaded'; notices: readonly Notice[] };

function useNotices(): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  useEffect(() => {
    const abort = new AbortController();
    loadNotices(abort.signal).then(
      (notices) => setLoaded({ state: 'loaded', notices }),
      () => {
        if (!abort.signal.aborted) setLoaded({ state: 'failed' });
      },
    );
    return () => abort.abort();
  }, []);
  return loaded;
}

/** The build writes the file beside the page, one folder above the scripts. */
async function loadNotices(signal: AbortSignal): Promise<Notice[]> {
  const scripts = import.meta.url;
  const answer = await fetch(new URL(`../${noticesFile}`, scripts), { signal });
  if (!answer.ok) throw new Error(`The notices were answered with status ${answer.status}.`);
  return z.array(noticeSchema).parse(await answer.json());
}
