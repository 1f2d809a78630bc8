import * as z from 'zod';

/** Everything a request can be answered with instead of a result. */
export const ERROR_CODES = [
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

/** An error as it crosses the boundary: a code for programs, a message for people, never a stack. */
export const wireErrorSchema = z.strictObject({ code: z.enum(ERROR_CODES), message: z.string().max(2_000) });
export type WireError = z.infer<typeof wireErrorSchema>;

/** An expected refusal of a request; its message is shown to the user as it is. */
export class RequestError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
    this.code = code;
  }
}
