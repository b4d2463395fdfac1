-- 0003 - a fifth part of a data set: how much each training sample counts (sample_weight_train).
-- SQLite cannot change a CHECK: the table is made anew.

CREATE TABLE dataset_parts_anew (
	dataset   TEXT NOT NULL REFERENCES datasets (name) ON DELETE CASCADE,
	part      INTEGER NOT NULL CHECK (part BETWEEN 0 AND 4), -- x_train, y_train, x_test, y_test, sample_weight_train
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
INSERT INTO dataset_parts_anew SELECT * FROM dataset_parts;
DROP TABLE dataset_parts;
ALTER TABLE dataset_parts_anew RENAME TO dataset_parts;
CREATE INDEX dataset_parts_by_sha256 ON dataset_parts (sha256);
