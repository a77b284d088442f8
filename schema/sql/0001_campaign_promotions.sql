-- The six tables of the campaign ERD. Names and columns are the client's; types are widened where its own
-- figures do not fit (1,000,000 targets × 100,000 KRW is past DECIMAL(10,2)).
-- Every DATETIME is Asia/Seoul local time. A statement ends with a semicolon at the end of a line.

CREATE TABLE IF NOT EXISTS campaign_promotions (
  promotion_id         BIGINT        NOT NULL AUTO_INCREMENT,
  campaign_code        VARCHAR(40)   NULL,
  external_id          VARCHAR(40)   NULL,
  promotion_type       VARCHAR(20)   NOT NULL,
  promotion_status     VARCHAR(30)   NOT NULL DEFAULT 'READY',
  total_count          INT           NOT NULL DEFAULT 0,
  total_amount         DECIMAL(20,2) NULL COMMENT 'the most that may be granted; NULL: no limit was set',
  partition_count      INT           NULL,
  reservation_at       DATETIME      NULL,
  reservation_priority INT           NOT NULL DEFAULT 0,
  default_reason       VARCHAR(100)  NULL,
  default_amount       DECIMAL(10,2) NULL,
  default_expiry_at    DATETIME      NULL,
  created_by           VARCHAR(50)   NULL,
  created_at           DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_by           VARCHAR(50)   NULL,
  updated_at           DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (promotion_id),
  UNIQUE KEY uk_campaign_promotions_code (campaign_code),
  UNIQUE KEY uk_campaign_promotions_external (external_id),
  KEY ix_campaign_promotions_turn (promotion_status, reservation_at, reservation_priority, promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS campaign_promotion_summary (
  promotion_summary_id BIGINT       NOT NULL AUTO_INCREMENT,
  promotion_id         BIGINT       NOT NULL,
  published_count      INT          NOT NULL DEFAULT 0,
  success_count        INT          NOT NULL DEFAULT 0,
  fail_count           INT          NOT NULL DEFAULT 0,
  retry_success_count  INT          NOT NULL DEFAULT 0,
  started_at           DATETIME     NULL,
  completed_at         DATETIME     NULL,
  stopped_at           DATETIME     NULL,
  stopped_memo         VARCHAR(500) NULL,
  created_by           VARCHAR(50)  NULL,
  created_at           DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_by           VARCHAR(50)  NULL,
  updated_at           DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (promotion_summary_id),
  UNIQUE KEY uk_campaign_promotion_summary_promotion (promotion_id),
  CONSTRAINT fk_campaign_promotion_summary_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The index on (promotion_id, publish_status) carries the primary key behind it, as every InnoDB index does:
-- keyset pages of the PENDING rows of a promotion are read from it in order.
CREATE TABLE IF NOT EXISTS campaign_promotion_voucher_targets (
  voucher_target_id   BIGINT        NOT NULL AUTO_INCREMENT,
  promotion_id        BIGINT        NOT NULL,
  customer_uid        BIGINT        NOT NULL,
  voucher_number      VARCHAR(40)   NULL,
  merchant_code       VARCHAR(30)   NULL,
  merchant_brand_code VARCHAR(20)   NULL,
  amount              DECIMAL(10,2) NULL,
  expired_at          VARCHAR(100)  NULL COMMENT 'yyyy-MM-dd',
  reason              VARCHAR(100)  NULL,
  is_withdrawal       TINYINT(1)    NULL,
  partition_key       INT           NULL,
  publish_status      VARCHAR(20)   NOT NULL DEFAULT 'PENDING',
  created_at          DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (voucher_target_id),
  KEY ix_campaign_promotion_voucher_targets_publish (promotion_id, publish_status),
  CONSTRAINT fk_campaign_promotion_voucher_targets_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS campaign_promotion_point_targets (
  point_target_id     BIGINT        NOT NULL AUTO_INCREMENT,
  promotion_id        BIGINT        NOT NULL,
  customer_uid        BIGINT        NOT NULL,
  merchant_code       VARCHAR(30)   NULL,
  merchant_brand_code VARCHAR(20)   NULL,
  amount              DECIMAL(10,2) NULL,
  expired_at          VARCHAR(100)  NULL COMMENT 'yyyy-MM-dd',
  reason              VARCHAR(100)  NULL,
  partition_key       INT           NULL,
  publish_status      VARCHAR(20)   NOT NULL DEFAULT 'PENDING',
  created_at          DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          DATETIME      NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (point_target_id),
  KEY ix_campaign_promotion_point_targets_publish (promotion_id, publish_status),
  CONSTRAINT fk_campaign_promotion_point_targets_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- attempt_count is Grantline's: the Money calls made for the target in its present run.
CREATE TABLE IF NOT EXISTS campaign_promotion_voucher_results (
  voucher_target_id BIGINT       NOT NULL,
  promotion_id      BIGINT       NOT NULL,
  process_status    VARCHAR(30)  NOT NULL,
  transaction_key   VARCHAR(100) NULL,
  error_message     VARCHAR(500) NULL,
  attempt_count     INT          NOT NULL DEFAULT 0,
  created_at        DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at        DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (voucher_target_id),
  KEY ix_campaign_promotion_voucher_results_status (promotion_id, process_status, attempt_count),
  CONSTRAINT fk_campaign_promotion_voucher_results_target
    FOREIGN KEY (voucher_target_id) REFERENCES campaign_promotion_voucher_targets (voucher_target_id),
  CONSTRAINT fk_campaign_promotion_voucher_results_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS campaign_promotion_point_results (
  point_target_id BIGINT       NOT NULL,
  promotion_id    BIGINT       NOT NULL,
  process_status  VARCHAR(30)  NOT NULL,
  transaction_key VARCHAR(100) NULL,
  error_message   VARCHAR(500) NULL,
  attempt_count   INT          NOT NULL DEFAULT 0,
  created_at      DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at      DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (point_target_id),
  KEY ix_campaign_promotion_point_results_status (promotion_id, process_status, attempt_count),
  CONSTRAINT fk_campaign_promotion_point_results_target
    FOREIGN KEY (point_target_id) REFERENCES campaign_promotion_point_targets (point_target_id),
  CONSTRAINT fk_campaign_promotion_point_results_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
