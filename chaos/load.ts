import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { RawSocket } from '../e2e/runner/raw-socket.ts';
import { encodeBytes } from '../shared/frames.ts';
import type { Random } from './random.ts';

/** What is typed: quick and slow commands, floods, what stays behind, and what ends the shell. */
const COMMANDS = [
  'echo "hello $((1 + 1))"',
  'head -c 300000 /dev/zero | od -An -v | head -c 400000',
  'sleep 30',
  'setsid sleep 1000 </dev/null >/dev/null 2>&1 &',
  "(trap '' HUP TERM INT; sleep 1000 &)",
  "printf '\\033[?1049h\\033[2Jfull screen'",
  "printf 'half a character: \\303'",
  'for i in $(seq 40); do echo "line $i"; sleep 0.02; done',
  'exit 3',
  'kill -9 $$',
] as const;

/** Told apart by what happens to them: opened, one after another that ended, and refused. */
const refusalSchema = z.looseObject({ code: z.string().optional(), message: z.string() });

const sessionSchema = z.looseObject({ id: z.string(), state: z.string() });
const attachedSchema = z.strictObject({});
const restartedSchema = z.looseObject({ session: sessionSchema });

/** What one use of the app has come to. */
export interface Use {
  readonly opened: number;
  /** Opened in the place of another one, as the next key press does where time was up. */
  readonly followed: number;
  /** Refused because as many as may be were running. */
  readonly refused: number;
  readonly done: number;
}

export interface LoadOptions {
  readonly random: Random;
  readonly profiles: readonly string[];
  /** Sessions kept open at once. */
  readonly sessions: number;
  /** Ends it; whatever is under way is left as it is. */
  readonly signal: AbortSignal;
}

/** Uses the app as many people at once would, until `signal` ends it. Never rejects: the app may be gone at any moment. */
export async function driveApp(socket: RawSocket, options: LoadOptions): Promise<Use> {
  const { random, profiles, sessions, signal } = options;
  const ended = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
  const open: string[] = [];
  let opened = 0;
  let followed = 0;
  let refused = 0;
  let channel = 0;
  let done = 0;

  /** Null when the app was gone before it answered, or refused. */
  const ask = async <T>(method: string, input: unknown, schema: z.ZodType<T>): Promise<T | null> => {
    if (!socket.isOpen || signal.aborted) return null;
    const answer = await Promise.race([socket.call(method, input), socket.closed.then(() => null), ended]);
    done += 1;
    const refusal = refusalSchema.safeParse(answer?.e);
    if (refusal.success && refusal.data.message.startsWith('Maximum concurrent sessions')) refused += 1;
    const parsed = schema.safeParse(answer?.r);
    return parsed.success ? parsed.data : null;
  };
  const openOne = async (): Promise<void> => {
    const session = await ask('sessions.open', { profileId: random.pick(profiles), cols: 80, rows: 24 }, sessionSchema);
    if (session === null) return;
    opened += 1;
    open.push(session.id);
  };
  const openAfter = async (previousId: string): Promise<void> => {
    const session = await ask('sessions.open', { previousId, cols: 80, rows: 24 }, sessionSchema);
    if (session === null || open.includes(session.id)) return;
    followed += 1;
    open.splice(open.indexOf(previousId), 1, session.id);
  };
  const type = async (id: string): Promise<void> => {
    channel += 1;
    const own = channel;
    const attached = await ask('sessions.attach', { id, channel: own }, attachedSchema);
    if (attached === null || !socket.isOpen) return;
    const command = `${random.pick(COMMANDS)}\r`;
    socket.send(encodeBytes('userInput', own, new TextEncoder().encode(command)));
    await ask('sessions.detach', { channel: own }, z.unknown());
  };

  while (!signal.aborted && socket.isOpen) {
    const id = open.length === 0 ? null : random.pick(open);
    if (id === null || (open.length < sessions && random.chance(0.5))) {
      await openOne();
    } else {
      const action = random.between(0, 11);
      if (action >= 10) await openAfter(id);
      else if (action <= 4) await type(id);
      else if (action === 5) await ask('sessions.extend', { id }, z.unknown());
      else if (action === 6) await ask('sessions.freeze', { id }, z.unknown());
      else if (action === 7) await ask('sessions.thaw', { id }, z.unknown());
      else {
        open.splice(open.indexOf(id), 1);
        if (action === 8) await ask('sessions.close', { id, force: true }, z.unknown());
        else {
          const again = await ask('sessions.restart', { id, force: true }, restartedSchema);
          if (again !== null) open.push(again.session.id);
        }
      }
    }
    await Promise.race([delay(random.between(0, 60), undefined, { signal }).catch(() => {}), socket.closed]);
  }
  return { opened, followed, refused, done };
}
