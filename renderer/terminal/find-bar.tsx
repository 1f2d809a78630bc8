import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { focusTerminal } from '../actions/tabs.ts';
import { IconButton } from '../components/button.tsx';
import { terminals } from '../engine.ts';
import { setApp } from '../store/store.ts';
import type { Found } from './finder.ts';

/** Finds text in the scrollback of one terminal. Enter goes to the next match, Shift+Enter to the one before. */
export function FindBar({ id }: { id: SessionId }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>({ index: -1, count: 0 });
  const [caseSensitive, setCaseSensitive] = useState(false);
  const [regex, setRegex] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const finder = terminals.get(id)?.finder;
  const broken = regex && !isPattern(text);

  useEffect(() => {
    field.current?.focus();
    finder?.onFound(setFound);
    return () => void finder?.stop();
  }, [finder]);
  useEffect(() => {
    if (!broken) void finder?.find(text, 'previous', { caseSensitive, regex }, true);
  }, [finder, text, caseSensitive, regex, broken]);

  const go = (direction: 'next' | 'previous'): void => {
    if (!broken) void finder?.find(text, direction, { caseSensitive, regex }, false);
  };
  const close = (): void => {
    setApp({ finding: false });
    focusTerminal();
  };
  return (
    <search className="find-bar" data-testid="find-bar">
      <input
        ref={field}
        className="field"
        placeholder="Find"
        aria-label="Find in the terminal"
        aria-invalid={broken}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close();
          else if (event.key === 'Enter') go(event.shiftKey ? 'next' : 'previous');
          else return;
          event.preventDefault();
        }}
      />
      <output className="find-count figures" data-testid="find-count">
        {countText(text, broken, found)}
      </output>
      <IconButton label="Match case" aria-pressed={caseSensitive} onClick={() => setCaseSensitive(!caseSensitive)}>
        <span className="toggle-letter">Aa</span>
      </IconButton>
      <IconButton label="Regular expression" aria-pressed={regex} onClick={() => setRegex(!regex)}>
        <span className="toggle-letter">.*</span>
      </IconButton>
      <IconButton label="Earlier match (Enter)" onClick={() => go('previous')}>
        <ArrowUp className="icon" />
      </IconButton>
      <IconButton label="Later match (Shift+Enter)" onClick={() => go('next')}>
        <ArrowDown className="icon" />
      </IconButton>
      <IconButton label="Close (Escape)" onClick={close}>
        <X className="icon" />
      </IconButton>
    </search>
  );
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function countText(text: string, broken: boolean, { index, count }: Found): string {
  if (text === '') return '';
  if (broken) return 'Not a pattern';
  if (count === 0) return 'No match';
  return index < 0 ? `${count}+` : `${index + 1} of ${count}`;
}
