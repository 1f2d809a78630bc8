import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProcessTracker } from '../processes/tracker.ts';
import type { Backend, StartSpec } from './backend.ts';
import { asOrdinaryUser } from './bubblewrap/testing/ordinary-user.ts';
import { sandboxOptions, testSandboxes, tryToStart } from './bubblewrap/testing/sandboxes.ts';
import { CREDENTIALS_INSIDE, CredentialFolders } from './credential-folders.ts';
import { supplyOf, valuesOf } from './testing/credentials.ts';
import { leftovers, startShell, testBackend } from './testing/shells.ts';

const TOKEN = 'first-value-of-the-token';
const KEY = '-----BEGIN KEY-----\nMIIB\n-----END KEY-----';

let place: string;
let folders: CredentialFolders;
let tracker: ProcessTracker;
let news: string[];

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'sandglass-delivery-'));
  news = [];
  tracker = {
    session() {},
    folder: (id, path) => void news.push(`folder ${id} ${path}`),
    ended: (id) => void news.push(`ended ${id} ${existsSync(join(root(), `sandglass-${id}`))}`),
  };
  folders = new CredentialFolders({ installation: 'TEST', environment: {}, tracker, places: [place] });
});

afterEach(() => {
  news.splice(0);
  expect(existsSync(root()) ? readdirSync(root()) : []).toEqual([]);
  expect(leftovers()).toEqual([]);
});

afterAll(() => {
  rmSync(place, { recursive: true });
});

const root = (): string => join(place, 'sandglass-TEST');
const SHOW =
  'echo "<$TOKEN>"; stat -c %a "$SANDGLASS_CREDENTIALS" "$SANDGLASS_CREDENTIALS/TOKEN"; cat "$SANDGLASS_CREDENTIALS/TOKEN"; echo .';

interface Kind {
  readonly name: string;
  backend(): Promise<Backend>;
  readonly spec: Partial<StartSpec>;
  readonly where: (sessionId: string) => string;
}

const kinds: readonly Kind[] = [
  {
    name: 'a local shell',
    backend: async () => testBackend({ credentialFolders: folders, tracker }),
    spec: {},
    where: (sessionId) => join(root(), `sandglass-${sessionId}`),
  },
  {
    name: 'a sandbox',
    async backend() {
      const backend = testSandboxes({ credentialFolders: folders, tracker });
      await backend.check();
      return backend;
    },
    spec: { bubblewrap: sandboxOptions() },
    where: () => CREDENTIALS_INSIDE,
  },
];

describe.each(kinds)('$name', ({ backend: create, spec, where }) => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await create();
  });

  test('has its credentials as variables and as files, for itself alone, and they go with it', async () => {
    const credentials = supplyOf({ TOKEN, KEY });
    const shell = await startShell(backend, {
      ...spec,
      credentials,
      args: ['-c', `${SHOW}; echo $SANDGLASS_CREDENTIALS; cat "$SANDGLASS_CREDENTIALS/KEY"`],
    });
    await shell.exit;
    expect(shell.text().split('\r\n')).toEqual([
      `<${TOKEN}>`,
      '700',
      '400',
      `${TOKEN}.`,
      where(shell.sessionId),
      ...KEY.split('\n'),
    ]);
    expect(readdirSync(root())).toEqual([`sandglass-${shell.sessionId}`]);
    await shell.process.terminate(0);
    expect(news.splice(0)).toEqual([
      `folder ${shell.sessionId} ${join(root(), `sandglass-${shell.sessionId}`)}`,
      `ended ${shell.sessionId} false`,
    ]);
  });

  test('sees a replaced value in the same file', async () => {
    const shell = await startShell(backend, {
      ...spec,
      credentials: supplyOf({ TOKEN }),
      args: ['-c', `${SHOW}; read x; ${SHOW}`],
    });
    await shell.until(/first-value-of-the-token\.\r\n/);
    expect(
      await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'second-value', LATE: 'was missing' })),
    ).toBeNull();
    shell.type('');
    await shell.exit;
    expect(shell.text()).toContain('second-value.\r\n');
    await shell.process.terminate(0);
    expect(await shell.process.updateCredentials?.(valuesOf({ TOKEN: 'third-value' }))).toBe('The session has ended.');
  });

  test('that does not start leaves none', async () => {
    const started = await backend.start(
      {
        sessionId: 'TESTX',
        profileId: 'local',
        shell: '/nonexistent',
        args: [],
        environment: {},
        cols: 80,
        rows: 24,
        endsAt: null,
        ...spec,
        credentials: supplyOf({ TOKEN }),
      },
      { onData() {}, onInputRoom() {}, onExit() {} },
      new AbortController().signal,
    );
    expect(started).toMatchObject({ ok: false, failure: { stage: 'shell' } });
  });

  test('is not started where there is no place for them', async () => {
    const nowhere = new CredentialFolders({ installation: 'TEST', environment: {}, tracker, places: ['/nonexistent'] });
    const options = { credentialFolders: nowhere, tracker };
    const other = spec.bubblewrap === undefined ? testBackend(options) : testSandboxes(options);
    await other.check();
    await expect(startShell(other, { ...spec, credentials: supplyOf({ TOKEN }) })).rejects.toThrow(
      /could not be given to the session: there is no place/,
    );
  });
});

describe('a sandbox', () => {
  test('cannot change its credentials, and cannot see those of others', async () => {
    const backend = testSandboxes({ credentialFolders: folders, tracker });
    await backend.check();
    const script = [
      'cd /run/sandglass/credentials',
      '(echo x >TOKEN) 2>&1; (echo x >new) 2>&1; rm -f TOKEN 2>&1; mv ../credentials ../other 2>&1',
      'cat TOKEN; echo; ls -A; ls -A /run/sandglass; ls /dev/shm',
    ].join('\n');
    const others = await startShell(backend, {
      bubblewrap: sandboxOptions(),
      credentials: supplyOf({ OTHER: 'of another one' }),
    });
    const shell = await startShell(backend, {
      bubblewrap: sandboxOptions(),
      credentials: supplyOf({ TOKEN }),
      args: ['-c', script],
    });
    await shell.exit;
    expect(shell.text()).toMatch(/TOKEN: (Read-only|Permission denied|cannot)/i);
    expect(shell.text()).toMatch(/\r\nfirst-value-of-the-token\r\nTOKEN\r\ncredentials\r\n$/);
    expect(shell.process.isolation).toContainEqual({ text: '1 credential', open: false });
    await Promise.all([shell.process.terminate(0), others.process.terminate(0)]);
  });

  test('without credentials has no such folder', async () => {
    const backend = testSandboxes({ credentialFolders: folders, tracker });
    await backend.check();
    const shell = await startShell(backend, {
      bubblewrap: sandboxOptions(),
      args: ['-c', 'ls /run/sandglass; echo "[$SANDGLASS_CREDENTIALS]"'],
    });
    await shell.exit;
    expect(shell.text()).toMatch(/No such file[^[]*\[\]/);
    await shell.process.terminate(0);
  });

  test('of an ordinary user has them too', async () => {
    const answer = await asOrdinaryUser({
      folderAccess: 'none',
      resources: {},
      credentials: { TOKEN },
      scripts: [`${SHOW}; stat -c %u "$SANDGLASS_CREDENTIALS/TOKEN"; id -u; echo $SANDGLASS_CREDENTIALS`],
    });
    const [text = ''] = answer.outcomes.map((outcome) => outcome.text);
    const [variable, folder, file, value, owner, self, path] = text.split('\n');
    expect([variable, folder, file, value, path]).toEqual([
      `<${TOKEN}>`,
      '700',
      '400',
      `${TOKEN}.`,
      CREDENTIALS_INSIDE,
    ]);
    expect(owner).toBe(self);
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('sandglass-TEST'))).toEqual([]);
  }, 60_000);

  test('that is refused leaves none', async () => {
    const backend = testSandboxes({ credentialFolders: folders, tracker });
    await backend.check();
    const started = await tryToStart(
      backend,
      { folderAccess: 'read-only' },
      { folder: '/etc', credentials: supplyOf({ TOKEN }) },
    );
    expect(started).toMatchObject({ ok: false, failure: { stage: 'folder' } });
  });
});
