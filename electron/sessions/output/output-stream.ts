import type { OutputFlow } from './output-flow.ts';

/**
 * A session's output as an async iterator, from the scrollback on. What is not read pushes back on the program like any
 * slow watcher. When the session closes, every waiting reader gets `done: true`; breaking out of the loop stops watching.
 */
export function outputStream(flow: OutputFlow): AsyncIterableIterator<Uint8Array> & AsyncDisposable {
  const queue: Uint8Array[] = [];
  const waiting: ((result: IteratorResult<Uint8Array>) => void)[] = [];
  let closed = false;
  const watcher = flow.watch({
    headerBytes: 0,
    deliver(buffer) {
      const reader = waiting.shift();
      if (reader === undefined) {
        queue.push(buffer);
      } else {
        reader({ done: false, value: buffer });
        // Not before the flow has counted it as delivered.
        queueMicrotask(() => watcher.acknowledge(buffer.byteLength));
      }
    },
    onClosed() {
      closed = true;
      for (const reader of waiting.splice(0)) reader({ done: true, value: undefined });
    },
  });
  const stop = async (): Promise<IteratorResult<Uint8Array>> => {
    queue.length = 0;
    watcher.detach();
    return { done: true, value: undefined };
  };
  return {
    next() {
      const buffer = queue.shift();
      if (buffer !== undefined) {
        watcher.acknowledge(buffer.byteLength);
        return Promise.resolve({ done: false, value: buffer });
      }
      if (closed) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => waiting.push(resolve));
    },
    return: stop,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
