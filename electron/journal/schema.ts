import type { DatabaseSync } from 'node:sqlite';

/** Marks the file as a journal of Sandglass (`PRAGMA application_id`): “SGjl”. */
export const APPLICATION_ID = 0x53_47_6a_6c;

/**
 * Version 1. Times are in milliseconds since the Unix epoch, ages in milliseconds on the session's own clock.
 *
 * - `sessions.seq` and `events.seq` give the order in which they came, whatever the wall clock said.
 * - `sessions.lane` is the first session of the chain of `previous_id`: hooks are told of a lane in order.
 * - `sessions.told` counts the events that hooks can be told of.
 * - `events.session` is null for an event that concerns no session, such as that one was refused.
 * - `lives` has what changes every few seconds of a session that runs, so that its large row is left alone.
 * - One start and one end for each session: the schema says so, whatever the code does.
 * - `deliveries.ready_at`: when the first one of its lane may be tried. Null for those behind it, and for settled ones.
 * - `removals`: sessions that are gone from here, whose recordings are still to be removed.
 */
const VERSION_1 = `
CREATE TABLE sessions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  previous_id TEXT,
  lane TEXT NOT NULL,
  profile_id TEXT NOT NULL,
  profile_name TEXT NOT NULL,
  backend TEXT NOT NULL,
  title TEXT NOT NULL,
  started_at REAL NOT NULL,
  record TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0,
  ended_at REAL,
  ending TEXT,
  recording TEXT,
  recording_bytes INTEGER,
  restored INTEGER NOT NULL DEFAULT 0,
  CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT;
CREATE INDEX sessions_unfinished ON sessions (seq) WHERE ended_at IS NULL;
CREATE INDEX sessions_restored ON sessions (seq) WHERE restored = 1;
CREATE INDEX sessions_ended ON sessions (seq, ended_at, recording_bytes) WHERE ended_at IS NOT NULL;

CREATE TABLE lives (
  session INTEGER PRIMARY KEY REFERENCES sessions (seq) ON DELETE CASCADE,
  age_ms REAL NOT NULL,
  last_activity_ms REAL NOT NULL,
  bytes_out REAL NOT NULL,
  bytes_in REAL NOT NULL,
  resizes INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  extensions INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  session INTEGER REFERENCES sessions (seq) ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  type TEXT NOT NULL,
  at REAL NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_session ON events (session, seq);
CREATE UNIQUE INDEX events_one_start ON events (session) WHERE type = 'session:start' AND session IS NOT NULL;
CREATE UNIQUE INDEX events_one_end ON events (session) WHERE type = 'session:end' AND session IS NOT NULL;
CREATE INDEX events_alone ON events (seq) WHERE session IS NULL;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  session_id TEXT,
  lane TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_session ON messages (session_id) WHERE session_id IS NOT NULL;

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  hook TEXT NOT NULL,
  lane TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('owed', 'delivered', 'dead', 'dropped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at REAL NOT NULL,
  last_at REAL,
  ready_at REAL,
  outcome TEXT,
  UNIQUE (message, hook),
  CHECK (ready_at IS NULL OR state = 'owed')
) STRICT;
CREATE INDEX deliveries_of_hook ON deliveries (hook, id);
CREATE INDEX deliveries_by_state ON deliveries (hook, state, id);
CREATE INDEX deliveries_tried ON deliveries (hook, last_at, id) WHERE last_at IS NOT NULL;
CREATE INDEX deliveries_lanes ON deliveries (hook, lane, id) WHERE state = 'owed';
CREATE INDEX deliveries_ready ON deliveries (hook, ready_at, id) WHERE ready_at IS NOT NULL;

CREATE TABLE hook_flags (
  hook TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (hook, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE removals (
  session_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 2. `sightings`: what the wall clock has shown, about every hour, since a day before its latest. `lives.commands`:
 * commands that were begun.
 */
const VERSION_2 = `
CREATE TABLE sightings (
  at REAL NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
ALTER TABLE lives ADD COLUMN commands INTEGER NOT NULL DEFAULT 0;
`;

/** One step from a version of the schema to the next: SQL, and what SQL alone cannot do. */
export type Migration = string | ((database: DatabaseSync) => void);

/** The step at index `n` leads from version `n` to `n + 1`. Steps are never changed once they are released. */
export const MIGRATIONS: readonly Migration[] = [VERSION_1, VERSION_2];
