import { type FuseConfig, FuseV1Options, FuseVersion } from '@electron/fuses';
import { MakerZIP } from '@electron-forge/maker-zip';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { VitePlugin } from '@electron-forge/plugin-vite';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { MakerDeb } from './scripts/makers/deb.ts';
import { MakerDmg } from './scripts/makers/dmg.ts';
import { MakerNsis } from './scripts/makers/nsis.ts';
import { MakerRpm } from './scripts/makers/rpm.ts';
import { copyNativePackages, isLeftOut, unpackedFiles, writeLicences } from './scripts/packaging.ts';

/** Where to find the zip files of Electron on a machine that may not download them. */
const electronZipDir = process.env.ELECTRON_ZIP_DIR;

const fuses: FuseConfig & Record<FuseV1Options.RunAsNode, boolean> = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  // The app cannot be told to run foreign code, and runs from its checked archive only. Whether it can be turned into a plain
  // Node.js depends on the platform, see the hook below.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.EnableCookieEncryption]: true,
  // Pages come from app://, so that file:// needs no privileges.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
};

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Sandglass',
    executableName: 'sandglass',
    appBundleId: 'org.sandglass.Sandglass',
    icon: 'packaging/icons/sandglass',
    asar: { unpack: unpackedFiles },
    ignore: isLeftOut,
    ...(electronZipDir ? { electronZipDir } : {}),
  },
  // The only native package is prebuilt for Node-API, which is the same for every Electron: nothing to compile.
  rebuildConfig: { onlyModules: [] },
  hooks: {
    packageAfterCopy: async (_config, buildPath, _electronVersion, platform, arch) => {
      // The plugin's hook, which sets the fuses, comes after this one. Only on Linux, where nothing is bound to a binary's
      // signature that other code could borrow (docs/decisions/008-the-reaper.md).
      fuses[FuseV1Options.RunAsNode] = platform === 'linux';
      await copyNativePackages(buildPath, platform, arch);
      await writeLicences(buildPath);
    },
  },
  makers: [new MakerZIP({}), new MakerDeb(), new MakerRpm(), new MakerDmg(), new MakerNsis()],
  plugins: [
    new VitePlugin({
      build: [
        { entry: 'electron/main.ts', config: 'vite.main.config.ts', target: 'main' },
        { entry: 'electron/preload.ts', config: 'vite.preload.config.ts', target: 'preload' },
      ],
      renderer: [{ name: 'main_window', config: 'vite.renderer.config.ts' }],
    }),
    new FusesPlugin(fuses),
  ],
};

export default config;
