import type { SessionInfo } from '../../shared/session.ts';
import { changed } from '../store/reduce.ts';
import { setApp } from '../store/store.ts';
import { terminals } from '../terminal/window-terminals.ts';

/** Takes in the state of a session, new or not. */
export function adopt(info: SessionInfo): void {
  setApp((state) => changed(state, info, performance.now()));
  const view = terminals.ensure(info);
  if (info.end !== null) view.ended();
}
