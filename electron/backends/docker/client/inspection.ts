import * as z from 'zod';

const names = z.array(z.string()).nullish();
const amount = z.number().nullish();

/**
 * The answer to `GET /containers/{id}/json` (https://docs.docker.com/reference/api/engine/), as far as it is used.
 * Docker and Podman leave out, or send null for, what does not apply.
 */
export const inspectionSchema = z.object({
  Id: z.string(),
  Name: z.string().nullish(),
  Image: z.string(),
  Path: z.string().nullish(),
  Args: names,
  State: z.object({
    Running: z.boolean(),
    Paused: z.boolean().nullish(),
    OOMKilled: z.boolean().nullish(),
    Pid: z.int().nullish(),
    ExitCode: z.int().nullish(),
    Error: z.string().nullish(),
  }),
  Config: z.object({ User: z.string().nullish(), Env: names, Labels: z.record(z.string(), z.string()).nullish() }),
  Mounts: z
    .array(
      z.object({
        Type: z.string().nullish(),
        Source: z.string().nullish(),
        Destination: z.string(),
        RW: z.boolean().nullish(),
      }),
    )
    .nullish(),
  HostConfig: z.object({
    Memory: amount,
    MemorySwap: amount,
    NanoCpus: amount,
    CpuQuota: amount,
    CpuPeriod: amount,
    PidsLimit: amount,
    NetworkMode: z.string().nullish(),
    CapAdd: names,
    CapDrop: names,
    SecurityOpt: names,
    ReadonlyRootfs: z.boolean().nullish(),
    Privileged: z.boolean().nullish(),
    PidMode: z.string().nullish(),
    IpcMode: z.string().nullish(),
    UTSMode: z.string().nullish(),
    Runtime: z.string().nullish(),
    Devices: z.array(z.unknown()).nullish(),
    LogConfig: z.object({ Type: z.string().nullish() }).nullish(),
  }),
});

/** What the engine says of a container. */
export type Inspection = z.infer<typeof inspectionSchema>;
