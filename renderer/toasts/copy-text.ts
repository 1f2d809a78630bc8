import { showDone, showProblem } from './toasts.ts';

/** Copies and says so, for what was copied is not visible anywhere. `done`: “Details copied”. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showDone(done);
  } catch {
    showProblem({
      id: 'copy-text',
      severity: 'warning',
      title: 'Nothing was copied',
      message: 'The browser does not let this page write to the clipboard.',
    });
  }
}
