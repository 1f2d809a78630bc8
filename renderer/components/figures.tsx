/** Figures that change, in the room of the widest text they can become, so that nothing beside them moves. */
export function Figures({
  text,
  widest,
  className = '',
  testId,
}: {
  text: string;
  widest: string;
  className?: string;
  testId?: string;
}) {
  return (
    <span className={`figures steady ${className}`} data-widest={widest} data-testid={testId}>
      {text}
    </span>
  );
}
