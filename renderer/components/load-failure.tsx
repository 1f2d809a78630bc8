import { CircleAlert } from 'lucide-react';
import { asSentence } from '../session/messages.ts';
import { Button } from './button.tsx';

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
