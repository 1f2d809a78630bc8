import { parentPort } from 'node:worker_threads';
import type { EncoderAnswer, EncoderJob } from './encoder-thread.ts';
import { RecordingEncoder } from './recording-encoder.ts';

/**
 * The thread that encodes and hashes recordings. Its jobs come from `encoder-thread.ts` and are answered in order,
 * each with one message.
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
  if (job.kind === 'encode') return encoder.encode(job.batch);
  recordings.delete(job.recording);
  return job.kind === 'finish' ? encoder.finish(job.atMs) : null;
}

parentPort?.on('message', (job: EncoderJob) => {
  const answer = run(job);
  parentPort?.postMessage(answer, answer instanceof Uint8Array ? [answer.buffer] : []);
});
