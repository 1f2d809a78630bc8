/** The engine refused a request. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly status: number;
  /** In the engine's words: one line, bounded. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`the container engine answered ${status}${reason === '' ? '' : `: ${reason}`}`);
    this.status = status;
    this.reason = reason;
  }
}

/** The engine did not answer in time. */
export class EngineTimeout extends Error {
  override readonly name = 'EngineTimeout';
}
