import { Box, Container, type LucideIcon, SquareTerminal } from 'lucide-react';
import type { BackendKind } from '../../shared/profile.ts';

const ICONS: Readonly<Record<BackendKind, LucideIcon>> = { pty: SquareTerminal, bubblewrap: Box, docker: Container };

/** What runs a shell, as a picture; words beside it say the same. */
export function BackendIcon({ backend, className = '' }: { backend: BackendKind; className?: string }) {
  const Icon = ICONS[backend];
  return <Icon className={`icon ${className}`} data-backend={backend} aria-hidden="true" />;
}
