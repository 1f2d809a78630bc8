import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNELS, type DesktopBridge, type PortMessage, readConnectRequest } from '../shared/handshake.ts';

/** The page gets one message port, over which everything else goes, and the paths of files that are dropped on it. */
const bridge: DesktopBridge = {
  requestPort: (request) => ipcRenderer.postMessage(CHANNELS.connect, { request }),
  pathOf: (file) => (file instanceof File ? webUtils.getPathForFile(file) : ''),
};
contextBridge.exposeInMainWorld('sandglass', bridge);

ipcRenderer.on(CHANNELS.port, (event, message: unknown) => {
  const answer = readConnectRequest(message);
  if (answer === null) return;
  const handedOn: PortMessage = { type: CHANNELS.port, request: answer.request };
  window.postMessage(handedOn, window.location.origin, [...event.ports]);
});
