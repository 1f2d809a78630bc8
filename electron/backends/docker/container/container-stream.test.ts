import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ContainerStream } from './container-stream.ts';

interface Opened {
  readonly stream: ContainerStream;
  /** What the engine sends. */
  readonly output: PassThrough;
  readonly socket: Duplex;
  readonly text: () => string;
  readonly end: Promise<Error | null>;
}

function open(
  socketOf = (output: PassThrough) => Duplex.from({ readable: output, writable: new PassThrough() }),
): Opened {
  const output = new PassThrough();
  const socket = socketOf(output);
  const chunks: Uint8Array[] = [];
  const end = Promise.withResolvers<Error | null>();
  const stream = new ContainerStream(socket, {
    onData: (bytes) => chunks.push(bytes),
    onInputRoom: () => {},
    onEnd: end.resolve,
  });
  return { stream, output, socket, text: () => Buffer.concat(chunks).toString(), end: end.promise };
}

describe('a container’s stream', () => {
  test('gives nothing before it is resumed, then everything in order, then its end', async () => {
    const { stream, output, text, end } = open();
    output.write('one ');
    output.end('two');
    await new Promise((resolve) => setImmediate(resolve));
    expect(text()).toBe('');
    stream.resume();
    expect(await end).toBeNull();
    expect(text()).toBe('one two');
    expect(stream.write(Buffer.from('x'))).toBe(0);
  });

  test('of a connection that was closed before it had a listener has an end', async () => {
    const socket = new PassThrough();
    socket.destroy();
    await once(socket, 'close');
    const { stream, end } = open(() => socket);
    stream.resume();
    expect(await end).toBeNull();
  });

  test('takes over what is left when the program has exited, and gives it when it is asked for', async () => {
    const { stream, output, socket, text, end } = open();
    const left = 'x'.repeat(1_000_000);
    output.end(left);
    stream.drainRemaining();
    await once(socket, 'close');
    expect(text()).toBe('');
    stream.resume();
    expect(await end).toBeNull();
    expect(text()).toBe(left);
  });

  test('gives what is left after a settle within a bound, and counts the rest', async () => {
    const { stream, output, text, end } = open();
    stream.resume();
    output.write('before ');
    await stream.drain(1_000);
    output.end('y'.repeat(1_000_000));
    await new Promise((resolve) => setImmediate(resolve));
    expect(text()).toBe('before ');
    stream.finish();
    expect(await end).toBeNull();
    expect(text()).toBe(`before ${'y'.repeat(64 * 1024)}`);
    expect(stream.droppedBytes).toBe(1_000_000 - 64 * 1024);
  });

  test('reports an error once, after what came before it', async () => {
    const { stream, output, socket, text, end } = open();
    stream.resume();
    output.write('one');
    await once(socket, 'data');
    socket.destroy(new Error('cut'));
    expect((await end)?.message).toBe('cut');
    expect(text()).toBe('one');
  });
});
