import { AlertDialog } from '@base-ui/react/alert-dialog';
import { restart } from '../actions/replace.ts';
import { focusTerminal, forceClose } from '../actions/tabs.ts';
import type { Question } from '../store/state.ts';
import { setApp, useApp } from '../store/store.ts';
import { Button } from './button.tsx';
import { PasteQuestion } from './paste-question.tsx';

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
          {question === null ? null : question.kind === 'paste' ? (
            <PasteQuestion question={question} close={close} />
          ) : (
            <Body question={question} close={close} />
          )}
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

type EndingQuestion = Exclude<Question, { kind: 'paste' }>;

function Body({ question, close }: { question: EndingQuestion; close(): void }) {
  const answer = (): void => {
    close();
    if (question.kind === 'close') void forceClose(question.id);
    else void restart(question.id, true);
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
      ) : (
        <>
          <AlertDialog.Title className="dialog-title">Restart “{question.title}”?</AlertDialog.Title>
          <AlertDialog.Description>
            <span className="mono">{question.command}</span> is still running. Restarting ends it and everything it
            started, and opens a fresh session in its place.
          </AlertDialog.Description>
        </>
      )}
      <div className="dialog-actions">
        <Button data-testid="question-cancel" onClick={close}>
          Cancel
        </Button>
        <Button variant="danger" data-testid="question-confirm" onClick={answer}>
          {ANSWERS[question.kind]}
        </Button>
      </div>
    </>
  );
}

const ANSWERS: Readonly<Record<EndingQuestion['kind'], string>> = {
  close: 'Close tab',
  restart: 'Restart session',
};
