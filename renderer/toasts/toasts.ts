import { toast } from 'sonner';

export { showProblem } from './problem-toast.tsx';

/** An action a toast offers. */
export interface ToastAction {
  label: string;
  run(): void;
}

/** Tells that something happened elsewhere, with what can be done about it. */
export function showDone(title: string, detail?: string, action?: ToastAction): void {
  toast.success(title, {
    ...(detail === undefined ? {} : { description: detail }),
    ...(action === undefined ? {} : { action: { label: action.label, onClick: () => action.run() } }),
  });
}

/** Tells of something left undone elsewhere, with the way back to it. The same one is shown once. */
export function showReminder(id: string, title: string, detail: string, action: ToastAction): void {
  toast.info(title, {
    id,
    description: detail,
    duration: 8_000,
    action: { label: action.label, onClick: () => action.run() },
  });
}

/**
 * The one toast about the latest changed setting, with its undo. `detail`: what the change leads to, where that is to be
 * read before it happens; it stays for so many seconds then.
 */
export function showSettingChanged(
  title: string,
  undo: ToastAction,
  detail: { readonly text: string; readonly seconds: number } | null = null,
): void {
  const options = { id: 'setting', action: { label: undo.label, onClick: () => undo.run() } };
  // The one that it replaces may have had a detail: without any, that would stay.
  if (detail === null) toast.success(title, { ...options, description: null, duration: 6_000 });
  else toast.warning(title, { ...options, description: detail.text, duration: Math.max(6, detail.seconds) * 1_000 });
}
