import * as z from 'zod';
import { PROFILE_FIELDS, PROFILE_LABELS, type ProfileField, SETTING_LABELS } from './labels.ts';
import { SETTING_PATHS, type SettingPath } from './settings.ts';

/** Everything a request can be answered with instead of a result. */
const ERROR_CODES = [
  'bad_request',
  'unknown_method',
  'unknown_session',
  'limit_exceeded',
  'not_allowed',
  'too_many_requests',
  'invalid_setting',
  'export_failed',
  'policy_unreadable',
  'shutting_down',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What a refusal is about: a setting by its address, or a field of the profile, such as `profile.folder`. */
export type FieldPath = SettingPath | `profile.${ProfileField}`;

/** The name of each field, as the settings screen and the profile editor show it. */
const FIELD_LABELS: ReadonlyMap<string, string> = new Map<FieldPath, string>([
  ...SETTING_PATHS.map((path): [FieldPath, string] => [path, SETTING_LABELS[path]]),
  ...PROFILE_FIELDS.map((field): [FieldPath, string] => [`profile.${field}`, PROFILE_LABELS[field]]),
]);

const fieldPathSchema = z.custom<FieldPath>((value) => typeof value === 'string' && FIELD_LABELS.has(value));

/** An error as it crosses the boundary: a code for programs, a message for people, never a stack. */
export const wireErrorSchema = z.strictObject({
  code: z.enum(ERROR_CODES),
  message: z.string().max(2_000),
  field: fieldPathSchema.optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

export interface RequestErrorOptions extends ErrorOptions {
  /** The field that is refused; the message, a sentence to stand beside it, does not repeat its name. */
  field?: FieldPath | undefined;
}

/** An expected refusal of a request. Its message is shown to the user as it is. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly field: FieldPath | undefined;

  constructor(code: ErrorCode, message: string, { field, ...options }: RequestErrorOptions = {}) {
    super(message, options);
    this.name = 'RequestError';
    this.code = code;
    this.field = field;
  }

  /** The message with the name of the field before it, to be shown away from that field. */
  get fullMessage(): string {
    const label = this.field === undefined ? undefined : FIELD_LABELS.get(this.field);
    return label === undefined ? this.message : `${label}: ${this.message}`;
  }
}

/** The field of a profile that a refusal is about, or null if it is about none. */
export function profileFieldOf({ field }: Pick<RequestError, 'field'>): ProfileField | null {
  return PROFILE_FIELDS.find((candidate) => field === `profile.${candidate}`) ?? null;
}
