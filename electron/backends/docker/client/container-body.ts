/** The body of `POST /containers/create` (https://docs.docker.com/reference/api/engine/), as far as it is used. */
export interface ContainerSpec {
  readonly name: string;
  readonly Image: string;
  readonly Entrypoint?: string[];
  readonly Cmd?: string[];
  readonly User: string;
  readonly WorkingDir?: string;
  readonly Env: string[];
  readonly Labels: Record<string, string>;
  readonly Tty: true;
  readonly OpenStdin: true;
  readonly StdinOnce: false;
  readonly AttachStdin: true;
  readonly AttachStdout: true;
  readonly AttachStderr: true;
  readonly StopSignal: 'SIGHUP';
  readonly Healthcheck: { Test: ['NONE'] };
  readonly HostConfig: HostSpec;
}

/** The part of a container that says what it may do to the machine. */
export interface HostSpec {
  readonly Privileged: false;
  readonly CapDrop: string[];
  readonly CapAdd: string[];
  readonly SecurityOpt: string[];
  readonly ReadonlyRootfs: boolean;
  readonly Tmpfs: Record<string, string>;
  readonly Mounts: MountSpec[];
  readonly Binds?: string[];
  readonly Init: true;
  readonly NetworkMode: string;
  readonly IpcMode: 'private';
  readonly CgroupnsMode: 'private';
  readonly PidsLimit?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly Runtime?: string;
  readonly AutoRemove: false;
  readonly RestartPolicy: { Name: 'no' };
  readonly LogConfig: { Type: 'none'; Config: Record<string, string> };
  readonly Ulimits: { Name: string; Soft: number; Hard: number }[];
  readonly ConsoleSize: [number, number];
}

/** The user's folder in the container. */
export interface MountSpec {
  readonly Type: 'bind';
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  readonly BindOptions: { Propagation: 'rprivate'; NonRecursive: boolean };
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
