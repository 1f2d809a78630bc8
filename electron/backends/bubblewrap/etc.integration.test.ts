import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runInside, startSandbox, testSandboxes } from './testing/sandboxes.ts';

/** A machine's files in a folder, with the links of its distribution. */
let machine: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'sandglass-machine-'));
  put('/etc/profile', '# profile\n');
});

afterEach(() => {
  rmSync(machine, { recursive: true, force: true });
});

function put(path: string, content: string, mode = 0o644): void {
  const real = join(machine, path);
  mkdirSync(dirname(real), { recursive: true });
  writeFileSync(real, content);
  chmodSync(real, mode);
}

function link(path: string, target: string): void {
  const real = join(machine, path);
  mkdirSync(dirname(real), { recursive: true });
  symlinkSync(target, real);
}

async function inside(script: string, network: 'none' | 'host' = 'none'): Promise<string> {
  const backend = testSandboxes({ etcRoot: machine });
  try {
    return (await runInside(backend, script, { network })).text;
  } finally {
    await backend.close?.();
  }
}

describe('/etc of a sandbox', () => {
  test.each([
    {
      name: 'Arch: certificates extracted beside, the resolver’s file in /run',
      make() {
        put('/etc/ca-certificates/extracted/tls-ca-bundle.pem', 'CA bundle\n');
        put('/etc/ca-certificates/extracted/cadir/Root.pem', 'Root\n');
        link('/etc/ssl/certs/ca-certificates.crt', '../../ca-certificates/extracted/tls-ca-bundle.pem');
        link('/etc/ssl/certs/Root.pem', '../../ca-certificates/extracted/cadir/Root.pem');
        link('/etc/ssl/cert.pem', '../ca-certificates/extracted/tls-ca-bundle.pem');
        put('/run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53\n');
        link('/etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf');
      },
      read: '/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/Root.pem /etc/ssl/cert.pem /etc/resolv.conf',
      text: 'CA bundle\nRoot\nCA bundle\nnameserver 127.0.0.53\n',
    },
    {
      name: 'openSUSE: the folder of certificates in /var/lib, the resolver’s file in /run/netconfig',
      make() {
        put('/var/lib/ca-certificates/openssl/Root.pem', 'Root\n');
        link('/var/lib/ca-certificates/pem/Root.pem', '../openssl/Root.pem');
        put('/var/lib/ca-certificates/ca-bundle.pem', 'CA bundle\n');
        link('/etc/ssl/certs', '/var/lib/ca-certificates/pem');
        link('/etc/ssl/ca-bundle.pem', '/var/lib/ca-certificates/ca-bundle.pem');
        put('/run/netconfig/resolv.conf', 'nameserver 192.0.2.1\n');
        link('/etc/resolv.conf', '/run/netconfig/resolv.conf');
      },
      read: '/etc/ssl/certs/Root.pem /etc/ssl/ca-bundle.pem /etc/resolv.conf',
      text: 'Root\nCA bundle\nnameserver 192.0.2.1\n',
    },
    {
      name: 'NixOS: everything through /etc/static',
      make() {
        put('/nix/store/abc-etc/etc/ssl/ca-bundle.crt', 'CA bundle\n');
        // In a real one the store is shown as well; here what it holds is below the folder of the test.
        link('/etc/static', '/opt/abc-etc');
        put('/opt/abc-etc/ssl/ca-bundle.crt', 'CA bundle\n');
        link('/etc/ssl/certs/ca-certificates.crt', '/etc/static/ssl/ca-bundle.crt');
        put('/etc/resolv.conf', 'nameserver 192.0.2.2\n');
      },
      read: '/etc/ssl/certs/ca-certificates.crt /etc/resolv.conf',
      text: 'CA bundle\nnameserver 192.0.2.2\n',
    },
    {
      name: 'Fedora: certificates in /etc/pki, shared with OpenSSL',
      make() {
        put('/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', 'CA bundle\n', 0o444);
        link('/etc/pki/tls/certs/ca-bundle.crt', '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem');
        link('/etc/ssl/certs', '../pki/tls/certs');
        put('/etc/resolv.conf', 'nameserver 192.0.2.3\n');
      },
      read: '/etc/ssl/certs/ca-bundle.crt /etc/resolv.conf',
      text: 'CA bundle\nnameserver 192.0.2.3\n',
    },
  ])('follows the links of $name', async ({ make, read, text }) => {
    make();
    expect(await inside(`cat ${read}`, 'host')).toBe(text);
  });

  test('has nothing that only its owner or a group may read, wherever a link leads', async () => {
    put('/etc/shadow', 'hidden\n', 0o640);
    put('/etc/ssl/private/key.pem', 'hidden\n', 0o644);
    chmodSync(join(machine, 'etc/ssl/private'), 0o710);
    put('/etc/NetworkManager/system-connections/home.nmconnection', 'hidden\n', 0o600);
    put('/var/lib/app/token', 'hidden\n', 0o600);
    put('/srv/closed/readable', 'hidden\n', 0o644);
    chmodSync(join(machine, 'srv/closed'), 0o750);
    link('/etc/app-token', '/var/lib/app/token');
    link('/etc/readable', '/srv/closed/readable');
    link('/etc/closed', '/srv/closed');
    link('/etc/ssl/key', 'private/key.pem');
    put('/home/ada/.config/notes', 'hidden\n');
    link('/etc/ada', '/home/ada');
    const text = await inside(
      'grep -r hidden /etc; find /etc -name "*key*" -o -name "*token*" -o -name readable; ls -1 /etc',
    );
    expect(text).not.toMatch(/hidden|key|token|readable|closed|shadow|\bada\b/);
    expect(text).toContain('profile\n');
    expect(text).toContain('NetworkManager\n');
  });

  test('has no secret that everyone may read, and what else is in the same folder', async () => {
    put('/etc/app/tls.conf', '-----BEGIN RSA PRIVATE KEY-----\nhidden\n');
    put('/etc/npmrc', 'registry=https://npm.example/\n//npm.example/:_authToken=hidden\n');
    put('/etc/pip.conf', '[global]\nindex-url = https://ada:hidden@pypi.example/simple\n');
    put('/etc/wgetrc', '# http_proxy = http://user:password@proxy:8080/\ntimeout = 5\n');
    put('/etc/gitconfig', '[core]\n\tautocrlf = input\n');
    for (const name of [
      'machine-id',
      'fstab',
      'environment',
      'ssh/ssh_host_rsa_key.pub',
      'subuid',
      'sandglass/policy.json',
    ])
      put(`/etc/${name}`, 'hidden\n');
    const text = await inside(
      'grep -r hidden /etc; cat /etc/gitconfig /etc/wgetrc; ls /etc/sandglass /etc/app; id -un; hostname',
    );
    expect(text).not.toMatch(/hidden/);
    expect(text).toContain('autocrlf = input');
    expect(text).toContain('timeout = 5');
    expect(text).toMatch(/\/etc\/app:\n(.*\n)*sandbox\n$|hosts\n(.*\n)*sandbox\n$/);
  });

  test('is current in a sandbox that runs: the resolver, and what was installed meanwhile', async () => {
    put('/run/resolve/resolv.conf', 'nameserver 192.0.2.1\n');
    link('/etc/resolv.conf', '../run/resolve/resolv.conf');
    const backend = testSandboxes({ etcRoot: machine });
    const wait = (file: string, what: string): string =>
      `until grep -q ${what} ${file} 2>/dev/null; do sleep 0.05; done`;
    const script = `cat /etc/resolv.conf; ${wait('/etc/resolv.conf', '192.0.2.9')}; echo changed; ${wait('/etc/new.conf', new Date().getFullYear().toString())}; echo installed`;
    const shell = await startSandbox(backend, { network: 'host' }, { shell: '/bin/sh', args: ['-c', script] });
    await shell.until(/192\.0\.2\.1\b/);
    put('/run/resolve/next', 'nameserver 192.0.2.9\n');
    renameSync(join(machine, 'run/resolve/next'), join(machine, 'run/resolve/resolv.conf'));
    await shell.until(/changed/);
    put('/etc/new.conf', `${new Date().getFullYear()}\n`);
    await runInside(backend, 'true');
    await shell.until(/installed/);
    await shell.exit;
    await shell.process.terminate(0);
    await backend.close?.();
  });

  test('says nothing of the machine’s network without one, and is gone with the app', async () => {
    put('/etc/resolv.conf', 'nameserver 192.0.2.1\n');
    put('/etc/hosts', '192.0.2.5 intranet\n');
    const backend = testSandboxes({ etcRoot: machine });
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('sandglass-etc-'));
    const { text } = await runInside(
      backend,
      'cat /etc/hosts; cat /etc/resolv.conf; echo x >/etc/hosts; rm /etc/profile',
    );
    expect(text).toMatch(
      /^127\.0\.0\.1 localhost sandbox\n[\s\S]*resolv\.conf: No such file[\s\S]*Read-only file system[\s\S]*Read-only file system/,
    );
    const made = readdirSync(tmpdir()).filter((name) => name.startsWith('sandglass-etc-') && !before.includes(name));
    expect(made.length).toBeGreaterThan(0);
    await backend.close?.();
    expect(
      made.filter(
        (name) =>
          existsSync(join(tmpdir(), name, 'etc', 'profile')) &&
          readFileSync(join(tmpdir(), name, 'etc', 'profile'), 'utf8') === '# profile\n',
      ),
    ).toEqual([]);
  });
});

/** Whether every user may read a file, and what it is in. */
function isReadable(path: string): boolean {
  const real = realpathSync(path);
  for (let at = dirname(real); at !== '/'; at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false;
  return statSync(real).isFile() && (statSync(real).mode & 0o004) !== 0;
}

const PACKAGES = '/var/lib/dpkg/info';
test.runIf(existsSync(PACKAGES))(
  'every file that packages have put into /etc for all to read is there, with its content',
  async () => {
    const lists = readdirSync(PACKAGES).filter((name) => name.endsWith('.conffiles'));
    const files = lists
      .flatMap((name) => readFileSync(join(PACKAGES, name), 'utf8').split('\n'))
      .filter(
        (path) =>
          path.startsWith('/etc/') &&
          !path.startsWith('/etc/environment.d/') &&
          !/\s/.test(path) &&
          existsSync(path) &&
          isReadable(path),
      );
    expect(files.length).toBeGreaterThan(50);
    const backend = testSandboxes();
    const { text } = await runInside(backend, 'sha256sum $FILES', {}, { environment: { FILES: files.join(' ') } });
    await backend.close?.();
    const seen = new Map(text.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
    const differ = files.filter(
      (path) => seen.get(path) !== createHash('sha256').update(readFileSync(path)).digest('hex'),
    );
    expect(differ).toEqual([]);
  },
);
