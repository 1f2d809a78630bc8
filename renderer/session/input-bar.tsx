import { ClipboardPaste } from 'lucide-react';
import type { SessionInfo } from '../../shared/session.ts';
import { Button } from '../components/button.tsx';
import { useApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { inputMessage } from '../terminal/messages.ts';
import { terminals } from '../terminal/window-terminals.ts';

/** Input that takes its time, with a way to cancel it; or that it did not arrive whole, and how much of it did. */
export function InputBar({ info }: { info: SessionInfo }) {
  const input = useApp((state) => state.inputs[info.id]);
  if (input === undefined) return null;
  const isSending = input.kind === 'sending';
  const act = (): void => {
    if (isSending) terminals.get(info.id)?.cancelInput();
    else terminals.get(info.id)?.dismissInput();
    focusTerminal();
  };
  const { title, detail } = inputMessage(input, info.state === 'frozen');
  return (
    <section
      className="banner input-bar"
      data-testid="input-bar"
      data-kind={input.kind}
      aria-label={isSending ? 'Input under way' : 'Input not delivered'}
    >
      <ClipboardPaste className="icon" aria-hidden="true" />
      <div className="banner-text">
        <p>
          <strong>{title}</strong> <span className="figures">{detail}</span>
        </p>
        {isSending ? (
          <progress aria-label={title} value={input.acceptedBytes} max={Math.max(1, input.totalBytes)} />
        ) : null}
      </div>
      <div className="banner-actions">
        <Button data-testid="input-bar-action" onClick={act}>
          {isSending ? 'Cancel (Esc)' : 'Dismiss'}
        </Button>
      </div>
    </section>
  );
}
