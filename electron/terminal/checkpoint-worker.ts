import { parentPort } from 'node:worker_threads';
import { type CompactJob, Compactor } from './compact.ts';

/** The thread that turns output into terminal states. Its jobs come from `checkpoints.ts`, answered in order. */
const compactor = new Compactor();

parentPort?.on('message', (job: CompactJob) => {
  const checkpoint = compactor.compact(job);
  parentPort?.postMessage(checkpoint, [checkpoint.state.buffer]);
});
