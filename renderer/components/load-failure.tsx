import { CircleAlert } from 'lucide-react';
import { Button } from './button.tsx';
import { asSentence } from './format.ts';

/** Something that could not be fetched: what, why, and the way to try again. */
export function LoadFailure({ title, message, onRetry }: { title: string; message: string; onRetry(): void }) {
  return (
    <div className="load-failure" role="alert" data-testid="load-failure">
      <CircleAlert className="icon" aria-hidden="true" />
      <p>
        <strong>{title}.</strong> {asSentence(message)}
      </p>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}
