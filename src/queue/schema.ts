/** State of a recipient in its row. Leased is not among them: a lease lives and dies with the process (`leases.ts`). */
export const State = {waiting: 0, held: 1, delivered: 2, bounced: 3} as const

/**
 * One step for each `user_version`. Bodies have a table of their own so that a listing does not read past them;
 * `recipient_due` covers the question that is asked most, what to deliver next.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    received_at INTEGER NOT NULL,
    reverse_path TEXT NOT NULL,
    options TEXT NOT NULL,
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    segment TEXT
  ) STRICT;
  CREATE TABLE body (
    message INTEGER PRIMARY KEY REFERENCES message ON DELETE CASCADE,
    octets BLOB NOT NULL
  ) STRICT;
  CREATE TABLE recipient (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    address TEXT NOT NULL,
    options TEXT NOT NULL,
    destination TEXT NOT NULL,
    state INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    warned INTEGER NOT NULL,
    status TEXT,
    reason TEXT
  ) STRICT;
  CREATE INDEX recipient_message ON recipient (message, state);
  CREATE INDEX recipient_destination ON recipient (destination, message);
  CREATE INDEX recipient_due ON recipient (due_at, message, destination) WHERE state = 0;
  CREATE INDEX recipient_held ON recipient (message) WHERE state = 1;
  CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    at INTEGER NOT NULL,
    address TEXT NOT NULL,
    result TEXT NOT NULL,
    status TEXT,
    reason TEXT NOT NULL,
    evidence TEXT
  ) STRICT;
  CREATE INDEX history_message ON history (message);
  -- How often the queue was opened: the upper part of every fencing token, so that no token is ever given twice.
  CREATE TABLE opening (count INTEGER NOT NULL) STRICT;
  INSERT INTO opening VALUES (0);
  `,
  // What is open, by destination: for a listing (with the status, so that a summary reads no row), and for a claim that
  // passes over the many of one destination.
  `
  DROP INDEX recipient_destination;
  CREATE INDEX recipient_open ON recipient (destination, message, status) WHERE state < 2;
  CREATE INDEX recipient_destination_due ON recipient (destination, due_at, message) WHERE state = 0;
  CREATE TABLE suspension (
    destination TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    -- NULL: until it is resumed by hand.
    until INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
]

/** Leases of this process. In memory: they cost no write, and those of a dead process are gone with it. */
export const LEASES = `
  CREATE TEMP TABLE lease (
    recipient INTEGER PRIMARY KEY,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX temp.lease_expires ON lease (expires_at);
`
