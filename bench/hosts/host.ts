import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type Answer, type Ask, answerSchema } from './messages.ts';

/** A process that serves a page with terminals: the product, or a bare one. */
export class Host implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /** @param folder the samples, and for the product its data */
  constructor(kind: 'product' | 'bare', folder: string) {
    this.#process = fork(join(import.meta.dirname, `${kind}.ts`), [folder], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, SANDGLASS_HOME: join(folder, 'home'), NODE_ENV: 'production' },
    });
    this.#process.on('message', (message) => {
      const answer = answerSchema.parse(message);
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  ask(ask: Ask): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#last += 1;
    this.#waiting.set(this.#last, resolve);
    this.#process.once('exit', () => reject(new Error('The host ended')));
    this.#process.send({ id: this.#last, ask });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#process.connected) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await exited;
  }
}
