import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inflateRawSync } from 'node:zlib';
import { Terminal } from '@xterm/headless';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeAck, encodeBytes } from '../../shared/frames.ts';
import {
  type BackendKind,
  type Credential,
  DEFAULT_BUBBLEWRAP,
  DEFAULT_CONTAINER,
  type Profile,
} from '../../shared/profile.ts';
import { EXPORT_FORMATS } from '../../shared/recording.ts';
import type { SessionInfo } from '../../shared/session.ts';
import type { ExportSource } from '../core/core.ts';
import { openStorage } from '../core/open-storage.ts';
import { startCore } from '../core/start-core.ts';
import { Window } from '../core/testing/window.ts';
import { nodeReaperCommand } from '../reaper/command.ts';
import { openSettingsFile } from '../storage/settings-file-conf.ts';
import { findTestEngine, needs } from '../testing/container-engine.ts';

const docker = await findTestEngine();

const FIRST = 'tok_Zx81-first"value$of/it';
const SECOND = 'tok_Qy92-second\nline-of-the-second-value';
/** Parts of these that stand nowhere else. */
const PARTS = ['Zx81-first', 'value$of/it', 'Qy92-second', 'line-of-the-second'];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The whole engine on folders of its own, with everything logged, and a hook that writes down all it is told. */
async function wholeEngine() {
  const base = mkdtempSync(join(tmpdir(), 'sandglass-leaks-'));
  const home = join(base, 'home');
  const source = join(base, 'source');
  const environment = {
    PATH: process.env.PATH,
    HOME: base,
    LANG: 'C.UTF-8',
    SANDGLASS_HOME: home,
    SANDGLASS_LOG_LEVEL: 'debug',
    ...(docker.ok ? { DOCKER_HOST: docker.host } : {}),
  };
  const hook = join(home, 'config', 'hooks', 'all');
  mkdirSync(hook, { recursive: true, mode: 0o700 });
  writeFileSync(join(hook, 'tell'), `#!/bin/sh\n{ cat; env; echo; } >>${join(home, 'told')}\n`, { mode: 0o700 });
  writeFileSync(join(hook, 'hook.yaml'), 'events: ["session:*"]\nrun: tell\n', { mode: 0o600 });
  const storage = await openStorage('web', environment, openSettingsFile);
  const exported: ExportSource[] = [];
  const engine = await startCore({
    storage,
    environment,
    appVersion: '1.2.3',
    reaper: nodeReaperCommand(),
    host: {
      kind: 'web',
      openFolder: async () => false,
      deliverExport: async (each) => {
        exported.push(each);
        return { outcome: 'cancelled' };
      },
    },
  });
  cleanups.push(async () => {
    await engine.quit();
    await storage.log.close();
    rmSync(base, { recursive: true });
  });
  const window = new Window();
  engine.connect(window);
  return { home, source, window, exported, engine, storage };
}

function profileOf(kind: BackendKind, credentials: Credential[]): Profile {
  const common = {
    id: `leaks-${kind}`,
    name: 'Leaks',
    shell: '/bin/bash',
    args: ['--norc', '--noprofile'],
    environment: { PS1: '$ ', HISTFILE: '/dev/null' },
    limits: {},
    recording: 'on',
    credentials,
  } as const;
  switch (kind) {
    case 'pty':
      return { ...common, args: [...common.args], backend: 'pty' };
    case 'bubblewrap':
      return { ...common, args: [...common.args], backend: 'bubblewrap', bubblewrap: DEFAULT_BUBBLEWRAP };
    case 'docker': {
      const image = docker.ok ? docker.image : '';
      return {
        ...common,
        args: [...common.args],
        backend: 'docker',
        container: { ...DEFAULT_CONTAINER, image, pull: 'never' },
      };
    }
  }
}

/** Every file below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Which of these bytes hold a part of a value, as it is or in an encoding that is easy to undo. */
function leaksIn(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  return [...PARTS, ...[FIRST, SECOND].map((value) => Buffer.from(value).toString('base64').slice(0, 12))].filter(
    (part) => text.includes(part),
  );
}

/** The contents of a zip archive's files: enough of the format for what the app writes. */
function unzipped(archive: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (
    let at = archive.indexOf('PK\x01\x02', 'latin1');
    at >= 0;
    at = archive.indexOf('PK\x01\x02', at + 4, 'latin1')
  ) {
    const [method, size, offset] = [
      archive.readUInt16LE(at + 10),
      archive.readUInt32LE(at + 20),
      archive.readUInt32LE(at + 42),
    ];
    const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
    const data = archive.subarray(start, start + size);
    parts.push(method === 0 ? data : inflateRawSync(data));
  }
  return Buffer.concat(parts);
}

/** What a terminal shows of a recording that is played, rows that go on in the next one joined. */
async function played(recording: string): Promise<string> {
  const [, ...lines] = recording.trimEnd().split('\n');
  const output = lines.map((line) => JSON.parse(line)).filter(([, code]) => code === 'o');
  const terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, scrollback: 5_000 });
  await new Promise<void>((resolve) => terminal.write(output.map(([, , text]) => text).join(''), resolve));
  const { active } = terminal.buffer;
  const rows = Array.from({ length: active.length }, (_value, row) => active.getLine(row));
  return rows.map((row) => `${row?.isWrapped === true ? '' : '\n'}${row?.translateToString(true) ?? ''}`).join('');
}

const kinds: readonly BackendKind[] = ['pty', 'bubblewrap', ...(docker.ok ? (['docker'] as const) : [])];

describe('nothing that is written down has a credential’s value', { timeout: 120_000, ...needs(docker) }, () => {
  test.each(kinds)('of a session of %s', async (kind) => {
    const { home, source, window, exported } = await wholeEngine();
    writeFileSync(source, FIRST, { mode: 0o600 });
    const credential: Credential = {
      env: 'TOKEN',
      source: { kind: 'command', command: 'cat', args: [source] },
      ttlSeconds: 2,
      required: true,
    };
    await window.ask('profiles.save', { profile: profileOf(kind, [credential]) });
    const { id } = await window.ask('sessions.open', { profileId: `leaks-${kind}`, cols: 80, rows: 24 });
    const info = (): SessionInfo | undefined =>
      window.notifications('sessionChanged').findLast((each): each is SessionInfo => (each as SessionInfo).id === id);
    await window.until(() => (['waiting', 'ended'].includes(info()?.state ?? '') ? true : undefined));
    expect(info()?.end ?? null).toBeNull();
    const { channel } = await window.attach(id);
    const output = (): string => window.output(channel);
    const type = (text: string): void => window.put(encodeBytes('userInput', channel, Buffer.from(text)));
    const until = (words: string): Promise<true> =>
      window.until(() => {
        window.put(encodeAck(channel, Buffer.byteLength(output())));
        return output().includes(words) ? true : undefined;
      });
    await until('$ ');

    type('echo "<$TOKEN>"; export -p; printf "\\e]0;%s\\a" "$TOKEN"; echo e""nd-of-env\r');
    await until('end-of-env');
    type('echo "$TOKEN" | sed "s/./\\x1b[32m&\\x1b[0m/g"; echo e""nd-of-colours\r');
    await until('end-of-colours');
    // Typed by hand, with a mistake, up to the right edge and beyond.
    type(`: ${'x'.repeat(70)} ${FIRST.slice(0, 9)}Q\x7f${FIRST.slice(9).replaceAll('"', '\\"')}\r`);
    type('set -x; : "$TOKEN"; set +x; echo "$TOKEN" | base64; echo e""nd-of-trace\r');
    await until('end-of-trace');
    writeFileSync(source, SECOND, { mode: 0o600 });
    type(
      'until grep -q Qy92 "$SANDGLASS_CREDENTIALS/TOKEN"; do sleep 0.1; done; cat "$SANDGLASS_CREDENTIALS/TOKEN"; echo e""nd-of-file\r',
    );
    await until('end-of-file');
    expect(output()).toContain('<tok_Zx81-first"value$of/it>');
    expect(output()).toContain('Qy92-second\r\nline-of-the-second-value');

    await window.ask('sessions.rename', { id, title: `tab ${FIRST}` });
    await window.ask('sessions.extend', { id }).catch(() => undefined);
    for (const format of EXPORT_FORMATS) await window.ask('sessions.export', { id, format });
    type('exit 3\r');
    await window.until(() => (info()?.state === 'ended' ? true : undefined));
    expect(info()?.end).toMatchObject({ reason: 'exited', exitCode: 3 });
    expect(info()?.title).toBe('tab [redacted TOKEN]');
    for (const format of EXPORT_FORMATS) await window.ask('sessions.export', { id, format });

    const told = join(home, 'told');
    await vi.waitFor(() => expect(readFileSync(told, 'utf8')).toContain('session:end'), { timeout: 30_000 });
    const files = filesIn(home);
    expect(files.map((file) => file.split('/').at(-1))).toEqual(
      expect.arrayContaining(['recording.cast', 'session.json', 'told', 'settings.json']),
    );
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) expect(leaksIn(readFileSync(file)), file).toEqual([]);
    const recording = files.find((file) => file.endsWith('recording.cast')) ?? '';
    expect(readFileSync(recording, 'utf8')).toContain('[redacted TOKEN]');
    const shown = await played(readFileSync(recording, 'utf8'));
    expect(shown).toContain('end-of-file');
    expect(PARTS.filter((part) => shown.includes(part) || shown.replaceAll('\n', '').includes(part))).toEqual([]);
    for (const each of exported) {
      const bytes = await buffer(each.open());
      expect(leaksIn(bytes), each.name).toEqual([]);
      expect(leaksIn(unzipped(bytes)), each.name).toEqual([]);
    }
    // Nor what every window is told; output alone is as it is.
    expect(leaksIn(Buffer.from(JSON.stringify(window.controls)))).toEqual([]);
  });

  test('of a command that fails after it has printed it', async () => {
    const { home, source, window, storage } = await wholeEngine();
    writeFileSync(source, FIRST, { mode: 0o600 });
    const script = `cat ${source}; cat ${source} >&2; exit 3`;
    const credential: Credential = {
      env: 'TOKEN',
      source: { kind: 'command', command: 'sh', args: ['-c', script] },
      ttlSeconds: 0,
      required: true,
    };
    await window.ask('profiles.save', { profile: profileOf('pty', [credential]) });
    const { id } = await window.ask('sessions.open', { profileId: 'leaks-pty', cols: 80, rows: 24 });
    const ended = await window.until(() =>
      window
        .notifications('sessionChanged')
        .find(
          (each): each is SessionInfo => (each as SessionInfo).id === id && (each as SessionInfo).state === 'ended',
        ),
    );
    expect(ended.end?.failure?.message).toBe(
      'TOKEN is required and not available. The command sh ended with exit status 3.',
    );
    expect(storage.locations.logs).toContain(home);
    for (const file of filesIn(home)) expect(leaksIn(readFileSync(file)), file).toEqual([]);
    expect(leaksIn(Buffer.from(JSON.stringify(window.controls)))).toEqual([]);
  });
});
