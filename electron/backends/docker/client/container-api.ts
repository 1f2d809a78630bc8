import { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import * as z from 'zod';
import type { GroupedUsage } from '../../../processes/ps-usage.ts';
import type { ContainerSpec } from '../container/container-spec.ts';
import { parseTop, TOP_COLUMNS } from './container-top.ts';
import { dial, EngineRefusal } from './engine-dial.ts';
import { reasonIn, words } from './engine-failures.ts';
import { ask } from './engine-http.ts';
import { type Executed, execute } from './execute.ts';
import { type Inspection, inspectionSchema } from './inspection.ts';

export { EngineRefusal };

/** How long a stage of a start may take, in milliseconds: with many at once, each waits for disks, locks and the runtime. */
const STAGE_TIMEOUT_MS = 60_000;
/** How long the engine may take to answer anything else, in milliseconds. */
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * The key sequence by which the engine lets go of an attached terminal; it can be chosen, but not be left out. The
 * engine's own, Ctrl+P Ctrl+Q, would hold back each Ctrl+P until the next key. These bytes are never part of UTF-8, so
 * nothing that is typed is held back.
 */
const DETACH_KEYS = Array.from({ length: 8 }, () => '%FF,%FE').join(',');

/** A container that was created, and what the engine had to say about it. */
export interface Created {
  readonly id: string;
  readonly warnings: readonly string[];
}

/** The body of `POST /containers/create`, with the name that goes into its query. */
export type CreateBody = ContainerSpec | ProbeSpec;

/** A container that is never started. */
export interface ProbeSpec {
  readonly name: string;
  readonly Image: string;
  readonly Entrypoint: string[];
  readonly Cmd: string[];
  readonly Labels: Record<string, string>;
  readonly HostConfig: {
    readonly NetworkMode: 'none';
    readonly LogConfig: { Type: 'none'; Config: Record<string, string> };
  };
}

const createdSchema = z.object({ Id: z.string().regex(/^[0-9a-f]{12,128}$/), Warnings: z.array(z.string()).nullish() });
/** Without `Titles`: they are as they were asked for. */
const topSchema = z.object({ Processes: z.array(z.array(z.string())) });
const waitedSchema = z.object({ StatusCode: z.int() });
const statsSchema = z.object({ cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }) });
/**
 * Creates a container. dockerode's own call would put everything, the environment too, into the address as well, and
 * drop the engine's warnings.
 */
export async function createContainer(docker: Docker, spec: CreateBody): Promise<Created> {
  const { name, ...body } = spec;
  const answer = await dial(docker, {
    path: '/containers/create?',
    method: 'POST',
    options: { _query: { name }, _body: body },
    abortSignal: AbortSignal.timeout(STAGE_TIMEOUT_MS),
    statusCodes: { 201: true, 200: true },
  });
  const { Id, Warnings } = createdSchema.parse(answer);
  return { id: Id, warnings: (Warnings ?? []).map((warning) => words(warning)) };
}

/**
 * The container's terminal: what is read is its output, what is written is input. Gives raw bytes. The request has no
 * body, because one that came late would be taken for input.
 */
export async function attachTerminal(docker: Docker, id: string): Promise<Duplex> {
  // Not a signal with a time of its own: it would cut the terminal that was attached by then.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), STAGE_TIMEOUT_MS);
  const stream = await dial(docker, {
    // The last character is taken off by the connection, which expects parameters behind it.
    path: `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1&detachKeys=${DETACH_KEYS}&`,
    method: 'POST',
    isStream: true,
    hijack: true,
    file: Buffer.alloc(0),
    headers: { 'Content-Type': 'text/plain' },
    abortSignal: late.signal,
    statusCodes: {},
  }).finally(() => clearTimeout(timer));
  if (!(stream instanceof Duplex)) throw new TypeError('the engine gave no terminal');
  // It may break before somebody reads from it; who does will find it closed.
  stream.on('error', () => undefined);
  return stream;
}

/** What is asked of one container. All reject with {@link EngineRefusal}, or when there is no answer in time. */
export class ContainerApi {
  readonly id: string;
  readonly #docker: Docker;
  /** Ends what is being asked. */
  readonly #ended = new AbortController();

  constructor(docker: Docker, id: string) {
    this.#docker = docker;
    this.id = id;
  }

  /** Ends everything that still waits for an answer. */
  close(): void {
    this.#ended.abort(new Error('the container is not asked any more'));
  }

  async start(): Promise<void> {
    await this.#ask('POST', 'start', {}, STAGE_TIMEOUT_MS);
  }

  async inspect(timeoutMs = STAGE_TIMEOUT_MS): Promise<Inspection> {
    return inspectionSchema.parse(await this.#ask('GET', 'json', {}, timeoutMs));
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#ask('POST', 'resize', { h: String(rows), w: String(cols) });
  }

  /** Sends a signal to the container's first process. */
  async kill(signal: 'SIGHUP' | 'SIGKILL', timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#ask('POST', 'kill', { signal }, timeoutMs);
  }

  async pause(timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#ask('POST', 'pause', {}, timeoutMs);
  }

  async unpause(timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#ask('POST', 'unpause', {}, timeoutMs);
  }

  /** Resolves with the exit code once it does not run. */
  async wait(timeoutMs: number): Promise<number> {
    return waitedSchema.parse(await this.#ask('POST', 'wait', { condition: 'not-running' }, timeoutMs)).StatusCode;
  }

  /** CPU time of all its processes so far, in milliseconds. */
  async cpuTimeMs(timeoutMs: number): Promise<number> {
    const answer = await this.#ask('GET', 'stats', { stream: 'false', 'one-shot': 'true' }, timeoutMs);
    return statsSchema.parse(answer).cpu_stats.cpu_usage.total_usage / 1_000_000;
  }

  /** Names of the programs in it, but for its init and its shell, which have the lowest pids. */
  async programs(timeoutMs: number): Promise<string[]> {
    const answer = await this.#ask('GET', 'top', { ps_args: '-eo pid,comm' }, timeoutMs);
    return topSchema
      .parse(answer)
      .Processes.map(([pid = '', command = '']) => ({ pid: Number(pid), command }))
      .toSorted((a, b) => a.pid - b.pid)
      .slice(2)
      .map(({ command }) => command);
  }

  /** Its processes, as `ps` on the engine's machine lists them. */
  async top(timeoutMs: number): Promise<GroupedUsage[]> {
    return parseTop(await this.#ask('GET', 'top', { ps_args: TOP_COLUMNS }, timeoutMs));
  }

  /** Runs a command in it, as its user, and gives what it printed; see `execute`. */
  execute(command: readonly string[], input: Uint8Array, timeoutMs: number): Promise<Executed> {
    return execute(this.#docker, this.id, command, input, { timeoutMs, signal: this.#ended.signal });
  }

  /** Whether there is such a file in the container's file system; started or not. */
  async hasFile(path: string): Promise<boolean> {
    try {
      await dial(this.#docker, {
        path: `/containers/${this.id}/archive?`,
        method: 'HEAD',
        options: { path },
        abortSignal: AbortSignal.timeout(STAGE_TIMEOUT_MS),
        statusCodes: { 200: true },
      });
      return true;
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return false;
      throw error;
    }
  }

  async #ask(
    method: 'GET' | 'POST',
    what: string,
    query: Readonly<Record<string, string>> = {},
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<unknown> {
    const request = { method, path: `/containers/${this.id}/${what}`, query };
    const { status, body } = await ask(this.#docker, request, { timeoutMs, signal: this.#ended.signal });
    if (status >= 200 && status < 300) return body;
    throw new EngineRefusal(status, reasonIn(body));
  }
}
