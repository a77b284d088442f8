-- The point service's tables, as its design names them. version grows with each change of a balance.
CREATE TABLE IF NOT EXISTS point_balances (
  point_balance_id BIGINT      NOT NULL AUTO_INCREMENT,
  user_id          BIGINT      NOT NULL,
  balance          BIGINT      NOT NULL,
  version          BIGINT      NOT NULL DEFAULT 0,
  updated_at       DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (point_balance_id),
  UNIQUE KEY uk_point_balances_user (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- created_on is the day in Asia/Seoul, as created_at is: not by CAST, which rounds the last half second of a day up to the
-- next one on MySQL. The index has all that a report of a day reads, in the order in which it is read: however many days
-- there are, it reads one.
CREATE TABLE IF NOT EXISTS points (
  point_id         BIGINT       NOT NULL AUTO_INCREMENT,
  user_id          BIGINT       NOT NULL,
  amount           BIGINT       NOT NULL,
  type             VARCHAR(20)  COLLATE utf8mb4_bin NOT NULL COMMENT 'EARN, USE or CANCEL, as written',
  description      VARCHAR(255) NULL,
  balance_snapshot BIGINT       NOT NULL,
  created_at       DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  created_on       DATE         GENERATED ALWAYS AS (FROM_DAYS(TO_DAYS(created_at))) STORED,
  PRIMARY KEY (point_id),
  KEY ix_points_day (created_on, user_id, created_at, point_id, type, amount, balance_snapshot)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A sum of BIGINTs can be more than a BIGINT: one amount that is absurd must not fail the others' reports.
CREATE TABLE IF NOT EXISTS daily_point_reports (
  daily_point_report_id BIGINT      NOT NULL AUTO_INCREMENT,
  user_id               BIGINT      NOT NULL,
  report_date           DATE        NOT NULL,
  earn_amount           DECIMAL(30, 0) NOT NULL,
  use_amount            DECIMAL(30, 0) NOT NULL,
  cancel_amount         DECIMAL(30, 0) NOT NULL,
  balance_snapshot      BIGINT      NOT NULL COMMENT 'after the last transaction of the day',
  transaction_count     INT         NOT NULL,
  earn_count            INT         NOT NULL,
  use_count             INT         NOT NULL,
  cancel_count          INT         NOT NULL,
  unknown_count         INT         NOT NULL COMMENT 'of a type that is none of the three: in no sum',
  peak_hour             TINYINT     NOT NULL COMMENT 'with the most transactions; the earliest of several',
  first_at              DATETIME(3) NOT NULL,
  last_at               DATETIME(3) NOT NULL,
  created_at            DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at            DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (daily_point_report_id),
  UNIQUE KEY uk_daily_point_reports_day (report_date, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
