-- What a promotion's targets fall back to, frozen when its first run begins: a key that was sent once must carry the
-- same body for ever, so a default that is edited between a stop and a resume changes nothing any more.
CREATE TABLE IF NOT EXISTS campaign_frozen_defaults (
  promotion_id      BIGINT        NOT NULL,
  default_reason    VARCHAR(100)  NULL,
  default_amount    DECIMAL(10,2) NULL,
  default_expiry_at DATETIME      NULL,
  frozen_at         DATETIME      NOT NULL,
  PRIMARY KEY (promotion_id),
  CONSTRAINT fk_campaign_frozen_defaults_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Executions that wait for their turn. seen_ms is the sign of life of the execution: whoever has not been seen for a
-- while keeps nobody waiting. Times in ms are epoch milliseconds of the database's own clock, which all share.
CREATE TABLE IF NOT EXISTS campaign_turns (
  promotion_id BIGINT       NOT NULL,
  execution_id VARCHAR(512) NOT NULL,
  asked_at     DATETIME     NOT NULL,
  seen_ms      BIGINT       NOT NULL,
  PRIMARY KEY (promotion_id),
  CONSTRAINT fk_campaign_turns_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- One row, locked by every start: two campaigns that begin at the same moment begin one after the other.
CREATE TABLE IF NOT EXISTS campaign_turn_lock (
  lock_id TINYINT NOT NULL,
  PRIMARY KEY (lock_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT IGNORE INTO campaign_turn_lock (lock_id) VALUES (1);

-- The circuit breaker before the Money API, shared by all execution environments. One row, changed by
-- compare-and-set on its version. opened_ms NULL: closed.
CREATE TABLE IF NOT EXISTS campaign_money_breaker (
  breaker_id           TINYINT NOT NULL,
  version              BIGINT  NOT NULL DEFAULT 0,
  consecutive_failures INT     NOT NULL DEFAULT 0,
  streak_started_ms    BIGINT  NULL,
  opened_ms            BIGINT  NULL,
  probe_ms             BIGINT  NULL,
  written_by           CHAR(36) NULL COMMENT 'names the last write, for a writer whose answer was lost',
  write_count          BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (breaker_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT IGNORE INTO campaign_money_breaker (breaker_id) VALUES (1);

-- Every redrive of a dead letter: who looks at one sees what was tried, and the automatic one happens once.
CREATE TABLE IF NOT EXISTS campaign_redrives (
  redrive_id      BIGINT       NOT NULL AUTO_INCREMENT,
  dead_letter_key VARCHAR(120) NOT NULL,
  promotion_id    BIGINT       NOT NULL,
  is_automatic    TINYINT(1)   NOT NULL,
  redriven_at     DATETIME(3)  NOT NULL,
  PRIMARY KEY (redrive_id),
  KEY ix_campaign_redrives_key (dead_letter_key, is_automatic),
  CONSTRAINT fk_campaign_redrives_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
