import { LOCAL_PROFILE } from '../e2e/runner/options.ts';
import { Launches, type LaunchesOptions } from './launches.ts';
import { Receiver, SECRET } from './receiver.ts';

/** An app whose hook tells a receiver of everything, and the receiver, which never fails. */
export interface Told {
  readonly launches: Launches;
  readonly receiver: Receiver;
}

/** Settings with local shells alone, which are ended soon. */
const LOCAL_SHELLS = { profiles: [{ ...LOCAL_PROFILE, limits: { closeGraceSeconds: 0.2 } }] };

/** Makes both; each is to be disposed of, the app first. `hook` has what is said of it besides. */
export async function launchesTold(options: Partial<LaunchesOptions> = {}, hook: object = {}): Promise<Told> {
  const receiver = await Receiver.start(SECRET, 1);
  receiver.calm = true;
  const launches = await Launches.create({ settings: LOCAL_SHELLS, ...options });
  launches.writeHook('good', { events: ['session:*'], webhook: { url: receiver.url, secrets: [SECRET] }, ...hook });
  return { launches, receiver };
}
