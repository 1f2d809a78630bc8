import { contextBridge, ipcRenderer } from 'electron';
import { CHANNELS, type DesktopBridge, type PortMessage, readConnectRequest } from '../shared/handshake.ts';

/** The page gets one function, and through it one message port. Everything else goes over that port. */
const bridge: DesktopBridge = {
  requestPort: (request) => ipcRenderer.postMessage(CHANNELS.connect, { request }),
};
contextBridge.exposeInMainWorld('sandglass', bridge);

ipcRenderer.on(CHANNELS.port, (event, message: unknown) => {
  const answer = readConnectRequest(message);
  if (answer === null) return;
  const handedOn: PortMessage = { type: CHANNELS.port, request: answer.request };
  window.postMessage(handedOn, window.location.origin, [...event.ports]);
});
