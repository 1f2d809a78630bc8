import { createServer } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { WebSocketServer } from 'ws';
import { projectRoot } from '../../scripts/project.ts';
import { type BarePty, spawnBare } from '../bare-pty.ts';
import { shellCommand } from '../samples.ts';
import { answerBench } from './answering.ts';

// The least that shows a shell in a browser: each read of node-pty is a message, each message is written to xterm.js.
// node bare.ts FOLDER, by `fork`.
const [, , folder = ''] = process.argv;
const pages = sirv(join(projectRoot, '.vite', 'bench'));
const samples = sirv(folder, { dev: true });
const server = createServer((request, response) => {
  pages(request, response, () => {
    samples(request, response, () => {
      response.writeHead(404).end();
    });
  });
});
const shells = new Set<BarePty>();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://bench.invalid');
  const { file, args } = shellCommand(folder);
  const pty = spawnBare(file, args, {
    cols: Number(searchParams.get('cols')),
    rows: Number(searchParams.get('rows')),
  });
  shells.add(pty);
  pty.onData((data) => socket.send(data, { binary: true }));
  pty.onExit(() => shells.delete(pty));
  socket.on('message', (data) => pty.write(data.toString()));
  socket.on('close', () => pty.kill('SIGKILL'));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  answerBench(
    () => `http://127.0.0.1:${address.port}/`,
    () => {
      for (const pty of shells) pty.kill('SIGKILL');
      return Promise.resolve();
    },
  );
});
