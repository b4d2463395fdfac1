-- 0001 - the first schema.
-- Times end in _at: wall clock, milliseconds since 1970, 0 = not yet. Columns that end in _bits hold a double by its 64
-- bits, since REAL keeps neither NaN nor the sign of zero.

PRAGMA application_id = 0x45504f43; -- "EPOC"

CREATE TABLE jobs (
	number          INTEGER PRIMARY KEY, -- order of submission, whatever the clock did
	id              TEXT NOT NULL UNIQUE,
	name            TEXT NOT NULL,
	status          TEXT NOT NULL CHECK (status IN ('queued', 'running', 'pausing', 'paused',
	                                                'cancelling', 'cancelled', 'succeeded', 'failed')),
	priority        INTEGER NOT NULL,
	created_at      INTEGER NOT NULL,
	started_at      INTEGER NOT NULL DEFAULT 0,
	finished_at     INTEGER NOT NULL DEFAULT 0,
	attempts        INTEGER NOT NULL DEFAULT 0, -- starts
	crashes         INTEGER NOT NULL DEFAULT 0, -- deaths of the daemon since the last checkpoint
	version         INTEGER NOT NULL DEFAULT 1,
	epoch           INTEGER NOT NULL DEFAULT 0 CHECK (epoch BETWEEN 0 AND epochs),
	epochs          INTEGER NOT NULL CHECK (epochs >= 1),
	step            INTEGER NOT NULL DEFAULT 0, -- optimizer steps in the last checkpoint
	steps_per_epoch INTEGER NOT NULL,
	dataset_digest  TEXT,
	spec            TEXT NOT NULL,
	forecast        TEXT,
	metadata        TEXT,
	error           TEXT,
	CHECK ((error IS NOT NULL) = (status = 'failed'))
) STRICT;
CREATE INDEX jobs_by_status ON jobs (status, id);
CREATE INDEX jobs_by_queue ON jobs (priority DESC, number) WHERE status = 'queued';
CREATE INDEX jobs_by_dataset ON jobs (dataset_digest)
	WHERE status IN ('queued', 'running', 'pausing', 'paused', 'cancelling');

CREATE TRIGGER jobs_begin_queued BEFORE INSERT ON jobs
WHEN NEW.status <> 'queued'
BEGIN
	SELECT RAISE(ABORT, 'a job begins as queued');
END;

-- The same table as in job_moves.c.
CREATE TRIGGER jobs_move_legally BEFORE UPDATE OF status ON jobs
WHEN (OLD.status, NEW.status) NOT IN (VALUES
	('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'), ('queued', 'failed'),
	('running', 'queued'), ('running', 'pausing'), ('running', 'paused'), ('running', 'cancelling'),
	('running', 'succeeded'), ('running', 'failed'),
	('pausing', 'queued'), ('pausing', 'paused'), ('pausing', 'cancelling'), ('pausing', 'succeeded'),
	('pausing', 'failed'),
	('paused', 'queued'), ('paused', 'cancelled'),
	('cancelling', 'cancelled'), ('cancelling', 'succeeded'), ('cancelling', 'failed'))
BEGIN
	SELECT RAISE(ABORT, 'a job cannot move like that');
END;

CREATE TABLE job_keys ( -- Idempotency-Key
	key         TEXT NOT NULL PRIMARY KEY,
	body_digest TEXT NOT NULL,
	job_id      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX job_keys_by_job ON job_keys (job_id);

CREATE TABLE epochs (
	job_id             TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
	epoch              INTEGER NOT NULL CHECK (epoch >= 1),
	step               INTEGER NOT NULL,
	learning_rate_bits INTEGER NOT NULL,
	seconds            REAL, -- measurements; NULL = not a number
	samples_per_second REAL,
	data_seconds       REAL,
	forward_seconds    REAL,
	loss_seconds       REAL,
	backward_seconds   REAL,
	update_seconds     REAL,
	PRIMARY KEY (job_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
	job_id     TEXT NOT NULL,
	epoch      INTEGER NOT NULL,
	position   INTEGER NOT NULL, -- in the order in which they are shown
	name       TEXT NOT NULL,
	value_bits INTEGER NOT NULL,
	PRIMARY KEY (job_id, epoch, position),
	UNIQUE (job_id, epoch, name),
	FOREIGN KEY (job_id, epoch) REFERENCES epochs (job_id, epoch) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
	number         INTEGER PRIMARY KEY,
	job_id         TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
	epoch          INTEGER NOT NULL, -- epochs finished
	step           INTEGER NOT NULL, -- optimizer steps
	finished_epoch INTEGER NOT NULL CHECK (finished_epoch IN (0, 1)),
	bytes          INTEGER NOT NULL CHECK (bytes >= 1),
	sha256         TEXT NOT NULL,
	created_at     INTEGER NOT NULL,
	rejected       INTEGER NOT NULL DEFAULT 0 CHECK (rejected IN (0, 1)) -- found damaged: never looked at again
) STRICT;
CREATE UNIQUE INDEX checkpoints_by_step ON checkpoints (job_id, step) WHERE rejected = 0;
CREATE INDEX checkpoints_by_job ON checkpoints (job_id);

CREATE TABLE checkpoint_pieces (
	checkpoint INTEGER NOT NULL REFERENCES checkpoints (number) ON DELETE CASCADE,
	piece      INTEGER NOT NULL, -- counts from 0
	bytes      BLOB NOT NULL,    -- 1 MiB; the last may be shorter
	UNIQUE (checkpoint, piece)
) STRICT;

CREATE TABLE events (
	id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
	job_id     TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
	type       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	data       TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job_id, id);

CREATE TABLE datasets (
	name       TEXT NOT NULL PRIMARY KEY,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	digest     TEXT NOT NULL,
	version    INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE INDEX datasets_by_digest ON datasets (digest);

CREATE TABLE dataset_parts (
	dataset   TEXT NOT NULL REFERENCES datasets (name) ON DELETE CASCADE,
	part      INTEGER NOT NULL CHECK (part BETWEEN 0 AND 3), -- x_train, y_train, x_test, y_test
	dtype     TEXT NOT NULL CHECK (dtype IN ('uint8', 'int32', 'float32')),
	rank      INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 5),
	dim_0     INTEGER NOT NULL,
	dim_1     INTEGER NOT NULL,
	dim_2     INTEGER NOT NULL,
	dim_3     INTEGER NOT NULL,
	dim_4     INTEGER NOT NULL,
	bytes     INTEGER NOT NULL,
	sha256    TEXT NOT NULL,
	label_min INTEGER NOT NULL,
	label_max INTEGER NOT NULL,
	PRIMARY KEY (dataset, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_parts_by_sha256 ON dataset_parts (sha256);

CREATE TABLE heartbeat (
	one  INTEGER PRIMARY KEY CHECK (one = 1),
	beat INTEGER NOT NULL
) STRICT;
INSERT INTO heartbeat VALUES (1, 0);
