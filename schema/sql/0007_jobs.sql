-- One row a job, locked by every start: of two at the same moment, the second reads what the first committed.
CREATE TABLE IF NOT EXISTS job_locks (
  job_name VARCHAR(40) NOT NULL,
  PRIMARY KEY (job_name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT IGNORE INTO job_locks (job_name)
VALUES ('point-sync'), ('coupon-usage-stats'), ('coupon-usage-stats-fcm-send');

-- A run of a job for a day, or an hour of it. An execution that goes on with what another left undone is a further
-- attempt of the same run; asked for again after it completed, it is a new one.
CREATE TABLE IF NOT EXISTS job_runs (
  job_run_id          BIGINT       NOT NULL AUTO_INCREMENT,
  job_name            VARCHAR(40)  NOT NULL,
  run_date            DATE         NOT NULL,
  target_hour         TINYINT      NULL,
  run_status          VARCHAR(30)  NOT NULL,
  attempt_count       INT          NOT NULL DEFAULT 1,
  execution_id        VARCHAR(512) NOT NULL,
  skipped_chunk_count INT          NOT NULL DEFAULT 0 COMMENT 'that earlier attempts had finished',
  figures             TEXT         NULL COMMENT 'a JSON object of counts, when it has ended',
  problem_count       BIGINT       NOT NULL DEFAULT 0,
  error_message       VARCHAR(500) NULL,
  started_at          DATETIME(3)  NOT NULL,
  ended_at            DATETIME(3)  NULL,
  PRIMARY KEY (job_run_id),
  KEY ix_job_runs_latest (job_name, run_date, target_hour, job_run_id),
  KEY ix_job_runs_status (run_status, job_run_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- How far each range of a step is: chunk by chunk, so that whoever goes on begins after the last finished one.
-- A range is of ids above after_id, up to and including to_id.
CREATE TABLE IF NOT EXISTS job_checkpoints (
  job_run_id   BIGINT      NOT NULL,
  step         VARCHAR(40) NOT NULL,
  range_number INT         NOT NULL,
  after_id     BIGINT      NOT NULL,
  to_id        BIGINT      NOT NULL,
  position     VARCHAR(64) NOT NULL COMMENT 'what the next chunk comes after',
  chunk_count  INT         NOT NULL DEFAULT 0,
  figures      TEXT        NOT NULL COMMENT 'a JSON object of counts',
  finished_at  DATETIME(3) NULL,
  PRIMARY KEY (job_run_id, step, range_number),
  CONSTRAINT fk_job_checkpoints_run FOREIGN KEY (job_run_id) REFERENCES job_runs (job_run_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What people are told of jobs: as operations_alerts, a row a transition, written in its transaction.
CREATE TABLE IF NOT EXISTS job_alerts (
  alert_id     BIGINT       NOT NULL AUTO_INCREMENT,
  alert_key    VARCHAR(120) NOT NULL,
  kind         VARCHAR(40)  NOT NULL,
  job_run_id   BIGINT       NOT NULL,
  job          TEXT         NOT NULL COMMENT 'a JSON object: the run as it was then; it may go on before this is told',
  raised_ms    BIGINT       NOT NULL COMMENT 'epoch milliseconds',
  published_at DATETIME(3)  NULL,
  PRIMARY KEY (alert_id),
  UNIQUE KEY uk_job_alerts_key (alert_key),
  KEY ix_job_alerts_unpublished (published_at, alert_id),
  CONSTRAINT fk_job_alerts_run FOREIGN KEY (job_run_id) REFERENCES job_runs (job_run_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
