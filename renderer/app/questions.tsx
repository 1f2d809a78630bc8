import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { Running } from '../../shared/running.ts';
import { Button } from '../components/button.tsx';
import { runningObject, runningPhrases } from '../session/messages.ts';
import { restart } from '../session/replace.ts';
import type { Question } from '../store/state.ts';
import { setApp, useApp } from '../store/store.ts';
import { forceClose } from '../tabs/actions.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { PasteQuestion } from '../terminal/paste-question.tsx';

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
            <Names running={question.running} /> Closing the tab ends {runningObject(question.running)}.
          </AlertDialog.Description>
        </>
      ) : (
        <>
          <AlertDialog.Title className="dialog-title">Restart “{question.title}”?</AlertDialog.Title>
          <AlertDialog.Description>
            <Names running={question.running} /> Restarting ends {runningObject(question.running)}and starts a new
            session in this tab.
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

function Names({ running }: { running: Running }) {
  return runningPhrases(running).map(({ text, isName }) =>
    // No name comes twice.
    isName ? (
      <span key={text} className="mono">
        {text}
      </span>
    ) : (
      text
    ),
  );
}

const ANSWERS: Readonly<Record<EndingQuestion['kind'], string>> = {
  close: 'Close tab',
  restart: 'Restart session',
};
