import type { StartFailure } from '../../../shared/session.ts';
import { words } from './engine-failures.ts';

/** What an engine says when a pull fails, and what it means; the first that fits. */
const MEANINGS: readonly {
  readonly pattern: RegExp;
  readonly stage: 'pull' | 'image';
  readonly message: (reference: string) => string;
  readonly hint: string;
}[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    stage: 'pull',
    message: (reference) => `The disk of the container engine is full: ${reference} could not be pulled.`,
    hint: 'Remove what is not needed there, such as with “docker system prune”.',
  },
  {
    pattern:
      /no matching manifest|no image found in (manifest list|image index)|cannot be used on this platform|does not match the (detected|specified) (host )?platform/i,
    stage: 'image',
    message: (reference) => `${reference} is not offered for the processor or system of the container engine.`,
    hint: 'Choose an image that is built for it.',
  },
  {
    pattern: /toomanyrequests|too many requests|rate limit/i,
    stage: 'pull',
    message: (reference) => `The registry of ${reference} takes no more requests for now.`,
    hint: 'Wait, or sign in with “docker login” and pull the image with “docker pull”.',
  },
  {
    pattern: /unauthorized|authentication required|no basic auth|access forbidden|\b40[13]\b/i,
    stage: 'pull',
    message: (reference) => `The registry does not give ${reference} to somebody who is not signed in.`,
    hint: 'Sign in with “docker login” and pull it with “docker pull”; a profile that pulls only what is missing uses it then.',
  },
  {
    pattern: /pull access denied|repository does not exist|requested access to the resource is denied/i,
    stage: 'pull',
    message: (reference) => `There is no image ${reference}, or it is not for everybody.`,
    hint: 'Check the name. If it is private, sign in with “docker login” and pull it with “docker pull”.',
  },
  {
    pattern: /not found|manifest unknown|name unknown|no such image/i,
    stage: 'pull',
    message: (reference) => `There is no image ${reference}.`,
    hint: 'Check its name and its tag.',
  },
  {
    pattern: /invalid reference|invalid tag|invalid digest|must be lowercase/i,
    stage: 'image',
    message: (reference) => `“${reference}” is not an image name.`,
    hint: 'Correct the image in the profile.',
  },
  {
    pattern:
      /no such host|connection refused|i\/o timeout|timeout exceeded|handshake timeout|unreachable|connection reset|server misbehaving|unexpected EOF|: EOF|x509|tls:|HTTP response to HTTPS client|dial tcp|proxyconnect/i,
    stage: 'pull',
    message: (reference) => `The registry of ${reference} cannot be reached.`,
    hint: 'Check the network and the proxy of the container engine.',
  },
];

/** Why a pull failed, from the engine's own words, which the hint repeats. */
export function explainPull(reference: string, said: string): StartFailure {
  const text = words(said);
  const quote = text === '' ? '' : ` The engine says: ${text}`;
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(text));
  if (meaning === undefined) {
    return { stage: 'pull', message: `${reference} could not be pulled.`, hint: `Try again.${quote}` };
  }
  return { stage: meaning.stage, message: meaning.message(reference), hint: `${meaning.hint}${quote}` };
}
