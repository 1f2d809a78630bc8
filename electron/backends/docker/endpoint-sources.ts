/** A place where a container engine listens. */
export type Endpoint =
  | {
      readonly kind: 'socket';
      /** A Unix socket, or a Windows named pipe. */
      readonly path: string;
      /** As `DOCKER_HOST` would name it. */
      readonly name: string;
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Before every path of the API; `/` unless a proxy wants another. */
      readonly pathPrefix: string;
      /** Null: not encrypted, which is accepted from this machine only. */
      readonly tls: TlsFiles | null;
      readonly name: string;
    };

/** What proves who is who on an encrypted connection, in PEM. */
export interface TlsFiles {
  /** The authority that the engine's certificate must come from; absent: those of the system. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Why there is no endpoint, and what to do. */
export interface EndpointProblem {
  readonly message: string;
  readonly hint: string;
}

export type EndpointsFound =
  /** In the order to try them; the first that answers is the engine. */
  | { readonly ok: true; readonly endpoints: readonly Endpoint[] }
  | { readonly ok: false; readonly problem: EndpointProblem };

/** What the search looks at. */
export interface EndpointSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly files: {
    /** Whether there is anything at this path; follows links. */
    exists(path: string): boolean;
    /** The file's text; null when there is none or it may not be read. */
    read(path: string): string | null;
  };
}

/** Where the docker command keeps its configuration. */
export function configFolder({ env, home }: EndpointSources): string {
  const folder = env.DOCKER_CONFIG ?? '';
  return folder === '' ? `${home}/.docker` : folder;
}
