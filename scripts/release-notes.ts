import packageJson from '../package.json' with { type: 'json' };
import { readChangelog, releaseOf } from './changelog.ts';

// npm run release-notes: what the changelog says about the version in package.json. An argument is the tag of a release,
// which has to be of that version.

const [tag] = process.argv.slice(2);
const { version } = packageJson;
if (tag !== undefined && tag !== `v${version}`) {
  throw new Error(`The tag is ${tag}, but package.json has the version ${version}: the tag has to be v${version}.`);
}
process.stdout.write(`${releaseOf(readChangelog(), version).notes}\n`);
