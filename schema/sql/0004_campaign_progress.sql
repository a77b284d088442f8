-- What the run of a promotion came to when it was last looked at, and how fast it was: so that whoever watches a
-- campaign counts no targets. measured_ms is in epoch milliseconds of the database's clock.
CREATE TABLE IF NOT EXISTS campaign_progress (
  promotion_id     BIGINT        NOT NULL,
  run_number       INT           NOT NULL,
  total_count      INT           NOT NULL,
  final_count      INT           NOT NULL,
  final_per_second DECIMAL(10,1) NULL COMMENT 'over the interval before; NULL: the first look',
  measured_ms      BIGINT        NOT NULL,
  PRIMARY KEY (promotion_id),
  CONSTRAINT fk_campaign_progress_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
