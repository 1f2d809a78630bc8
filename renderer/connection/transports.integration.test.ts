import { listenForSocket, portPeer, socketPeer } from '../../shared/testing/peers.ts';
import { describeTransport } from '../../shared/testing/transport-contract.ts';
import { PortTransport } from './port-transport.ts';
import { WebSocketTransport } from './websocket-transport.ts';

describeTransport('the page’s socket', async () => {
  const { url, accepted, release } = await listenForSocket();
  const socket = new WebSocket(url);
  const transport = new WebSocketTransport(socket);
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  return { transport, peer: socketPeer(await accepted, release) };
});

describeTransport('the page’s port', async () => {
  const { port, peer } = portPeer();
  return { transport: new PortTransport(port), peer };
});
