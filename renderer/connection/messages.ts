import type { AwayReason } from './away.ts';

/** What is known of a host that this window is not connected to, and what to do. */
export interface LinkMessage {
  readonly title: string;
  readonly text: string;
}

const NEW_LINK =
  'Press Enter in the terminal where it runs, and open the link that it prints in this browser: this page then connects automatically.';
const START_AGAIN = 'start Sandglass again and open the link that it prints';

/** The link banner's words. @param live whether the window shows sessions that had not ended */
export function linkMessage(why: AwayReason, reason: string, live: boolean): LinkMessage {
  switch (why) {
    case 'unreachable':
      return {
        title: 'Not connected to Sandglass.',
        text: live
          ? `It is not known whether the sessions are still running: they continue if Sandglass does, and have ended if it was stopped. If it does not come back, ${START_AGAIN}.`
          : `If it does not come back, ${START_AGAIN}.`,
      };
    case 'quit':
      return { title: 'Sandglass was quit.', text: `Its sessions have ended. To continue, ${START_AGAIN}.` };
    case 'restarted':
      return {
        title: 'Sandglass was restarted. Sign in again.',
        text: live ? `The sessions shown here belong to the previous run. ${NEW_LINK}` : NEW_LINK,
      };
    case 'signed_out':
      return { title: 'This browser is no longer signed in.', text: NEW_LINK };
    case 'foreign':
      return {
        title: 'Another program answers at this address.',
        text: `Sandglass was stopped, or has another port now: ${START_AGAIN}.`,
      };
    case 'full':
      return {
        title: 'Too many windows are connected.',
        text: 'Close one of them: this page then connects automatically.',
      };
    case 'failed':
      return { title: 'Not connected to Sandglass.', text: reason };
  }
}
