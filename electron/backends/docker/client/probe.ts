import { z } from 'zod';
import type { Endpoint, EndpointProblem } from './endpoint-sources.ts';
import type { EngineInfo } from './engine.ts';
import type { EngineClient } from './engine-client.ts';
import { explainUnreachable } from './engine-failures.ts';
import { oneLine, reasonIn } from './engine-text.ts';

/** `GET /version` and `GET /info` (https://docs.docker.com/reference/api/engine/), as far as they are used. */
const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Os: z.string().optional(),
  Arch: z.string().optional(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});
const infoSchema = z.object({
  Name: z.string().nullish(),
  OSType: z.string().nullish(),
  KernelVersion: z.string().nullish(),
  CgroupVersion: z.string().nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  SystemTime: z.string().nullish(),
});

/** The oldest API that has all that containers are hardened with (Docker 19.03, 2019). */
const OLDEST_API = [1, 40] as const;

/** An engine that is there may count its containers and images before it describes itself: that takes longer than a ping. */
const PATIENCE = 4;

/** What says whether the engine's processes are this machine's. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  /** The kernel's release, as `uname -r` gives it. */
  readonly kernel: string;
}

export type Probed =
  | {
      readonly ok: true;
      readonly info: EngineInfo;
      /** The engine's clock when it was asked, in milliseconds since the epoch; null where it does not say. */
      readonly engineTimeMs: number | null;
    }
  | { readonly ok: false; readonly problem: EndpointProblem };

/** Asks an engine what it is, and whether it can run sessions. Rejects only when `signal` aborts. */
export async function probe(
  client: EngineClient,
  endpoint: Endpoint,
  host: HostFacts,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Probed> {
  const get = async (path: string, patience = 1): Promise<unknown> => {
    const { timeoutMs, signal } = bounds;
    const answer = await client.request({ method: 'GET', path }, { timeoutMs: timeoutMs * patience, signal });
    if (answer.status === 200) return answer.body;
    throw new Error(`it answered ${answer.status} ${reasonIn(answer.body)}`.trimEnd());
  };
  try {
    await get('/_ping');
    const [version, info] = await Promise.all([get('/version', PATIENCE), get('/info', PATIENCE)]);
    const parsed = { version: versionSchema.safeParse(version), info: infoSchema.safeParse(info) };
    if (!parsed.version.success || !parsed.info.success) {
      return refuse(
        `What listens at ${endpoint.name} is not a container engine that Sandglass understands.`,
        'Check DOCKER_HOST or the docker context.',
      );
    }
    return judge(parsed.version.data, parsed.info.data, endpoint, host);
  } catch (error) {
    if (bounds.signal.aborted) throw error;
    return { ok: false, problem: explainUnreachable(error, endpoint, host.platform) };
  }
}

function refuse(message: string, hint: string): Probed {
  return { ok: false, problem: { message, hint } };
}

function judge(
  version: z.infer<typeof versionSchema>,
  info: z.infer<typeof infoSchema>,
  endpoint: Endpoint,
  host: HostFacts,
): Probed {
  const isPodman = version.Components?.some(({ Name }) => /podman/i.test(Name)) ?? false;
  const name = `${isPodman ? 'Podman' : 'Docker'} ${oneLine(version.Version, 60)}`;
  if ((info.OSType ?? version.Os) === 'windows') {
    return refuse(`${name} at ${endpoint.name} runs Windows containers.`, 'Switch Docker Desktop to Linux containers.');
  }
  const [major = 0, minor = 0] = version.ApiVersion.split('.').map(Number);
  if (!(major > OLDEST_API[0] || (major === OLDEST_API[0] && minor >= OLDEST_API[1]))) {
    return refuse(
      `${name} at ${endpoint.name} is too old (API ${oneLine(version.ApiVersion, 20)}; ${OLDEST_API.join('.')} is needed).`,
      'Update it: to Docker 19.03, Podman 3 or later.',
    );
  }
  const security = (info.SecurityOptions ?? [])
    .slice(0, 64)
    .map((option) => oneLine(option.replace(/^name=/, ''), 120));
  const engineTimeMs = Date.parse(info.SystemTime ?? '');
  const cgroup = /^v?([12])$/.exec(info.CgroupVersion ?? '')?.[1];
  return {
    ok: true,
    info: {
      name,
      endpoint: endpoint.name,
      address: endpoint,
      local: isLocal(info, endpoint, host),
      rootless: security.some((option) => option.startsWith('rootless')),
      runtimes: runtimesIn(info.Runtimes ?? {}),
      cgroupVersion: cgroup === '1' ? 1 : cgroup === '2' ? 2 : null,
      securityOptions: security,
    },
    engineTimeMs: Number.isNaN(engineTimeMs) ? null : engineTimeMs,
  };
}

/**
 * Whether pids and paths of the engine are this machine's. A socket alone does not say so: Docker Desktop and Podman's
 * machine run in a virtual machine, and this app may run in a container that was given the socket. Then the kernel or
 * the host name differs (a distribution of WSL has the same kernel as Docker Desktop's, but another name). It is a good
 * guess, not a proof: before a pid is used, its cgroup has to name the container.
 */
function isLocal(info: z.infer<typeof infoSchema>, endpoint: Endpoint, host: HostFacts): boolean {
  return (
    endpoint.kind === 'socket' &&
    host.platform === 'linux' &&
    info.KernelVersion === host.kernel &&
    info.Name === host.hostname
  );
}

/** The names that a profile may choose; `io.containerd.runc.v2` and the like are runc under the names of its shims. */
function runtimesIn(runtimes: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(runtimes)
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name))
    .filter((name) => !/^io\.containerd\.(runc|runtime)\./.test(name))
    .sort()
    .slice(0, 64);
}
