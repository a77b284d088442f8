-- A run is one CampaignRun execution that paid, or tried to: the first start and each resume.
-- execution_id tells a retried BeginCampaign of the same execution from a second start.
CREATE TABLE IF NOT EXISTS campaign_runs (
  promotion_id BIGINT       NOT NULL,
  run_number   INT          NOT NULL,
  execution_id VARCHAR(512) NOT NULL,
  started_at   DATETIME     NOT NULL,
  ended_at     DATETIME     NULL,
  outcome      VARCHAR(30)  NULL,
  PRIMARY KEY (promotion_id, run_number),
  CONSTRAINT fk_campaign_runs_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What was given up, with all that a person needs to decide. dead_letter_key is the idempotency key of the
-- grant, or the queue's message id where the message could not be read: writing one twice is one row.
CREATE TABLE IF NOT EXISTS campaign_dead_letters (
  dead_letter_id  BIGINT        NOT NULL AUTO_INCREMENT,
  dead_letter_key VARCHAR(120)  NOT NULL,
  promotion_id    BIGINT        NULL,
  promotion_type  VARCHAR(20)   NULL,
  target_id       BIGINT        NULL,
  cause           VARCHAR(60)   NOT NULL,
  error_message   VARCHAR(500)  NULL,
  is_transient    TINYINT(1)    NOT NULL,
  attempt_count   INT           NOT NULL DEFAULT 0,
  payload         TEXT          NULL,
  created_at      DATETIME(3)   NOT NULL,
  PRIMARY KEY (dead_letter_id),
  UNIQUE KEY uk_campaign_dead_letters_key (dead_letter_key),
  KEY ix_campaign_dead_letters_promotion (promotion_id, cause, dead_letter_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
