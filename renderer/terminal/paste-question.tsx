import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Button } from '../components/button.tsx';
import type { Question } from '../store/state.ts';
import { excerptOf, type PasteReview, withoutHidden } from './paste.ts';
import { terminals } from './window-terminals.ts';

/** Asks before a paste that could act by itself, or that would not arrive whole. */
export function PasteQuestion({ question, close }: { question: Extract<Question, { kind: 'paste' }>; close(): void }) {
  const { id, review } = question;
  const { text, lines, hiddenCount, longestLineBytes } = review;
  const hasHidden = hiddenCount > 0;
  const clean = hasHidden ? withoutHidden(text) : text;
  const paste = (pasted: string, hidden: boolean): void => {
    close();
    const consent = { hidden, lines: lines > 0, longLines: longestLineBytes !== null };
    terminals.get(id)?.offerPaste(pasted, consent);
  };
  return (
    <>
      <AlertDialog.Title className="dialog-title">{titleOf(review)}</AlertDialog.Title>
      <AlertDialog.Description render={<div className="paste-reasons" />}>
        {hasHidden ? (
          <>
            <p>
              It has characters that are not text. A program can take them for keys or commands, or for the end of the
              paste, and then run what follows.
            </p>
            <ul className="paste-kinds" data-testid="paste-kinds">
              {review.hidden.map(({ notation, name, count }) => (
                <li key={notation}>
                  <code aria-hidden="true">{notation}</code> {name}
                  {count > 1 ? `, ${count} times` : ''}
                </li>
              ))}
            </ul>
          </>
        ) : null}
        {lines > 0 ? (
          <p>
            The program in the terminal cannot distinguish pasted text from typed text, so each line runs as soon as it
            is pasted.
          </p>
        ) : null}
        {longestLineBytes === null ? null : (
          <p>
            One line is {longestLineBytes.toLocaleString('en')} bytes long. A program that reads whole lines, as{' '}
            <code>cat</code> does, gets only the first {review.maxLineBytes.toLocaleString('en')} bytes of a line; the
            system drops the rest.
          </p>
        )}
      </AlertDialog.Description>
      <Excerpt text={text} />
      <div className="dialog-actions">
        <Button data-testid="question-cancel" onClick={close}>
          Cancel
        </Button>
        {hasHidden ? (
          <Button variant="danger" data-testid="question-paste-as-is" onClick={() => paste(text, true)}>
            Paste as is
          </Button>
        ) : null}
        {hasHidden && clean === '' ? null : (
          <Button variant="primary" data-testid="question-confirm" onClick={() => paste(clean, false)}>
            {hasHidden ? 'Paste without them' : 'Paste'}
          </Button>
        )}
      </div>
    </>
  );
}

/** The text, or the part of it that matters, with its hidden characters in caret notation. */
function Excerpt({ text }: { text: string }) {
  let offset = 0;
  return (
    <pre data-testid="paste-excerpt" role="document" aria-label="Text to paste">
      {excerptOf(text).map((part) => {
        const key = offset;
        offset += part.text.length;
        return part.isHidden ? <mark key={key}>{part.text}</mark> : <span key={key}>{part.text}</span>;
      })}
    </pre>
  );
}

function titleOf({ lines, hiddenCount }: PasteReview): string {
  if (hiddenCount === 1) return 'Paste text with a control character?';
  if (hiddenCount > 1) return `Paste text with ${hiddenCount.toLocaleString('en')} control characters?`;
  if (lines === 0) return 'Paste a very long line?';
  return lines === 1 ? 'Paste a line with its line end?' : `Paste ${lines.toLocaleString('en')} lines?`;
}
