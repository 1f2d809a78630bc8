import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog } from '@base-ui/react/dialog';
import { type ClipboardEvent, type DragEvent, type SubmitEvent, useId, useRef, useState } from 'react';
import { Button } from '../components/button.tsx';
import { removeSecret, storeSecret } from './secret-actions.ts';

interface DialogProps {
  /** What the secret is called. */
  name: string;
  open: boolean;
  onClose(): void;
}

/** Asks for the value of a stored secret. It goes to the core, and is nowhere in the window once this is closed. */
export function SetSecretDialog({ replaces, open, onClose, name }: DialogProps & { replaces: boolean }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" data-testid="secret-dialog">
          <Dialog.Title className="dialog-title">
            {replaces ? 'Replace' : 'Set'} the value of “{name}”
          </Dialog.Title>
          <Dialog.Description>
            It is encrypted by the system’s keychain and stored at once, whether or not the profile is saved. It is
            never shown again.
            {replaces ? ' Running sessions keep the old value until it is fetched again.' : null}
          </Dialog.Description>
          <SecretForm name={name} onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The value is never state: React would write it into the page. */
function SecretForm({ name, onClose }: { name: string; onClose(): void }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  /** A text of several lines, which a password field would join. */
  const pasted = useRef('');
  const [lines, setLines] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const [storing, setStoring] = useState(false);
  const take = (text: string, event: ClipboardEvent | DragEvent): void => {
    if (!/[\r\n]./.test(text)) return;
    event.preventDefault();
    pasted.current = text;
    setLines(text.trimEnd().split(/\r\n|\r|\n/).length);
    setFailure(null);
  };
  const clear = (): void => {
    pasted.current = '';
    setLines(0);
    requestAnimationFrame(() => input.current?.focus());
  };
  const store = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (storing) return;
    setStoring(true);
    const refused = await storeSecret(name, lines > 0 ? pasted.current : (input.current?.value ?? ''));
    setStoring(false);
    if (refused === null) {
      onClose();
      return;
    }
    setFailure(refused);
    input.current?.focus();
  };
  return (
    <form className="secret-form" onSubmit={(event) => void store(event)}>
      <label htmlFor={id}>Value</label>
      {lines > 0 ? (
        <p className="secret-pasted">
          <span id={id}>{lines} lines were pasted.</span>
          <Button onClick={clear}>Clear</Button>
        </p>
      ) : (
        <input
          ref={input}
          id={id}
          type="password"
          className="field mono"
          autoComplete="off"
          spellCheck={false}
          aria-describedby={`${id}-failure`}
          aria-invalid={failure !== null}
          onChange={() => setFailure(null)}
          onPaste={(event) => take(event.clipboardData.getData('text/plain'), event)}
          onDrop={(event) => take(event.dataTransfer.getData('text/plain'), event)}
        />
      )}
      <p id={`${id}-failure`} className="setting-error" role="alert">
        {failure}
      </p>
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" disabled={storing} data-testid="store-secret">
          {storing ? 'Storing…' : 'Store'}
        </Button>
      </div>
    </form>
  );
}

/** Asks before a stored secret is removed, because its value is lost. */
export function RemoveSecretDialog({
  users,
  open,
  focusAfter,
  onClose,
  name,
}: DialogProps & {
  /** The names of profiles that use it. */
  users: readonly string[];
  /** Where the keyboard goes then: what it came from may be gone. */
  focusAfter(): HTMLElement | null;
}) {
  const [failure, setFailure] = useState<string | null>(null);
  const remove = async (): Promise<void> => {
    const refused = await removeSecret(name);
    setFailure(refused);
    if (refused === null) onClose();
  };
  const close = (): void => {
    setFailure(null);
    onClose();
  };
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => (next ? undefined : close())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" finalFocus={focusAfter} data-testid="remove-secret-dialog">
          <AlertDialog.Title className="dialog-title">Remove the value of “{name}”?</AlertDialog.Title>
          <AlertDialog.Description>This cannot be undone. {usersSentence(users)}</AlertDialog.Description>
          {failure === null ? null : (
            <p className="setting-error" role="alert">
              {failure}
            </p>
          )}
          <div className="dialog-actions">
            <Button onClick={close}>Cancel</Button>
            <Button variant="danger" data-testid="confirm-remove-secret" onClick={() => void remove()}>
              Remove
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function usersSentence(users: readonly string[]): string {
  if (users.length === 0) return 'No saved profile uses it.';
  const names = new Intl.ListFormat('en').format(users.map((user) => `“${user}”`));
  return `New sessions of ${names} will not have it.`;
}
