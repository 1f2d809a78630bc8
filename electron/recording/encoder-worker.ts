import { parentPort } from 'node:worker_threads';
import type { EncoderAnswer, EncoderJob } from './encoder-thread.ts';
import { RecordingEncoder } from './recording-encoder.ts';

/**
 * The thread that keeps secrets out of recordings, encodes and hashes them. Its jobs come from `encoder-thread.ts` and are
 * answered in order, each with one message: a secret is known before any batch that is sent after it.
 */
const recordings = new Map<number, RecordingEncoder>();

function run(job: EncoderJob): EncoderAnswer {
  if (job.kind === 'open') {
    recordings.set(job.recording, new RecordingEncoder(job.header, job.lastMs));
    return null;
  }
  const encoder = recordings.get(job.recording);
  if (encoder === undefined) throw new Error(`Recording ${job.recording} is not open in the encoder's thread`);
  if (job.kind === 'known') {
    encoder.known(job.bytes);
    return null;
  }
  if (job.kind === 'secret') {
    encoder.addSecret(job.name, job.value);
    return null;
  }
  if (job.kind === 'encode') return encoder.encode(job.batch);
  recordings.delete(job.recording);
  if (job.kind === 'finish') return encoder.finish(job.atMs);
  encoder[Symbol.dispose]();
  return null;
}

parentPort?.on('message', (job: EncoderJob) => {
  const answer = run(job);
  parentPort?.postMessage(answer, answer instanceof Uint8Array ? [answer.buffer] : []);
});
