import { AlertDialog } from '@base-ui/react/alert-dialog';
import { restart } from '../actions/replace.ts';
import { focusTerminal, forceClose } from '../actions/tabs.ts';
import { terminals } from '../engine.ts';
import type { Question } from '../store/state.ts';
import { setApp, useApp } from '../store/store.ts';
import { pasteLines } from '../terminal/input.ts';
import { Button } from './button.tsx';

/** The questions before what cannot be undone. */
export function Questions() {
  const question = useApp((state) => state.question);
  const close = (): void => {
    setApp({ question: null });
    focusTerminal();
  };
  return (
    <AlertDialog.Root open={question !== null} onOpenChange={(open) => (open ? undefined : close())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" data-testid="question">
          {question === null ? null : <Body question={question} close={close} />}
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function Body({ question, close }: { question: Question; close(): void }) {
  const answer = (): void => {
    close();
    if (question.kind === 'close') void forceClose(question.id);
    else if (question.kind === 'restart') void restart(question.id, true);
    else terminals.get(question.id)?.paste(question.text);
  };
  return (
    <>
      {question.kind === 'close' ? (
        <>
          <AlertDialog.Title className="dialog-title">Close “{question.title}”?</AlertDialog.Title>
          <AlertDialog.Description>
            <span className="mono">{question.command}</span> is still running. Closing the tab ends it and everything it
            started.
          </AlertDialog.Description>
        </>
      ) : question.kind === 'restart' ? (
        <>
          <AlertDialog.Title className="dialog-title">Restart “{question.title}”?</AlertDialog.Title>
          <AlertDialog.Description>
            <span className="mono">{question.command}</span> is still running. Restarting ends it and everything it
            started, and opens a fresh session in its place.
          </AlertDialog.Description>
        </>
      ) : (
        <>
          <AlertDialog.Title className="dialog-title">Paste {lines(question.text)}?</AlertDialog.Title>
          <AlertDialog.Description>
            The program in the terminal does not tell pasted text from typed text, so each line runs as soon as it is
            pasted.
          </AlertDialog.Description>
          <pre>{question.text.slice(0, 2_000)}</pre>
        </>
      )}
      <div className="dialog-actions">
        <Button data-testid="question-cancel" onClick={close}>
          Cancel
        </Button>
        <Button
          variant={question.kind === 'paste' ? 'primary' : 'danger'}
          data-testid="question-confirm"
          onClick={answer}
        >
          {ANSWERS[question.kind]}
        </Button>
      </div>
    </>
  );
}

const ANSWERS: Readonly<Record<Question['kind'], string>> = {
  close: 'Close tab',
  restart: 'Restart session',
  paste: 'Paste',
};

function lines(text: string): string {
  const count = pasteLines(text);
  return count === 1 ? 'a line with its line end' : `${count} lines`;
}
