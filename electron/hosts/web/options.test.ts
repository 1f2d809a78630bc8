import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

const read = (args: string[], env = {}) => readOptions(args, env, '/app');

test('without options any free port is taken, and no browser opened', () => {
  expect(read([])).toEqual({
    kind: 'run',
    options: { port: 0, open: false, rendererFolder: '/app/.vite/renderer/main_window' },
  });
});

test('the command line wins over the environment', () => {
  expect(read(['--port', '4000', '--open'], { SANDGLASS_PORT: '5000' })).toMatchObject({
    options: { port: 4000, open: true },
  });
  expect(read([], { SANDGLASS_PORT: '5000' })).toMatchObject({ options: { port: 5000 } });
  expect(read([], { SANDGLASS_PORT: '' })).toMatchObject({ options: { port: 0 } });
});

test.each([['--port', 'x'], ['--port', '65536'], ['--port', '-1'], ['--port'], ['--prot', '1'], ['extra']])(
  '%s %s is refused in words',
  (...args) => {
    const result = read(args);
    expect(result.kind).toBe('wrong');
  },
);
