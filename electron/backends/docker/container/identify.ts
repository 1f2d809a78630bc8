import { imageFacts } from '../image/image-facts.ts';
import type { AllocationContext } from './allocate.ts';
import { type ContainerIdentity, hostLocales, identityFor, identityWriter } from './container-identity.ts';
import type { ContainerOwner } from './container-labels.ts';
import { homeInside } from './container-spec.ts';
import type { ContainerTemplate } from './container-template.ts';

/** Where files that name users are; made when the first is needed. */
export interface IdentityFolder {
  readonly make: (() => string) | null;
  path: string | null;
}

/** Finds out who the programs of a container are to be. Never rejects. */
export async function identify(
  context: AllocationContext & { readonly owner: ContainerOwner },
  request: {
    readonly template: ContainerTemplate;
    readonly user: string;
    readonly imageId: string;
    readonly hostEnvironment: Readonly<Record<string, string | undefined>>;
    readonly folder: IdentityFolder;
  },
): Promise<ContainerIdentity> {
  const { template, user, imageId, hostEnvironment: inherited, folder } = request;
  const { options, shell } = template;
  const allow = options.environmentAllow;
  const facts = await imageFacts(context, imageId, hostLocales({ inherited, allow }));
  const mountAt = options.folderAccess === 'none' ? null : options.mountAt;
  const asked = { user, home: homeInside(mountAt), shell, inherited, allow };
  // What an engine elsewhere mounts would be a file of its own machine.
  const isVisible = context.info.local && folder.make !== null && mountAt !== '/etc';
  try {
    if (isVisible) folder.path ??= folder.make();
    const canMount = folder.path !== null && isVisible && !folder.path.includes(':');
    return identityFor(asked, facts, canMount ? identityWriter(folder.path ?? '') : null);
  } catch (error) {
    context.log.warn({ err: error }, 'The user of a container could not be given a name');
    return identityFor(asked, facts, null);
  }
}
