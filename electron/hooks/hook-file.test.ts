import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOOK_EVENTS } from '../../shared/hooks.ts';
import { DEFAULT_RETRY } from './backoff.ts';
import { type HookFile, parseHookFile } from './hook-file.ts';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const RUN = 'events: [session:end]\nrun: notify.sh\n';

function read(text: string): HookFile {
  const parsed = parseHookFile(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.file;
}

function messageOf(text: string): string {
  const parsed = parseHookFile(text);
  expect(parsed.ok).toBe(false);
  return parsed.ok ? '' : parsed.message;
}

describe('the earlier names of the backoff', () => {
  const retryOf = (retry: string) => {
    const parsed = parseHookFile(`events: [session:end]\nrun: tell\nretry: ${retry}\n`);
    return parsed.ok ? parsed.file.retry : parsed.message;
  };

  test('still work, alone and beside the new ones', () => {
    const retry = { attempts: 12, initialBackoffMs: 500, maxBackoffMs: 60_000 };
    expect(retryOf('{ firstPauseSeconds: 0.5, longestPauseSeconds: 60 }')).toEqual(retry);
    expect(retryOf('{ firstPauseSeconds: 0.5, maxBackoffSeconds: 60 }')).toEqual(retry);
    expect(retryOf('{ initialBackoffSeconds: 0.5, longestPauseSeconds: 60 }')).toEqual(retry);
  });

  test.each([
    [
      '{ firstPauseSeconds: 60, longestPauseSeconds: 5 }',
      'longestPauseSeconds must not be shorter than firstPauseSeconds',
    ],
    ['{ firstPauseSeconds: 60, maxBackoffSeconds: 5 }', 'maxBackoffSeconds must not be shorter than firstPauseSeconds'],
    ['{ firstPauseSeconds: 0 }', 'must be a number of seconds from 0.1 to 3600'],
    [
      '{ firstPauseSeconds: 1, initialBackoffSeconds: 1 }',
      'retry.firstPauseSeconds is the earlier name of initialBackoffSeconds, which is set, too: remove one of them',
    ],
  ])('are checked like the new ones: %s', (retry, message) => {
    expect(retryOf(retry)).toContain(message);
  });
});

describe('a hook.yaml', () => {
  test('names events and an executable', () => {
    const file = read(`${RUN}args: [--level, "2"]\ntimeoutSeconds: 30\nenabled: false\n`);
    expect(file).toEqual({
      patterns: ['session:end'],
      events: new Set(['session:end']),
      enabled: false,
      timeoutMs: 30_000,
      retry: DEFAULT_RETRY,
      action: { kind: 'run', file: 'notify.sh', args: ['--level', '2'] },
    });
  });

  test('gives 10 seconds and is switched on unless it says otherwise', () => {
    expect(read(RUN)).toMatchObject({ timeoutMs: 10_000, enabled: true, retry: DEFAULT_RETRY });
  });

  test('names a receiver, with secrets in three places', () => {
    const file = read(
      `events: ["session:*"]
webhook:
  url: https://example.org/hooks?team=7
  headers: { Authorization: Bearer abc, X-Team: seven }
  secrets: [${SECRET}]
  secretFile: old-secret
  secretEnv: HOOK_SECRET
retry: { attempts: 3, initialBackoffSeconds: 0.5, maxBackoffSeconds: 60 }
`,
    );
    expect(file.retry).toEqual({ attempts: 3, initialBackoffMs: 500, maxBackoffMs: 60_000 });
    expect(file.action).toEqual({
      kind: 'webhook',
      url: 'https://example.org/hooks?team=7',
      headers: { Authorization: 'Bearer abc', 'X-Team': 'seven' },
      secrets: [SECRET],
      secretFile: 'old-secret',
      secretEnv: 'HOOK_SECRET',
    });
  });

  test.each([
    ['session:*', HOOK_EVENTS.filter((event) => event.startsWith('session:'))],
    ['*', [...HOOK_EVENTS]],
    ['session:{start,end}', ['session:start', 'session:end']],
    ['session:thaw??', ['session:thawed']],
    ['hook:test', ['hook:test']],
  ])('takes the pattern %s', (pattern, wanted) => {
    expect(read(`events: ["${pattern}"]\nrun: x\n`).events).toEqual(new Set(wanted));
  });

  test('is told which events there are when a pattern matches none', () => {
    const message = messageOf('events:\n  - session:end\n  - session:over\nrun: x\n');
    expect(message).toContain('hook.yaml, line 3: events (entry 2) matches no event.');
    for (const event of HOOK_EVENTS) expect(message).toContain(event);
  });

  test.each([
    ['', 'must begin with “events:”'],
    ['# nothing\n', 'must begin with “events:”'],
    ['hello', 'must begin with “events:”'],
    ['- a\n- b\n', 'must begin with “events:”'],
    ['run: x\n', 'events must be a list of events'],
    ['events: []\nrun: x\n', 'line 1: events must name at least one event'],
    ['events: session:end\nrun: x\n', 'line 1: events must be a list of events'],
    ['events: [session:state]\nrun: x\n', 'matches no event'],
    ['events: [7]\nrun: x\n', 'line 1: events (entry 1) must be the name of an event'],
    ['events: ["{{{{{{{{"]\nrun: x\n', 'matches no event'],
    ['events: [session:end]\n', 'needs “run:” or “webhook:”'],
    [`${RUN}webhook: { url: "https://a.example", secrets: [${SECRET}] }\n`, 'cannot have both'],
    [`${RUN}enbled: true\n`, 'line 3: “enbled” is not a setting of a hook'],
    [`${RUN}enabled: yes\n`, 'line 3: enabled must be true or false'],
    [`${RUN}timeoutSeconds: 0\n`, 'line 3: timeoutSeconds must be a number of seconds from 1 to 300'],
    [`${RUN}timeoutSeconds: 301\n`, 'from 1 to 300'],
    [`${RUN}timeoutSeconds: .inf\n`, 'from 1 to 300'],
    [`${RUN}timeoutSeconds: ten\n`, 'from 1 to 300'],
    [`${RUN}retry: { attempts: 0 }\n`, 'line 3: retry.attempts must be a whole number from 1 to 50'],
    [`${RUN}retry:\n  attempts: 2\n  pause: 3\n`, 'line 5: “pause” is not a setting of retry'],
    [
      `${RUN}retry: { initialBackoffSeconds: 60, maxBackoffSeconds: 5 }\n`,
      'must not be shorter than initialBackoffSeconds',
    ],
    [`${RUN}args: -v\n`, 'line 3: args must be a list of texts'],
    [`${RUN}args: [1]\n`, 'line 3: args (entry 1) must be a text'],
    ['events: [session:end]\nrun: ../notify.sh\n', 'line 2: run must be the name of a file in the hook’s folder'],
    ['events: [session:end]\nrun: /bin/sh\n', 'must be the name of a file in the hook’s folder'],
    ['events: [session:end]\nrun: a\\b.exe\n', 'must be the name of a file in the hook’s folder'],
    ['events: [session:end]\nrun: .hidden\n', 'must be the name of a file in the hook’s folder'],
    [
      `events: [session:end]\nargs: [a]\nwebhook: { url: "https://a.example", secrets: [${SECRET}] }\n`,
      'args belongs to “run:”',
    ],
  ])('is refused: %j', (text, message) => {
    expect(messageOf(text)).toContain(message);
  });

  test.each([
    ['events: [a\nrun: x\n', 'line'],
    ['events: [session:end]\nevents: [session:start]\nrun: x\n', 'line 2: the same setting is there twice'],
    ['events:\n\t- session:end\nrun: x\n', 'line 2: indent with spaces'],
    ['events: &a [session:end]\nrun: *a\n', 'aliases'],
    [`a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nevents: *c\n`, 'aliases'],
    ['events: !!js/function [session:end]\nrun: x\n', 'tags'],
    [`${RUN}---\n${RUN}`, 'more than one document'],
    ['? [a]\n: b\n', 'must be a text'],
    ['__proto__: { run: x }\nevents: [session:end]\n', '“__proto__” is not a setting'],
    ['<<: { run: x }\nevents: [session:end]\n', '“<<” is not a setting'],
    [`events: [session:end]\nrun: "${'x'.repeat(65_536)}"\n`, 'larger than 64 KiB'],
    [`events: ${'['.repeat(30_000)}`, 'nested too deeply'],
    ['- '.repeat(30_000), 'nested too deeply'],
    ['? '.repeat(30_000), 'nested too deeply'],
    ['k: 1\n'.repeat(12_000), 'far more'],
    ['&a '.repeat(20_000), 'far more'],
  ])('is refused as YAML: case %#', (text, message) => {
    expect(messageOf(text)).toContain(message);
  });

  test('that is nested over 300 lines is refused before it is parsed', () => {
    expect(messageOf(Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'))).toMatch(
      /line \d+: it is nested too deeply/,
    );
  });

  test('is a message for people, on one line, whatever is in the file', () => {
    const piece = fc.constantFrom(
      ...[
        'events',
        'run',
        'webhook',
        ': ',
        '- ',
        '? ',
        '\n',
        '\n  ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '"',
        "'",
        '|',
        '>',
        '#',
      ],
      ...['&a', '*a', '!t ', '---\n', '%YAML', '\t', '\\', '\u0000', '\u{1F600}', '𝒳', 'session:*', '1e999', '~', '<<'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => {
        const parsed = parseHookFile(pieces.join(''));
        if (!parsed.ok) expect(parsed.message).toMatch(/^hook\.yaml[^\n]{1,2000}\.$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a webhook', () => {
  function hook(url: string, more = ''): string {
    return `events: [session:end]\nwebhook:\n  url: ${JSON.stringify(url)}\n  secrets: [${SECRET}]\n${more}`;
  }

  test.each([
    'https://example.org',
    'https://example.org:8443/a/b?c=d',
    'http://localhost:3000/x',
    'http://127.0.0.1/x',
    'http://127.9.9.9:80/',
    'http://[::1]:8080/',
  ])('may be at %s', (url) => {
    expect(read(hook(url)).action).toMatchObject({ kind: 'webhook', url });
  });

  test.each([
    ['http://example.org/', 'must begin with https://'],
    ['http://127.0.0.1.example.org/', 'must begin with https://'],
    ['http://localhost.example.org/', 'must begin with https://'],
    ['http://10.0.0.1/', 'must begin with https://'],
    ['http://0.0.0.0/', 'must begin with https://'],
    ['http://[::ffff:10.0.0.1]/', 'must begin with https://'],
    ['ftp://example.org/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['https://me:pw@example.org/', 'must not have a user name'],
    ['example.org', 'must be an address'],
    ['', 'must be an address'],
    [`https://example.org/${'a'.repeat(3_000)}`, 'must be an address'],
  ])('may not be at an address of another kind: case %#', (url, message) => {
    expect(messageOf(hook(url))).toContain(`line 3: webhook.url ${message}`);
  });

  test('needs a secret', () => {
    expect(messageOf('events: [session:end]\nwebhook:\n  url: https://example.org\n')).toContain('needs a secret');
  });

  test.each([
    'secret',
    'whsec_',
    'whsec_short',
    `whsec_${Buffer.alloc(23, 1).toString('base64')}`,
    `whsec_${Buffer.alloc(65, 1).toString('base64')}`,
    `whsec_${Buffer.alloc(32, 1).toString('base64url')}_-`,
    `${SECRET}=`,
    `whsk_${Buffer.alloc(32, 1).toString('base64')}`,
  ])('is not signed with anything else, and the message does not repeat it: case %#', (secret) => {
    const text = `events: [session:end]\nwebhook: { url: "https://example.org", secrets: ["${secret}"] }\n`;
    const message = messageOf(text);
    expect(message).toContain('webhook.secrets (entry 1) must be “whsec_” and then 24 to 64 bytes in base64');
    expect(message.replaceAll('“whsec_”', '').replaceAll('secrets', '')).not.toContain(secret);
  });

  test('is signed with secrets of 24 to 64 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
        const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const text = `events: [session:end]\nwebhook: { url: "https://example.org", secrets: ["${secret}"] }\n`;
        expect(read(text).action).toMatchObject({ secrets: [secret] });
      }),
    );
  });

  test.each([
    ['  headers: { webhook-id: x }\n', 'webhook.headers.webhook-id is a header that Sandglass sets itself'],
    ['  headers: { Content-Type: text/plain }\n', 'sets itself'],
    ['  headers: { HOST: example.org }\n', 'sets itself'],
    ['  headers: { Transfer-Encoding: chunked }\n', 'sets itself'],
    ['  headers: { "X Y": a }\n', 'must be the name of an HTTP header'],
    ['  headers: { "X-Y": "a\\r\\nZ: b" }\n', 'must be up to 4096 printable ASCII characters'],
    ['  headers: { X-Y: ü }\n', 'printable ASCII'],
    ['  headers: { X-Y: 7 }\n', 'printable ASCII'],
    ['  headers: { X-Y: a, x-y: b }\n', 'webhook.headers.x-y is there twice'],
    ['  secretFile: ../secret\n', 'webhook.secretFile must be the name of a file'],
    ['  secretEnv: A=B\n', 'webhook.secretEnv must be the name of a variable'],
    ['  method: PUT\n', '“method” is not a setting of webhook'],
  ])('is refused with %j', (more, message) => {
    expect(messageOf(hook('https://example.org', more))).toContain(message);
  });

  test('with something wrong does not have its secrets in the message', () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const texts = [
      `events: [session:end]\nwebhook:\n  url: ${secret}\n  secrets: [${secret}]\n`,
      `events: [session:end]\nwebhook:\n  url: https://example.org\n  secrets: ${secret}\n`,
      `events: [session:end]\nwebhook:\n  url: https://example.org\n  secrets:\n    - ${secret}\n   - x\n`,
      `events: [${secret}]\nwebhook: [${secret}]\n`,
      `events: [session:end]\nwebhook:\n  url: https://example.org\n  headers: ["${secret}"]\n`,
      `events: [session:end]\nwebhook:\n  url: "https://u:${secret}@example.org"\n`,
    ];
    for (const text of texts) expect(messageOf(text)).not.toContain(secret.slice(6));
  });
});
