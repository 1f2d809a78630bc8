import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { SessionId } from '../../shared/session.ts';
import { IconButton } from '../components/button.tsx';
import type { FindQuery } from '../store/state.ts';
import { setApp, useApp } from '../store/store.ts';
import type { Found } from './finder.ts';
import { focusTerminal } from './focus-terminal.ts';
import { terminals } from './window-terminals.ts';

/** Matches are counted up to this many: the addon's limit. */
const MAX_COUNTED = 1_000;

/** Finds text in the scrollback of one terminal. Enter goes to the previous match, Shift+Enter to the next. */
export function FindBar({ id }: { id: SessionId }) {
  const query = useApp((state) => state.find);
  const { text, caseSensitive, regex } = query;
  const [found, setFound] = useState<Found>({ index: -1, count: 0 });
  const field = useRef<HTMLInputElement>(null);
  const view = terminals.get(id);
  const finder = view?.finder;
  const broken = regex && !isPattern(text);
  const change = (part: Partial<FindQuery>): void => setApp({ find: { ...query, ...part } });

  useEffect(() => {
    // The last query is shown again, selected, so that the first key replaces it.
    field.current?.focus();
    field.current?.select();
    view?.setFinding(true);
    view?.finder.onFound(setFound);
    return () => {
      view?.setFinding(false);
      void view?.finder.stop();
    };
  }, [view]);
  useEffect(() => {
    if (!broken) void finder?.find(query, 'previous', true);
  }, [finder, query, broken]);

  const go = (direction: 'next' | 'previous'): void => {
    if (!broken) void finder?.find(query, direction, false);
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
        onChange={(event) => change({ text: event.currentTarget.value })}
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
      <IconButton
        label="Match case"
        aria-pressed={caseSensitive}
        onClick={() => change({ caseSensitive: !caseSensitive })}
      >
        <span className="toggle-letter">Aa</span>
      </IconButton>
      <IconButton label="Regular expression" aria-pressed={regex} onClick={() => change({ regex: !regex })}>
        <span className="toggle-letter">.*</span>
      </IconButton>
      <IconButton label="Previous match (Enter)" onClick={() => go('previous')}>
        <ArrowUp className="icon" />
      </IconButton>
      <IconButton label="Next match (Shift+Enter)" onClick={() => go('next')}>
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
  if (broken) return 'Invalid pattern';
  if (count === 0) return 'No results';
  if (index >= 0) return `${index + 1} of ${count}`;
  return count >= MAX_COUNTED ? `${count}+` : `${count}`;
}
