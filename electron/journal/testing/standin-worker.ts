import { cloudEvent } from '../../hooks/cloud-event.ts';
import type { HookService, HookServiceOptions } from '../hook-service.ts';
import { serveJournal } from '../serve-thread.ts';

/**
 * The journal's thread with hooks that are made of words: the variable `WANTED` names those that want every event, and none
 * is ever delivered anything. A test event to the hook `throw` or `exit` ends the thread in that way, to `hang` it
 * answers nothing any more; one to `start` tells of a process whose number is in the variable `PID`.
 */
function createHookService(options: HookServiceOptions): HookService {
  const { outbox, tracker, logger, environment, folder } = options;
  const wanted = (environment.WANTED ?? '').split(',').filter((name) => name !== '');
  const view = () => ({ folder, hooks: [] });
  return {
    subscribers: () => {
      // Once the hook of that name is owed something, no thread survives an event.
      if (environment.POISON !== undefined && outbox.pendingHooks().includes(environment.POISON)) process.exit(3);
      return wanted;
    },
    wake: () => options.onChange(view()),
    view,
    test(hook) {
      if (hook === 'throw') setImmediate(() => fail());
      if (hook === 'exit') process.exit(3);
      if (hook === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (hook === 'start') {
        void tracker.started('run', Number(environment.PID), []).then(() => logger.info({}, 'The run is known'));
      }
      return outbox.enqueue(hook, { id: `test-${hook}`, type: 'hook:test', body: '{}' }, options.clock.wall());
    },
    sendAgain: (hook, delivery) => outbox.requeue(hook, delivery, options.clock.wall()),
    enable: () => {
      logger.warn({ unsendable: () => {} }, 'Not everything can go to another thread');
    },
    close: async () => {},
  };
}

function fail(): never {
  throw new Error('The thread fails');
}

serveJournal({ createHookService, cloudEvent });
