// Keeps a board of sessions: node receiver.mjs [port]. POST /sandglass takes events, GET / shows the sessions.
// The secrets are in the file “secret” beside it, or in the variable SANDGLASS_WEBHOOK_SECRETS.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const TOLERANCE_SECONDS = 5 * 60;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_KNOWN = 10_000;

const file = new URL('secret', import.meta.url);
const configured = process.env.SANDGLASS_WEBHOOK_SECRETS ?? (existsSync(file) ? readFileSync(file, 'utf8') : '');
// While a secret is being replaced there are two: what either has signed is taken.
const secrets = configured.match(/whsec_[A-Za-z0-9+/=]+/g) ?? [];
if (secrets.length === 0) throw new Error('No secret: without one anybody could send events.');

/** The ids of deliveries that were taken, the oldest first. What must survive a restart belongs into a database. */
const known = new Set();
/** What is known of each session. */
const sessions = new Map();

/** Whether somebody who knows a secret has sent this just now: Standard Webhooks, “Verifying webhook authenticity”. */
function isGenuine(headers, body) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof given !== 'string') return false;
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  return secrets.some((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    return given.split(' ').some((each) => {
      const [version, signature = ''] = each.split(',');
      const actual = Buffer.from(signature, 'base64');
      return version === 'v1' && actual.length === expected.length && timingSafeEqual(actual, expected);
    });
  });
}

/** Takes an event in. The same one twice changes nothing. */
function take(event) {
  const { type, subject, sequence, time, data } = event;
  if (subject === undefined || type === 'org.sandglass.session.limit') return;
  const session = sessions.get(subject);
  // Events of a session come in order, but one that was given up may be sent again later.
  if (session !== undefined && session.sequence >= sequence) return;
  sessions.set(subject, {
    sequence,
    last: type,
    at: time,
    profile: data.profile.name,
    host: data.host.name,
    startedAt: data.startedAt,
    replaces: data.previousId,
    ended: data.reason === null ? null : { reason: data.reason, after: data.durationSeconds, why: data.summary },
  });
}

/** Answers with a status and what is to be shown. */
async function answerTo(request) {
  if (request.method === 'GET') return [200, Object.fromEntries(sessions)];
  if (request.method !== 'POST' || request.url !== '/sandglass') return [404, {}];
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES)) return [413, {}];
  // The bytes as they came: what JSON.parse and JSON.stringify make of them need not be the same.
  const body = await buffer(request);
  if (!isGenuine(request.headers, body)) return [401, {}];
  const id = request.headers['webhook-id'];
  // It was taken before: a success, or it would come again and again.
  if (known.has(id)) return [200, { repeated: true }];
  take(JSON.parse(body.toString()));
  known.add(id);
  if (known.size > MAX_KNOWN) known.delete(known.values().next().value);
  return [200, {}];
}

const server = createServer(async (request, response) => {
  // Whatever goes wrong here is tried again later.
  const [status, shown] = await answerTo(request).catch((error) => [500, { error: error.message }]);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(shown, null, 2));
});

server.listen(Number(process.argv[2] ?? 8787), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
