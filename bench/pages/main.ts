import '@fontsource-variable/jetbrains-mono';
import '@xterm/xterm/css/xterm.css';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { Terminal } from '@xterm/xterm';

/**
 * A bare page: `?cols=120&rows=30`, with `&blink=1` a blinking cursor, with `&terminals=20` more terminals than the one
 * shown, with `&memory=plain` no shell at all but a sample that is fetched first and written when Enter is pressed.
 */
declare global {
  interface Window {
    /** Whether the page is ready to be measured. */
    benchReady?: boolean;
  }
}

const query = new URLSearchParams(window.location.search);
const cols = Number(query.get('cols'));
const rows = Number(query.get('rows'));
await document.fonts.load("400 13px 'JetBrains Mono Variable'");

function createTerminal(parent: HTMLElement): Terminal {
  // What the product sets that changes what is drawn, and so how long that takes.
  const terminal = new Terminal({
    cols,
    rows,
    allowProposedApi: true,
    fontFamily: "'JetBrains Mono Variable', ui-monospace, 'DejaVu Sans Mono', monospace",
    fontSize: 13,
    fontWeightBold: 700,
    scrollback: 10_000,
    cursorBlink: query.has('blink'),
  });
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.open(parent);
  return terminal;
}

function connect(terminal: Terminal): Promise<void> {
  const socket = new WebSocket(`ws://${window.location.host}/?cols=${cols}&rows=${rows}`);
  socket.binaryType = 'arraybuffer';
  terminal.onData((data) => socket.send(data));
  return new Promise((resolve) => {
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) terminal.write(new Uint8Array(data));
      resolve();
    });
  });
}

const parent = document.createElement('div');
document.body.append(parent);
const terminal = createTerminal(parent);
const sample = query.get('memory');
if (sample === null) {
  await connect(terminal);
} else {
  const bytes = new Uint8Array(await (await fetch(`/${sample}`)).arrayBuffer());
  terminal.options.convertEol = true;
  let rest = '';
  terminal.onData((data) => {
    rest += data;
    if (!rest.endsWith('\r')) return;
    const mark = rest.trim().split(' ').at(-1) ?? '';
    rest = '';
    for (let start = 0; start < bytes.length; start += 65_536) terminal.write(bytes.subarray(start, start + 65_536));
    terminal.write(`\r\n[${mark}]`);
  });
}
for (let count = Number(query.get('terminals') ?? 1); count > 1; count--) {
  const hidden = document.createElement('div');
  document.body.append(hidden);
  const other = createTerminal(hidden);
  hidden.hidden = true;
  await connect(other);
}
terminal.focus();
window.benchReady = true;
