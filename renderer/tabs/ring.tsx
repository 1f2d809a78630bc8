import type { RingStage } from '../time/countdown.ts';

const CIRCUMFERENCE = 2 * Math.PI * 6;

/** A circle sector from the top, clockwise, as an SVG path. */
function wedge(fraction: number): string {
  const share = Math.min(0.9999, Math.max(0.0001, fraction));
  const angle = share * 2 * Math.PI;
  const x = 8 + 4 * Math.sin(angle);
  const y = 8 - 4 * Math.cos(angle);
  return `M8 8 L8 4 A4 4 0 ${share > 0.5 ? 1 : 0} 1 ${x.toFixed(3)} ${y.toFixed(3)} Z`;
}

/**
 * The time a session has left, as a shape: an emptying ring; with a pie in it from the first warning on; a filled
 * triangle with a mark at the last; a check or a cross when it has ended. Never colour alone.
 */
export function Ring({ stage, fraction, pulse }: { stage: RingStage; fraction: number; pulse: boolean }) {
  return (
    <svg className="ring" data-stage={stage} data-pulse={pulse || undefined} viewBox="0 0 16 16" aria-hidden="true">
      <Shape stage={stage} fraction={fraction} />
    </svg>
  );
}

function Shape({ stage, fraction }: { stage: RingStage; fraction: number }) {
  switch (stage) {
    case 'last':
      return (
        <>
          <path d="M8 1.2 15.2 14.2H.8Z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
          <rect className="ring-mark" x="7.2" y="5.4" width="1.6" height="4.6" rx=".8" />
          <circle className="ring-mark" cx="8" cy="11.9" r="1" />
        </>
      );
    case 'ended':
      return <path d="m3.5 8.5 3 3 6-7" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />;
    case 'failed':
      return <path d="m4 4 8 8m0-8-8 8" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />;
    case 'open':
      return <circle cx="8" cy="8" r="3" fill="currentColor" />;
    case 'starting':
      return <Arc fraction={0.25} />;
    case 'warned':
      return (
        <>
          <Arc fraction={1} />
          <path d={wedge(fraction)} fill="currentColor" />
        </>
      );
    case 'calm':
      return <Arc fraction={fraction} />;
  }
}

function Arc({ fraction }: { fraction: number }) {
  return (
    <>
      <circle className="ring-track" cx="8" cy="8" r="6" fill="none" strokeWidth="2" />
      <circle
        className="ring-arc"
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeDasharray={`${fraction * CIRCUMFERENCE} ${CIRCUMFERENCE}`}
        transform="rotate(-90 8 8)"
      />
    </>
  );
}
