import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project.ts';

/** A released version in the changelog. */
export interface Release {
  readonly version: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** What changed, in Markdown, without the heading of the version. */
  readonly notes: string;
}

/** The changelog of a project folder. */
export function readChangelog(root = projectRoot): string {
  return readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
}

/** The releases in a changelog (https://keepachangelog.com/en/1.1.0/), the newest first; what is not released yet is left out. */
export function releases(changelog: string): Release[] {
  return changelog
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [heading = '', ...notes] = section.split('\n');
      const match = /^\[(\d+\.\d+\.\d+(?:-[\w.]+)?)\] - (\d{4}-\d{2}-\d{2})$/.exec(heading.trim());
      const [, version, date] = match ?? [];
      if (version === undefined || date === undefined) return [];
      return [{ version, date, notes: notes.join('\n').trim() }];
    });
}

/**
 * What a changelog says about one version.
 *
 * @throws when it has no section for the version, or an empty one.
 */
export function releaseOf(changelog: string, version: string): Release {
  const release = releases(changelog).find((candidate) => candidate.version === version);
  if (release === undefined || release.notes === '') {
    throw new Error(`CHANGELOG.md has no notes for ${version}: add a section “## [${version}] - YYYY-MM-DD”.`);
  }
  return release;
}
