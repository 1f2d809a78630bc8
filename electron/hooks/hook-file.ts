import { posix } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { HOOK_EVENTS, type HookEvent } from '../../shared/hooks.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './backoff.ts';
import { isSecret, MAX_SECRETS, SECRET_FORMAT } from './secrets.ts';
import { urlProblem } from './webhook-url.ts';
import { MAX_YAML_BYTES, yamlProblem } from './yaml-bounds.ts';

/** The name of the file in a hook's folder that says what it is. */
export const HOOK_FILE = 'hook.yaml';

/** What a `hook.yaml` says, defaults filled in. */
export interface HookFile {
  /** As written. */
  readonly patterns: readonly string[];
  /** The events that the patterns match. */
  readonly events: ReadonlySet<HookEvent>;
  readonly enabled: boolean;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly action: RunSetting | WebhookSetting;
}

/** An executable in the hook's folder. */
interface RunSetting {
  readonly kind: 'run';
  readonly file: string;
  readonly args: readonly string[];
}

/** A receiver of webhooks. At least one of the three places has a secret. */
export interface WebhookSetting {
  readonly kind: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** A file beside `hook.yaml`. */
  readonly secretFile: string | null;
  /** A variable of the app's environment. */
  readonly secretEnv: string | null;
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/** Globs over names of 18 letters at most. What is not needed for that is refused: a glob can take very long to match. */
const PATTERN = /^[a-z:_*?{},]{1,64}$/;
const MAX_WILDCARDS = 4;

/** What the file system takes as a name on all systems, without leaving the folder. */
const fileName = z
  .string({ error: 'must be the name of a file' })
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9 ._-]{0,127}$/, { error: 'must be the name of a file in the hook’s folder' });

const pattern = z.string({ error: 'must be the name of an event' }).check((context) => {
  const wildcards = context.value.match(/[*{]/g)?.length ?? 0;
  const understood = PATTERN.test(context.value) && wildcards <= MAX_WILDCARDS;
  if (understood && matching(context.value).length > 0) return;
  context.issues.push({
    code: 'custom',
    input: context.value,
    message: `matches no event. There are ${HOOK_EVENTS.join(', ')}; “session:*” is all of sessions`,
  });
});

/** A number of seconds in words and in bounds. */
function seconds(min: number, max: number): z.ZodNumber {
  const error = `must be a number of seconds from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

const HEADER_MESSAGE = 'must be up to 4096 printable ASCII characters';
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/);
const headerValue = z.string({ error: HEADER_MESSAGE }).regex(/^[\x20-\x7e\t]{0,4096}$/, { error: HEADER_MESSAGE });

/** What Sandglass says itself, and what belongs to the connection. */
const OWN_HEADERS =
  /^(webhook-.*|content-(type|length|encoding)|transfer-encoding|connection|keep-alive|host|upgrade|te|trailer|expect|proxy-.*)$/i;

const headers = z.record(z.string(), headerValue, { error: 'must be a list of “name: value”' }).check((context) => {
  const names = Object.keys(context.value);
  const report = (message: string, path: string[]): void => {
    context.issues.push({ code: 'custom', input: context.value, message, path });
  };
  if (names.length > 20) report('must be 20 headers at most', []);
  const seen = new Set<string>();
  for (const name of names) {
    if (!headerName.safeParse(name).success) report('must be the name of an HTTP header', [name]);
    else if (OWN_HEADERS.test(name)) report('is a header that Sandglass sets itself', [name]);
    else if (seen.has(name.toLowerCase())) report('is there twice', [name]);
    seen.add(name.toLowerCase());
  }
});

const webhookSchema = z
  .strictObject(
    {
      url: z.string({ error: 'must be the address of the receiver' }).check((context) => {
        const trouble = urlProblem(context.value);
        if (trouble !== null) context.issues.push({ code: 'custom', input: null, message: trouble });
      }),
      headers: headers.default({}),
      secrets: z
        .array(
          z.string({ error: `must be ${SECRET_FORMAT}` }).refine(isSecret, { error: `must be ${SECRET_FORMAT}` }),
          {
            error: 'must be a list of secrets',
          },
        )
        .max(MAX_SECRETS, { error: `must be ${MAX_SECRETS} secrets at most` })
        .default([]),
      secretFile: fileName.nullable().default(null),
      secretEnv: z
        .string({ error: 'must be the name of a variable' })
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'must be the name of a variable' })
        .nullable()
        .default(null),
    },
    { error: 'must have a url, and secrets or a secretFile or a secretEnv' },
  )
  .refine((webhook) => webhook.secrets.length > 0 || webhook.secretFile !== null || webhook.secretEnv !== null, {
    error: 'needs a secret, to sign with: in secrets, in a secretFile or in a secretEnv',
  });

const ATTEMPTS_MESSAGE = 'must be a whole number from 1 to 50';

const initialBackoff = seconds(0.1, 3_600).optional();
const maxBackoff = seconds(0.1, 86_400).optional();

const retrySchema = z
  .strictObject(
    {
      attempts: z
        .int({ error: ATTEMPTS_MESSAGE })
        .min(1, { error: ATTEMPTS_MESSAGE })
        .max(50, { error: ATTEMPTS_MESSAGE })
        .default(DEFAULT_RETRY.attempts),
      initialBackoffSeconds: initialBackoff,
      maxBackoffSeconds: maxBackoff,
      // The names of earlier versions still work.
      firstPauseSeconds: initialBackoff,
      longestPauseSeconds: maxBackoff,
    },
    { error: 'must have attempts, initialBackoffSeconds or maxBackoffSeconds' },
  )
  .check((context) => {
    const { value, issues } = context;
    const report = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: null, message, path: [path] });
    };
    for (const [earlier, name] of [
      ['firstPauseSeconds', 'initialBackoffSeconds'],
      ['longestPauseSeconds', 'maxBackoffSeconds'],
    ] as const) {
      if (value[earlier] !== undefined && value[name] !== undefined) {
        report(earlier, `is the earlier name of ${name}, which is set, too: remove one of them`);
      }
    }
    const { initialBackoffMs, maxBackoffMs } = retryPolicy(value);
    if (maxBackoffMs >= initialBackoffMs) return;
    const isEarlier = value.longestPauseSeconds !== undefined;
    const initial = value.firstPauseSeconds === undefined ? 'initialBackoffSeconds' : 'firstPauseSeconds';
    report(isEarlier ? 'longestPauseSeconds' : 'maxBackoffSeconds', `must not be shorter than ${initial}`);
  })
  .transform(retryPolicy);

interface RetrySetting {
  readonly attempts: number;
  readonly initialBackoffSeconds?: number | undefined;
  readonly maxBackoffSeconds?: number | undefined;
  readonly firstPauseSeconds?: number | undefined;
  readonly longestPauseSeconds?: number | undefined;
}

function retryPolicy(setting: RetrySetting): RetryPolicy {
  const { attempts, initialBackoffSeconds, maxBackoffSeconds, firstPauseSeconds, longestPauseSeconds } = setting;
  const milliseconds = (seconds: number | undefined, otherwise: number): number =>
    seconds === undefined ? otherwise : seconds * 1_000;
  return {
    attempts,
    initialBackoffMs: milliseconds(initialBackoffSeconds ?? firstPauseSeconds, DEFAULT_RETRY.initialBackoffMs),
    maxBackoffMs: milliseconds(maxBackoffSeconds ?? longestPauseSeconds, DEFAULT_RETRY.maxBackoffMs),
  };
}

const hookSchema = z
  .strictObject(
    {
      events: z
        .array(pattern, { error: 'must be a list of events, such as [session:start, session:end]' })
        .min(1, { error: 'must name at least one event' })
        .max(32, { error: 'must be 32 patterns at most' }),
      run: fileName.optional(),
      args: z
        .array(z.string({ error: 'must be a text' }).regex(/^[^\0]{0,4096}$/, { error: 'is too long' }), {
          error: 'must be a list of texts',
        })
        .max(64, { error: 'must be 64 arguments at most' })
        .optional(),
      webhook: webhookSchema.optional(),
      timeoutSeconds: seconds(1, 300).default(DEFAULT_TIMEOUT_SECONDS),
      enabled: z.boolean({ error: 'must be true or false' }).default(true),
      retry: retrySchema.prefault({}),
    },
    { error: 'must begin with “events:”, and then “run:” or “webhook:”' },
  )
  .check((context) => {
    const { run, args, webhook } = context.value;
    const report = (message: string, path: string[]): void => {
      context.issues.push({ code: 'custom', input: null, message, path });
    };
    if (run === undefined && webhook === undefined) report('needs “run:” or “webhook:”', []);
    if (run !== undefined && webhook !== undefined) report('cannot have both “run:” and “webhook:”', ['webhook']);
    if (args !== undefined && run === undefined) report('belongs to “run:”, which is not there', ['args']);
  });

/** What became of a `hook.yaml`. */
export type ParsedHookFile =
  | { readonly ok: true; readonly file: HookFile }
  /** What is wrong, with the line, for a person. Never what a secret or a header is. */
  | { readonly ok: false; readonly message: string };

/** Reads the text of a `hook.yaml`: YAML 1.2, core schema, no aliases, no key twice, nothing that is not known. */
export function parseHookFile(text: string): ParsedHookFile {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) return broken(null, `is larger than ${MAX_YAML_BYTES / 1_024} KiB`);
  const trouble = yamlProblem(text);
  if (trouble !== null) return broken(trouble.line, trouble.message);

  const lines = new LineCounter();
  // Errors are worded without the piece of the file that they are about: it may be a secret.
  const document = parseDocument(text, {
    schema: 'core',
    version: '1.2',
    stringKeys: true,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) return broken(lines.linePos(fault.pos[0]).line, describeYamlError(fault.code));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return broken(null, 'has aliases (“*name”), which are not supported');
  }

  const parsed = hookSchema.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      if (issue.code !== 'unrecognized_keys') return `${lineOf(document, lines, path)}${fieldOf(path)}${issue.message}`;
      const key = issue.keys[0] ?? '';
      const at = lineOf(document, lines, [...path, key]);
      return `${at}“${clip(key)}” is not a setting of ${path.length === 0 ? 'a hook' : path.join('.')}`;
    });
    const shown = faults.slice(0, 3).join('; ');
    return { ok: false, message: `${HOOK_FILE}${shown.startsWith('line ') ? ',' : ':'} ${shown}.` };
  }
  return { ok: true, file: toHookFile(parsed.data) };
}

function toHookFile(value: z.infer<typeof hookSchema>): HookFile {
  const { events, run, args, webhook, timeoutSeconds, enabled, retry } = value;
  // The schema has made sure that there is exactly one of the two.
  const action: HookFile['action'] =
    webhook === undefined ? { kind: 'run', file: run ?? '', args: args ?? [] } : { kind: 'webhook', ...webhook };
  return {
    patterns: events,
    events: new Set(events.flatMap((each) => matching(each))),
    enabled,
    timeoutMs: timeoutSeconds * 1_000,
    retry,
    action,
  };
}

function matching(glob: string): readonly HookEvent[] {
  return HOOK_EVENTS.filter((event) => posix.matchesGlob(event, glob));
}

function broken(line: number | null, message: string): ParsedHookFile {
  const at = line === null ? `${HOOK_FILE} ` : `${HOOK_FILE}, line ${line}: `;
  return { ok: false, message: `${at}${message}.` };
}

/** The line that a field is in, or else the one of what it would be in; nothing for the file as a whole. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === last)?.key : null;
    const node = key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return `line ${lines.linePos(node.range[0]).line}: `;
  }
  return '';
}

/** `webhook.headers.X-Team`, `events (entry 2)`. */
function fieldOf(path: readonly (string | number)[]): string {
  let words = '';
  for (const part of path) {
    if (typeof part === 'number') words += ` (entry ${part + 1})`;
    else words += words === '' ? clip(part) : `.${clip(part)}`;
  }
  return words === '' ? 'it ' : `${words} `;
}

function clip(text: string): string {
  return text.replace(/\p{C}/gu, '�').slice(0, 40);
}

/** A YAML parser's error code, for a person. */
function describeYamlError(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'the same setting is there twice';
    case 'TAB_AS_INDENT':
      return 'indent with spaces, not with tabs';
    case 'BAD_INDENT':
      return 'the indentation does not fit';
    case 'MULTIPLE_DOCS':
      return 'there is more than one document (“---”) in it';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (“!name”) are not supported';
    case 'NON_STRING_KEY':
      return 'a setting’s name must be a text';
    default:
      return `this is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
  }
}
