-- Files whose targets were loaded, a row a load, written in the load's own transaction: a file that is loaded a second
-- time is noticed. load_id names the load, for a loader whose answer was lost.
CREATE TABLE IF NOT EXISTS campaign_target_loads (
  load_id       CHAR(36)     NOT NULL,
  promotion_id  BIGINT       NOT NULL,
  file_sha256   CHAR(64)     NOT NULL,
  file_name     VARCHAR(255) NOT NULL,
  loaded_count  INT          NOT NULL,
  skipped_count INT          NOT NULL,
  loaded_at     DATETIME     NOT NULL,
  PRIMARY KEY (load_id),
  KEY ix_campaign_target_loads_file (promotion_id, file_sha256),
  CONSTRAINT fk_campaign_target_loads_promotion
    FOREIGN KEY (promotion_id) REFERENCES campaign_promotions (promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
