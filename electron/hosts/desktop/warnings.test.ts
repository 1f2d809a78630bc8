import { beforeEach, expect, test } from 'vitest';
import type { SessionEvent, WarningDeadline } from '../../../shared/session.ts';
import { createWarnings } from './warnings.ts';

const base = { id: '1', sessionId: '01JAAAAAAAAAAAAAAAAAAAAAAA', at: 0 };
const warning = (deadline: WarningDeadline, beforeSeconds: number): SessionEvent => ({
  ...base,
  type: 'session:warning',
  warning: { deadline, beforeSeconds, stage: 0, last: false },
});
const extended: SessionEvent = { ...base, type: 'session:extended', by: 'user', seconds: 60, used: 1, count: 2 };

let focused: boolean;
let shown: { title: string; body: string; click: () => void }[];
let opened: number;
let tell: (event: SessionEvent) => void;

beforeEach(() => {
  focused = false;
  shown = [];
  opened = 0;
  tell = createWarnings({
    titleOf: (id) => (id === base.sessionId ? 'bash' : null),
    isFocused: () => focused,
    notify: (text, click) => {
      const notification = { ...text, click };
      shown.push(notification);
      return () => {
        shown = shown.filter((other) => other !== notification);
      };
    },
    openWindow: () => {
      opened += 1;
    },
  });
});

test('a warning is shown when nobody looks at the window, and not when somebody does', () => {
  tell(warning('idle', 300));
  expect(shown).toMatchObject([{ title: '“bash” closes in 5 minutes', body: expect.stringContaining('Nothing') }]);
  focused = true;
  tell({ ...warning('idle', 300), sessionId: '01JBBBBBBBBBBBBBBBBBBBBBBB' });
  expect(shown).toHaveLength(1);
});

test('the next warning replaces the one before, and more time takes it away', () => {
  tell(warning('max', 60));
  tell(warning('max', 10));
  expect(shown).toMatchObject([{ title: '“bash” closes in 10 seconds', body: expect.stringContaining('extend') }]);
  tell(extended);
  expect(shown).toEqual([]);
});

test('a click opens the window and takes the notification away', () => {
  tell(warning('idle', 60));
  shown[0]?.click();
  expect(opened).toBe(1);
  expect(shown).toEqual([]);
});
