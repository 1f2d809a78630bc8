import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { StartFailure } from '../../../../shared/session.ts';
import type { ProcessTable } from '../../../processes/process-table.ts';
import type { ReattachSpec } from '../../backend.ts';
import { attachTerminal, ContainerApi } from '../client/container-api.ts';
import type { Connected, DockerEngine } from '../client/engine.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { noBody } from '../client/engine-client.ts';
import { EngineRefusal } from '../client/engine-errors.ts';
import { oneLine } from '../client/engine-text.ts';
import type { Inspection } from '../client/inspection.ts';
import { type AllocationContext, EventRelay, type RunningContainer } from '../container/allocate.ts';
import type { ContainerOwner } from '../container/container-labels.ts';
import { MIB } from '../container/container-spec.ts';
import { DockerProcess } from '../container/docker-process.ts';
import { HostView } from '../container/host-view.ts';
import { describeIsolation, hasPlainRuntime } from '../container/isolation.ts';
import { adoptedName, areOwnLabels, LABELS } from './labels.ts';
import { ownerState } from './orphans.ts';
import { survivalOf } from './survival.ts';

/** How long the engine may take for one step, in milliseconds: after a crash it may have much to do. */
const STEP_MS = 20_000;

/** When an engine that cannot be reached is tried again, in milliseconds: a machine that has just started is busy. */
const PATIENCE_MS = [1_000, 3_000];

/** Connects to the engine that a session is to be taken over at; one that does not answer is tried again a few times. */
export async function connectPatiently(engine: Pick<DockerEngine, 'connect'>): Promise<Connected> {
  let connected = await engine.connect();
  for (const ms of PATIENCE_MS) {
    if (connected.ok) break;
    await delay(ms, undefined, { ref: false });
    connected = await engine.connect();
  }
  return connected;
}

/** What a container is taken over with. */
export interface Takeover extends AllocationContext {
  /** This process. */
  readonly owner: ContainerOwner;
  readonly processes: Pick<ProcessTable, 'find'>;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Called with the container's id as soon as it is known, before anything is done with it. */
  onFound(containerId: string): void;
}

export type Reattached =
  | { readonly ok: true; readonly process: DockerProcess }
  | { readonly ok: false; readonly failure: StartFailure };

/**
 * Takes over the container of a session whose app is gone: makes sure that it is that session's and no other's, gives it
 * a name that says whose it is now, and attaches to its terminal. One that cannot be taken over is removed, unless it is
 * another's. Does not reject.
 */
export async function reattach(spec: ReattachSpec, takeover: Takeover): Promise<Reattached> {
  const { client, engine, log, tracker, info } = takeover;
  let id: string | null = null;
  /** Whether it is ours to remove. */
  let isOurs = false;
  const opened: { events: EventRelay | null; terminal: Duplex | null } = { events: null, terminal: null };
  try {
    id = spec.container?.id ?? (await findBySession(client, spec, takeover.owner));
    if (id === null) throw new NotReattached('The session’s container no longer exists');
    takeover.onFound(id);
    const api = new ContainerApi(client, id);
    const before = await api.inspect(STEP_MS);
    const name = nameOf(before);
    requireOwn(before, name, spec, takeover.owner);
    const owner = await ownerState({ labels: labelsOf(before), names: [name] }, takeover.owner, takeover.processes);
    if (owner !== 'gone') throw new NotReattached('Another process has the session’s container');
    isOurs = true;
    if (!before.State.Running) throw new NotReattached('The session’s container has ended');
    // First of all: if this process dies, too, the reaper has to know.
    tracker.engine(info.address, takeover.owner);
    tracker.created(id, info.address, survivalOf(spec, takeover.wall()));
    const made = labelsOf(before)[LABELS.container] ?? name;
    await rename(client, name, adoptedName(made, takeover.owner));
    // An engine attaches to none that is paused.
    if (before.State.Paused === true) await api.unpause(STEP_MS);
    const events = new EventRelay(engine, id);
    opened.events = events;
    const terminal = await attachTerminal(client, id);
    opened.terminal = terminal;
    const container = await verify(spec, takeover, { api, terminal, events });
    const process = new DockerProcess({ container, engine, log, tracker, now: takeover.now });
    process.survive(survivalOf(spec, takeover.wall()));
    await redraw(api, spec);
    if (spec.isFrozen) {
      const why = await process.freeze();
      if (why !== null) log.warn({ containerId: id, why }, 'A frozen session could not be frozen again and runs');
    }
    return { ok: true, process };
  } catch (error) {
    log.info({ session: spec.sessionId, containerId: id, err: error }, 'A session was not taken over');
    opened.events?.close();
    opened.terminal?.destroy();
    const isMissing = error instanceof EngineRefusal && error.status === 404;
    if (id !== null && isOurs) {
      const isGone = isMissing || (await engine.remove(id));
      if (isGone) tracker.removed(id);
      // Its removal is pending: now it goes with this process.
      else tracker.created(id, info.address);
    }
    return { ok: false, failure: explain(error, isMissing) };
  }
}

/** Why a container is not taken over, as a sentence without a full stop. */
class NotReattached extends Error {}

function explain(error: unknown, isMissing: boolean): StartFailure {
  const hint = 'Reopen the session to begin a new one.';
  if (isMissing) return { stage: 'attach', message: 'The session’s container no longer exists', hint };
  if (error instanceof NotReattached) return { stage: 'attach', message: error.message, hint };
  const reason = error instanceof Error ? oneLine(error.message) : 'no reason given';
  return { stage: 'attach', message: `The session’s container could not be attached to: ${reason}`, hint };
}

function labelsOf({ Config }: Inspection): Readonly<Record<string, string>> {
  return Config.Labels ?? {};
}

/** The container's name without the engine's slash; it stands in paths of the engine's API. */
function nameOf({ Name }: Inspection): string {
  const name = (Name ?? '').replace(/^\//, '');
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,255}$/.test(name)) throw new NotReattached('The session’s container has no name');
  return name;
}

/** Throws unless the container is what this installation has made for this session, of the same image. */
function requireOwn(inspection: Inspection, name: string, spec: ReattachSpec, owner: ContainerOwner): void {
  const labels = labelsOf(inspection);
  const isPooled = labels[LABELS.role] === 'pool' && labels[LABELS.session] === '' && spec.container !== null;
  const isSessions = labels[LABELS.session] === spec.sessionId || isPooled;
  const isInstallations =
    labels[LABELS.app] === '1' &&
    labels[LABELS.installation] === owner.installation &&
    labels[LABELS.ownerHost] === owner.host;
  const isOwn = areOwnLabels(labels, [name]) && labels[LABELS.container] !== undefined;
  const isSameImage = spec.container === null || inspection.Image === spec.container.imageId;
  if (!isInstallations || !isOwn || !isSessions || labels[LABELS.profile] !== spec.profileId || !isSameImage)
    throw new NotReattached('The session’s container is another one now');
  if (labels[LABELS.survives] !== '1')
    throw new NotReattached('The session’s container was not made to outlive a crash');
}

const listSchema = z.array(z.object({ Id: z.string().regex(/^[0-9a-f]{12,64}$/) }));

/** The one container whose labels name the session; null when there is none. */
async function findBySession(client: EngineClient, spec: ReattachSpec, owner: ContainerOwner): Promise<string | null> {
  const label = [
    `${LABELS.app}=1`,
    `${LABELS.installation}=${owner.installation}`,
    `${LABELS.session}=${spec.sessionId}`,
  ];
  const query = { all: 'true', filters: JSON.stringify({ label }) };
  const request = { method: 'GET', path: '/containers/json', query } as const;
  const [found, ...others] = await client.call(request, listSchema, { timeoutMs: STEP_MS });
  return found === undefined || others.length > 0 ? null : found.Id;
}

/** Gives the container another name, by the one that it has: a second process does not find it any more. */
async function rename(client: EngineClient, name: string, to: string): Promise<void> {
  const request = { method: 'POST', path: `/containers/${name}/rename`, query: { name: to } } as const;
  await client.call(request, noBody, { timeoutMs: STEP_MS });
}

/** A full-screen program redraws itself when the size changes; and the size is this terminal's in the end. */
async function redraw(api: ContainerApi, { cols, rows }: ReattachSpec): Promise<void> {
  try {
    if (rows > 1) await api.resize(cols, rows - 1);
    await api.resize(cols, rows);
  } catch (error) {
    // It has ended at this moment, which is reported as its end.
    if (!(error instanceof EngineRefusal)) throw error;
  }
}

/** What it is now: the engine's word and the kernel's. */
async function verify(
  spec: ReattachSpec,
  { info }: Takeover,
  { api, terminal, events }: Pick<RunningContainer, 'api' | 'terminal' | 'events'>,
): Promise<RunningContainer> {
  const inspection = await api.inspect(STEP_MS);
  const { State: state, HostConfig: host } = inspection;
  if (!state.Running) throw new NotReattached('The session’s container has ended');
  const view = info.local && hasPlainRuntime(inspection) ? HostView.of(state.Pid ?? 0, api.id) : null;
  const memory = host.Memory ?? 0;
  return {
    api,
    terminal,
    events,
    inspection,
    view,
    isolation: describeIsolation({
      inspection,
      kernel: view?.isolation() ?? null,
      securityOptions: info.securityOptions,
    }),
    memoryMiB: memory > 0 ? Math.round(memory / MIB) : null,
    address: info.address,
    info: {
      image: inspection.Image,
      digest: null,
      pooled: labelsOf(inspection)[LABELS.role] === 'pool',
      ...spec.container,
      id: api.id,
      name: nameOf(inspection),
      imageId: inspection.Image,
      engine: info.name,
    },
  };
}
