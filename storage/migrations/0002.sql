-- 0002 - confusion matrices of the validation data.
-- Counts go row by row, a row for each label and a column for each predicted class, each as an unsigned LEB128 number:
-- most are small.

CREATE TABLE confusions (
	job_id  TEXT NOT NULL,
	epoch   INTEGER NOT NULL,
	classes INTEGER NOT NULL CHECK (classes BETWEEN 2 AND 1000),
	counts  BLOB NOT NULL,
	UNIQUE (job_id, epoch),
	FOREIGN KEY (job_id, epoch) REFERENCES epochs (job_id, epoch) ON DELETE CASCADE
) STRICT;
