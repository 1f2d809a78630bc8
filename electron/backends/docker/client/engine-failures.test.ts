import { expect, test } from 'vitest';
import type { Endpoint } from './endpoint-sources.ts';
import { EngineTimeout } from './engine-errors.ts';
import { explainUnreachable } from './engine-failures.ts';

const endpoint: Endpoint = { kind: 'socket', path: '/run/x.sock', name: 'unix:///run/x.sock' };
const failed = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

test.each([
  [failed('ENOENT'), /^No container engine listens at unix:\/\/\/run\/x\.sock/, /Start it/],
  [failed('ECONNREFUSED'), /is not running/, /Start it/],
  [failed('EACCES'), /permission denied/, /usermod -aG docker/],
  [failed('ENOTFOUND'), /is unknown/, /DOCKER_HOST/],
  [failed('EHOSTUNREACH'), /cannot be reached/, /network/],
  [failed('SELF_SIGNED_CERT_IN_CHAIN'), /encrypted connection .* failed/, /certificates/],
  [failed('ERR_TLS_CERT_ALTNAME_INVALID'), /encrypted connection .* failed/, /host name/],
  [new EngineTimeout('late'), /is not responding/, /restart it/],
  [new Error('something else'), /failed: something else/, /Start it/],
])('%s is explained, with what to do', (error, message, hint) => {
  const problem = explainUnreachable(error, endpoint, 'linux');
  expect(problem.message).toMatch(message);
  expect(problem.hint).toMatch(hint);
});
