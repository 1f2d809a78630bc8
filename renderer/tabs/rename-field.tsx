import { useLayoutEffect, useRef, useState } from 'react';
import { titleSchema } from '../../shared/profile.ts';
import type { SessionId } from '../../shared/session.ts';
import { setApp } from '../store/store.ts';
import { focusTerminal } from '../terminal/focus-terminal.ts';
import { renameTab } from './actions.ts';

/**
 * Edits a tab's title in place: Enter or leaving it takes the title, Escape keeps the old one. It lies over the tab and
 * not in it, for a list of tabs may hold nothing else.
 */
export function RenameField({ id, title }: { id: SessionId; title: string }) {
  const [value, setValue] = useState(title);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const place = document.getElementById(`tab-${id}`)?.getBoundingClientRect();
    const input = field.current;
    if (input === null) return;
    input.style.left = `${Math.max(4, place?.left ?? 4)}px`;
    input.style.width = `${Math.max(160, place?.width ?? 160)}px`;
    input.focus();
    input.select();
  }, [id]);
  const valid = titleSchema.safeParse(value).success;
  // Leaving the field comes once more when it is taken off the page.
  const done = useRef(false);
  const take = (): void => {
    if (done.current) return;
    done.current = true;
    void renameTab(id, value);
  };
  const cancel = (): void => {
    if (done.current) return;
    done.current = true;
    setApp({ renaming: null });
    focusTerminal();
  };
  return (
    <input
      className="field tab-rename"
      data-testid="tab-rename"
      aria-label="Tab title"
      aria-invalid={!valid}
      maxLength={80}
      value={value}
      ref={field}
      onChange={(event) => setValue(event.currentTarget.value)}
      onBlur={() => (valid ? take() : cancel())}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && valid) take();
        else if (event.key === 'Escape') cancel();
        else return;
        event.preventDefault();
      }}
    />
  );
}
