import { toast } from 'sonner';
import type { Problem } from '../../shared/settings.ts';

/** How long a problem is shown after the last one came, in milliseconds; the pointer on it holds it. */
const SHOWN_MS = 15_000;
/** All problems share one toast: they never push each other, or what they are about, out of sight. */
const TOAST_ID = 'problems';

const SEVERITIES = ['error', 'warning', 'info'] as const satisfies readonly Problem['severity'][];
const SHOW = { error: toast.error, warning: toast.warning, info: toast.info } as const;

/** What the toast shows, by id, the latest last. */
const shown = new Map<string, Problem>();

/** Tells of a problem. The same one is shown once; several that come within a short time are listed in one toast. */
export function showProblem(problem: Problem): void {
  shown.delete(problem.id);
  shown.set(problem.id, problem);
  const all = [...shown.values()];
  const severity = SEVERITIES.find((each) => all.some((other) => other.severity === each)) ?? 'info';
  const clear = (): void => shown.clear();
  SHOW[severity](all.length === 1 ? problem.title : `${all.length} messages`, {
    id: TOAST_ID,
    description: <Problems problems={all.toReversed()} />,
    duration: SHOWN_MS,
    onDismiss: clear,
    onAutoClose: clear,
  });
}

/** A box that may scroll has to be within reach of the keyboard although it is no control. */
function makeFocusable(element: HTMLElement | null): void {
  if (element !== null) element.tabIndex = 0;
}

function Problems({ problems }: { problems: readonly Problem[] }) {
  const [only] = problems;
  if (only !== undefined && problems.length === 1) {
    return (
      <div className="toast-text" ref={makeFocusable}>
        {only.message}
      </div>
    );
  }
  return (
    <ul className="toast-text toast-list" ref={makeFocusable}>
      {problems.map(({ id, title, message }) => (
        <li key={id}>
          <strong>{title}</strong> {message}
        </li>
      ))}
    </ul>
  );
}
