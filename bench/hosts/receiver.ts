import { createServer } from 'node:http';

// A webhook receiver in a process of its own, that takes everything in at once: node receiver.ts, by `fork`. It tells its
// port, and then how many requests have come, each time it is asked.
let received = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    received += 1;
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.send?.(address.port);
});
process.on('message', () => process.send?.(received));
process.on('disconnect', () => process.exit(0));
