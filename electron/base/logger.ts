/** Where a backend tells what went wrong; pino's loggers fit. */
export interface BackendLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
