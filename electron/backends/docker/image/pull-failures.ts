import type { StartFailure } from '../../../../shared/session.ts';
import { oneLine } from '../client/engine-text.ts';
import { loginCommand, type RegistryAuth } from './registry-credentials.ts';

/** At which registry a pull was tried, and as whom. */
export interface PullAttempt {
  readonly registry: string;
  readonly auth: RegistryAuth;
}

/** What an engine says when a pull fails, and what it means; the first that fits. */
const MEANINGS: readonly {
  readonly pattern: RegExp;
  readonly stage: 'pull' | 'image';
  readonly message: (reference: string, attempt: PullAttempt | null) => string;
  readonly hint: string | ((attempt: PullAttempt | null) => string);
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
    message: (reference) => `The registry of ${reference} does not accept more requests for now.`,
    hint: (attempt) => `Wait, or sign in with “${login(attempt)}”, and try again.`,
  },
  {
    pattern: /unauthorized|authentication required|no basic auth|access forbidden|\b40[13]\b/i,
    stage: 'pull',
    message: (reference, attempt) =>
      attempt?.auth.header == null
        ? `The pull of ${reference} is unauthorized: you are not signed in to the registry.`
        : `The pull of ${reference} is unauthorized: the registry refused the stored credentials.`,
    hint: signIn,
  },
  {
    pattern: /pull access denied|repository does not exist|requested access to the resource is denied/i,
    stage: 'pull',
    message: (reference, attempt) =>
      attempt?.auth.header == null
        ? `The image ${reference} does not exist, or it is private and you are not signed in.`
        : `The image ${reference} does not exist, or the stored credentials do not give access to it.`,
    hint: (attempt) => `Check the name. If the image is private: ${signIn(attempt)}`,
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

function login(attempt: PullAttempt | null): string {
  return attempt === null ? 'docker login' : loginCommand(attempt.registry);
}

function signIn(attempt: PullAttempt | null): string {
  const problem = attempt?.auth.problem ?? null;
  const advice = `Sign in with “${login(attempt)}”, and try again.`;
  return problem === null ? advice : `The stored credentials could not be read: ${problem} ${advice}`;
}

/**
 * Why a pull failed, from the engine's own reason, which the hint repeats.
 *
 * @param attempt null where it failed before the registry was asked.
 */
export function explainPull(reference: string, said: string, attempt: PullAttempt | null = null): StartFailure {
  const text = oneLine(said);
  const quote = text === '' ? '' : ` The engine says: ${text}`;
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(text));
  if (meaning === undefined) {
    return { stage: 'pull', message: `${reference} could not be pulled.`, hint: `Try again.${quote}` };
  }
  const hint = typeof meaning.hint === 'string' ? meaning.hint : meaning.hint(attempt);
  return { stage: meaning.stage, message: meaning.message(reference, attempt), hint: `${hint}${quote}` };
}
