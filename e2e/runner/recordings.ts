import headless from '@xterm/headless';
import * as z from 'zod';

const headerSchema = z.looseObject({
  version: z.literal(3),
  term: z.looseObject({ cols: z.number(), rows: z.number() }),
});
const eventSchema = z.tuple([z.number().min(0), z.string(), z.string()]);

/** An asciicast v3 recording, https://docs.asciinema.org/manual/asciicast/v3/ */
export interface Recording {
  readonly cols: number;
  readonly rows: number;
  readonly events: readonly (readonly [interval: number, code: string, data: string])[];
}

/** Reads a recording; throws where it does not keep to the format. */
export function parseRecording(text: string): Recording {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const { term } = headerSchema.parse(JSON.parse(head));
  const events = lines.filter((line) => !line.startsWith('#')).map((line) => eventSchema.parse(JSON.parse(line)));
  return { cols: term.cols, rows: term.rows, events };
}

/** All output of a recording. */
export function outputOf({ events }: Recording): string {
  return events.map(([, code, data]) => (code === 'o' ? data : '')).join('');
}

/** What a terminal shows after a recording has been played. */
export interface FinalScreen {
  readonly alternate: boolean;
  readonly cursorVisible: boolean;
  readonly bracketedPaste: boolean;
  readonly mouse: boolean;
  /** Rows that are not empty. */
  readonly lines: readonly string[];
}

/** Plays a recording in a terminal. */
export async function play(recording: Recording): Promise<FinalScreen> {
  const terminal = new headless.Terminal({ cols: recording.cols, rows: recording.rows, allowProposedApi: true });
  for (const [, code, data] of recording.events) {
    if (code === 'r') {
      const [cols = 80, rows = 24] = data.split('x').map(Number);
      terminal.resize(cols, rows);
    }
    if (code === 'o') await new Promise<void>((done) => terminal.write(data, done));
  }
  const { active } = terminal.buffer;
  const rows = Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.viewportY + row));
  const output = outputOf(recording);
  const screen = {
    alternate: active.type === 'alternate',
    cursorVisible: output.lastIndexOf('\x1b[?25h') >= output.lastIndexOf('\x1b[?25l'),
    bracketedPaste: terminal.modes.bracketedPasteMode,
    mouse: terminal.modes.mouseTrackingMode !== 'none',
    lines: rows.map((row) => row?.translateToString(true) ?? '').filter((line) => line !== ''),
  };
  terminal.dispose();
  return screen;
}
