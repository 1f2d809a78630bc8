import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAppUrl, webLink } from './app-origin.ts';
import { answerAppRequest } from './app-response.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-app-'));
  root = join(folder, 'main_window');
  await mkdir(root);
  await writeFile(join(root, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'secret.json'), '{}');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the page comes with the strict policy', async () => {
  const response = await answerAppRequest(root, { method: 'GET', url: 'app://sandglass/' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
  expect(await response.text()).toBe('<!doctype html>');
});

test.each([
  'app://sandglass/../secret.json',
  'app://sandglass/%2e%2e/secret.json',
  'app://sandglass/..%2fsecret.json',
  'app://sandglass/%2e%2e%2fsecret.json',
  'app://sandglass/..%5csecret.json',
  'app://sandglass//etc/passwd',
  'app://other/index.html',
  'app://sandglass.evil/index.html',
  'app://user@sandglass/index.html',
  'app://sandglass:80/index.html',
  'https://sandglass/index.html',
  'file:///etc/passwd',
  'nonsense',
])('%s is not found', async (url) => {
  const response = await answerAppRequest(root, { method: 'GET', url });
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('');
});

test('nothing but reading is answered', async () => {
  expect((await answerAppRequest(root, { method: 'POST', url: 'app://sandglass/' })).status).toBe(405);
});

test('the app’s own URLs are told from others', () => {
  expect(isAppUrl('app://sandglass/index.html?x#y')).toBe(true);
  expect(isAppUrl('APP://SANDGLASS/')).toBe(false);
  expect(isAppUrl('http://sandglass/')).toBe(false);
  expect(isAppUrl('')).toBe(false);
});

test('only web links without credentials are opened outside', () => {
  expect(webLink('https://example.org/a?b#c')).toBe('https://example.org/a?b#c');
  expect(webLink('http://example.org')).toBe('http://example.org/');
  for (const url of [
    'file:///etc/passwd',
    'javascript:alert(1)',
    'app://sandglass/',
    'smb://host/',
    'x',
    'https://u:p@h/',
  ]) {
    expect(webLink(url)).toBeNull();
  }
});
