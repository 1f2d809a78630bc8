/** What decides whether Electron can open a window here. */
export interface Machine {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** The user's number; undefined where users have none (Windows). */
  uid: number | undefined;
  /** The arguments for Electron. */
  args: readonly string[];
}

/** This machine, and the arguments of this command. */
export function thisMachine(): Machine {
  return { platform: process.platform, env: process.env, uid: process.getuid?.(), args: process.argv.slice(2) };
}

/** Whether there is a screen to open a window or a browser on. */
export function hasDisplay({ platform, env }: Pick<Machine, 'platform' | 'env'>): boolean {
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Why Electron cannot open a window here, with what would change that; undefined if nothing speaks against it. */
export function whyNoWindow(machine: Machine): string | undefined {
  if (!hasDisplay(machine)) {
    return 'There is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set).';
  }
  if (machine.platform === 'linux' && machine.uid === 0 && !machine.args.includes('--no-sandbox')) {
    return (
      'Electron does not start as root, because the sandbox around its windows needs an ordinary user. ' +
      'Start as one, or give up that sandbox with: npm start -- --no-sandbox.'
    );
  }
  return undefined;
}
