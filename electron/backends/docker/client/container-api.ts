import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { GroupedUsage } from '../../../processes/ps-usage.ts';
import type { CreateBody } from './container-body.ts';
import { parseTop, TOP_COLUMNS, topSchema } from './container-top.ts';
import type { EngineClient } from './engine-client.ts';
import { noBody, type Schema } from './engine-client.ts';
import { EngineRefusal } from './engine-errors.ts';
import { oneLine } from './engine-text.ts';
import { type Executed, execute } from './execute.ts';
import { type Inspection, inspectionSchema } from './inspection.ts';

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

const createdSchema = z.object({ Id: z.string().regex(/^[0-9a-f]{12,128}$/), Warnings: z.array(z.string()).nullish() });
const waitedSchema = z.object({ StatusCode: z.int() });
const statsSchema = z.object({ cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }) });

/** Creates a container. */
export async function createContainer(client: EngineClient, spec: CreateBody): Promise<Created> {
  const { name, ...body } = spec;
  const request = { method: 'POST', path: '/containers/create', query: { name }, body } as const;
  const { Id, Warnings } = await client.call(request, createdSchema, { timeoutMs: STAGE_TIMEOUT_MS });
  return { id: Id, warnings: (Warnings ?? []).map((warning) => oneLine(warning)) };
}

/**
 * The container's terminal: what is read is its output, what is written is input. Gives raw bytes. The request has no
 * body, because one that came late would be taken for input.
 */
export function attachTerminal(client: EngineClient, id: string): Promise<Duplex> {
  const query = `stream=1&stdin=1&stdout=1&stderr=1&detachKeys=${DETACH_KEYS}`;
  return client.hijack({ method: 'POST', path: `/containers/${id}/attach`, query }, { timeoutMs: STAGE_TIMEOUT_MS });
}

/** What is asked of one container. All reject with {@link EngineRefusal}, or when there is no answer in time. */
export class ContainerApi {
  readonly id: string;
  readonly #client: EngineClient;
  /** Ends what is being asked. */
  readonly #ended = new AbortController();

  constructor(client: EngineClient, id: string) {
    this.#client = client;
    this.id = id;
  }

  /** Ends everything that still waits for an answer. */
  close(): void {
    this.#ended.abort(new Error('the container is not asked any more'));
  }

  async start(): Promise<void> {
    await this.#call('POST', 'start', {}, noBody, STAGE_TIMEOUT_MS);
  }

  inspect(timeoutMs = STAGE_TIMEOUT_MS): Promise<Inspection> {
    return this.#call('GET', 'json', {}, inspectionSchema, timeoutMs);
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#call('POST', 'resize', { h: String(rows), w: String(cols) }, noBody);
  }

  /** Sends a signal to the container's first process. */
  async kill(signal: 'SIGHUP' | 'SIGKILL', timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#call('POST', 'kill', { signal }, noBody, timeoutMs);
  }

  async pause(timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#call('POST', 'pause', {}, noBody, timeoutMs);
  }

  async unpause(timeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
    await this.#call('POST', 'unpause', {}, noBody, timeoutMs);
  }

  /** Resolves with the exit code once the container does not run. */
  async wait(timeoutMs: number): Promise<number> {
    const query = { condition: 'not-running' };
    return (await this.#call('POST', 'wait', query, waitedSchema, timeoutMs)).StatusCode;
  }

  /** CPU time of all its processes so far, in milliseconds. */
  async cpuTimeMs(timeoutMs: number): Promise<number> {
    const query = { stream: 'false', 'one-shot': 'true' };
    const { cpu_stats: stats } = await this.#call('GET', 'stats', query, statsSchema, timeoutMs);
    return stats.cpu_usage.total_usage / 1_000_000;
  }

  /** Names of the programs in it, but for its init and its shell, which have the lowest pids. */
  async programs(timeoutMs: number): Promise<string[]> {
    const { Processes: rows } = await this.#call('GET', 'top', { ps_args: '-eo pid,comm' }, topSchema, timeoutMs);
    return (rows ?? [])
      .map(([pid = '', command = '']) => ({ pid: Number(pid), command }))
      .toSorted((a, b) => a.pid - b.pid)
      .slice(2)
      .map(({ command }) => command);
  }

  /** Its processes, as `ps` on the engine's machine lists them. */
  async top(timeoutMs: number): Promise<GroupedUsage[]> {
    return parseTop(await this.#call('GET', 'top', { ps_args: TOP_COLUMNS }, topSchema, timeoutMs));
  }

  /** Runs a command in it, as its user, and gives what it printed; see `execute`. */
  execute(command: readonly string[], input: Uint8Array, timeoutMs: number): Promise<Executed> {
    return execute(this.#client, this.id, command, input, { timeoutMs, signal: this.#ended.signal });
  }

  /** Whether there is such a file in the container's file system; started or not. */
  async hasFile(path: string): Promise<boolean> {
    const request = { method: 'HEAD', path: `/containers/${this.id}/archive`, query: { path } } as const;
    const { status } = await this.#client.request(request, { timeoutMs: STAGE_TIMEOUT_MS });
    if (status !== 200 && status !== 404) throw new EngineRefusal(status, '');
    return status === 200;
  }

  #call<T>(
    method: 'GET' | 'POST',
    action: string,
    query: Readonly<Record<string, string>>,
    schema: Schema<T>,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<T> {
    const request = { method, path: `/containers/${this.id}/${action}`, query };
    return this.#client.call(request, schema, { timeoutMs, signal: this.#ended.signal });
  }
}
