-- The coupon service's tables. A history is a use; times are of Asia/Seoul.
CREATE TABLE IF NOT EXISTS coupon_histories (
  coupon_history_id BIGINT      NOT NULL AUTO_INCREMENT,
  member_id         BIGINT      NOT NULL,
  store_id          BIGINT      NOT NULL,
  used_at           DATETIME(3) NOT NULL,
  PRIMARY KEY (coupon_history_id),
  KEY ix_coupon_histories_member (member_id, used_at, store_id),
  KEY ix_coupon_histories_used (used_at, store_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS coupon_events (
  coupon_event_id BIGINT      NOT NULL AUTO_INCREMENT,
  store_id        BIGINT      NOT NULL,
  start_at        DATETIME(3) NOT NULL,
  end_at          DATETIME(3) NOT NULL,
  PRIMARY KEY (coupon_event_id),
  KEY ix_coupon_events_store (store_id, end_at, start_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A member's favourite district and hour over the twenty days up to run_date: one row a member and run date. A name is
-- compared as it is written.
CREATE TABLE IF NOT EXISTS coupon_usage_stats (
  coupon_usage_stat_id BIGINT      NOT NULL AUTO_INCREMENT,
  member_id            BIGINT      NOT NULL,
  run_date             DATE        NOT NULL,
  top_dong             VARCHAR(60) COLLATE utf8mb4_bin NOT NULL,
  top_hour             TINYINT     NOT NULL,
  use_count            INT         NOT NULL,
  job_run_id           BIGINT      NOT NULL COMMENT 'that wrote it last',
  aggregated_at        DATETIME(3) NOT NULL,
  PRIMARY KEY (coupon_usage_stat_id),
  UNIQUE KEY uk_coupon_usage_stats_member (member_id, run_date),
  KEY ix_coupon_usage_stats_hour (run_date, top_hour, member_id, top_dong)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The stores of a run's histories, each asked for once. FAILED: the store service did not say.
CREATE TABLE IF NOT EXISTS coupon_run_stores (
  job_run_id     BIGINT      NOT NULL,
  store_id       BIGINT      NOT NULL,
  district_state VARCHAR(10) NOT NULL DEFAULT 'UNASKED' COMMENT 'UNASKED, KNOWN, UNKNOWN or FAILED',
  dong           VARCHAR(60) COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (job_run_id, store_id),
  CONSTRAINT fk_coupon_run_stores_run FOREIGN KEY (job_run_id) REFERENCES job_runs (job_run_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Members whom a stats run left out, since what it needed of them could not be had.
CREATE TABLE IF NOT EXISTS coupon_skipped_members (
  job_run_id BIGINT      NOT NULL,
  member_id  BIGINT      NOT NULL,
  reason     VARCHAR(40) NOT NULL,
  PRIMARY KEY (job_run_id, member_id),
  CONSTRAINT fk_coupon_skipped_members_run FOREIGN KEY (job_run_id) REFERENCES job_runs (job_run_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What becomes of each member of an hour: at most one message. PENDING → SENDING (claimed, by a token) → SENT. One that
-- is found SENDING was left by who died: nobody knows whether it was sent, and it is not sent again (UNCONFIRMED).
-- SKIPPED: it could not be had what it needs, a run of the same hour tries again.
CREATE TABLE IF NOT EXISTS coupon_pushes (
  run_date    DATE        NOT NULL,
  target_hour TINYINT     NOT NULL,
  member_id   BIGINT      NOT NULL,
  dong        VARCHAR(60) COLLATE utf8mb4_bin NOT NULL,
  push_status VARCHAR(20) NOT NULL DEFAULT 'PENDING'
    COMMENT 'PENDING, SENDING, SENT, NO_TOKENS, NO_ACTIVE_EVENTS, SKIPPED or UNCONFIRMED',
  reason      VARCHAR(40) NULL COMMENT 'of SKIPPED',
  claimed_by  CHAR(36)    NULL,
  job_run_id  BIGINT      NULL COMMENT 'that settled it last',
  updated_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (run_date, target_hour, member_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
