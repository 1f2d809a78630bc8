// Starts one of the scripts beside this file: node scripts/run.mjs NAME [arguments].
// Plain JavaScript that any Node reads, so that one that is too old says so instead of failing on TypeScript.

const oldest = 24;
const [name, ...rest] = process.argv.slice(2);

if (Number.parseInt(process.versions.node, 10) < oldest) {
  console.error(
    `Sandglass needs Node.js ${oldest} or newer, and this is ${process.versions.node} (${process.execPath}). ` +
      `npm ci installs a fitting one into node_modules/.bin, which npm start and npm test find by themselves. ` +
      `If npm did not run the install script of the package "node", run: npm rebuild node`,
  );
  process.exit(1);
}
process.argv.splice(2, process.argv.length, ...rest);
try {
  await import(`./${name}.ts`);
} catch (error) {
  // An error of the build is long enough without our own stack.
  console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
  process.exitCode = 1;
}
