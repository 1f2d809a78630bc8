import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { EngineTls } from '../../../processes/tracker.ts';
import { configFolder, type EndpointProblem, type EndpointSources } from './endpoint-sources.ts';

/** The docker command's configuration and a context's description, as far as they are used. */
const configSchema = z.object({ currentContext: z.string().optional() });
const metaSchema = z.object({
  Endpoints: z.object({
    docker: z.object({ Host: z.string(), SkipTLSVerify: z.boolean().optional() }),
  }),
});

/** What the docker command's context says. */
export type Context =
  | { readonly kind: 'default' }
  | { readonly kind: 'found'; readonly name: string; readonly host: string; readonly tls: EngineTls | null }
  | { readonly kind: 'problem'; readonly problem: EndpointProblem };

/**
 * The context in use: that of `DOCKER_CONTEXT`, else `currentContext` of the configuration. Each is described in
 * `contexts/meta/<sha256 of its name>/meta.json`, with certificates in `contexts/tls/<the same>/docker/`.
 */
export function findContext(sources: EndpointSources): Context {
  const { env, files } = sources;
  const folder = configFolder(sources);
  const wanted = env.DOCKER_CONTEXT ?? '';
  const config = configSchema.safeParse(parseJson(files.read(`${folder}/config.json`)));
  const name = wanted !== '' ? wanted : ((config.success ? config.data.currentContext : undefined) ?? '');
  if (name === '' || name === 'default') return { kind: 'default' };

  const source = wanted !== '' ? 'DOCKER_CONTEXT' : `${folder}/config.json`;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = metaSchema.safeParse(parseJson(files.read(`${folder}/contexts/meta/${id}/meta.json`)));
  if (!meta.success) {
    return {
      kind: 'problem',
      problem: {
        message: `${source} names the docker context “${name}”, which is not there or cannot be read.`,
        hint: 'Choose another one with “docker context use”, or set DOCKER_HOST.',
      },
    };
  }
  const { Host: host, SkipTLSVerify: isUnverified = false } = meta.data.Endpoints.docker;
  if (isUnverified && !/^(unix|npipe):/i.test(host)) {
    return {
      kind: 'problem',
      problem: {
        message: `The docker context “${name}” does not check who answers (SkipTLSVerify).`,
        hint: 'Give it the certificates of the engine with “docker context update”.',
      },
    };
  }
  return { kind: 'found', name, host, tls: readTls(`${folder}/contexts/tls/${id}/docker`, sources) };
}

function readTls(folder: string, { files }: EndpointSources): EngineTls | null {
  const ca = files.read(`${folder}/ca.pem`);
  const cert = files.read(`${folder}/cert.pem`);
  const key = files.read(`${folder}/key.pem`);
  if (ca === null && cert === null && key === null) return null;
  return { ...(ca === null ? {} : { ca }), ...(cert === null ? {} : { cert }), ...(key === null ? {} : { key }) };
}

function parseJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
