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

/** The one toast about the latest changed setting, with its undo. */
export function showSettingChanged(title: string, undo: ToastAction): void {
  toast.success(title, { id: 'setting', duration: 6_000, action: { label: undo.label, onClick: () => undo.run() } });
}
