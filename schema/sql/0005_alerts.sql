-- What people are told, a row a transition, written in the transaction that made it: it is neither forgotten nor
-- told twice. alert_key names the transition. published_at: the topic has it.
CREATE TABLE IF NOT EXISTS operations_alerts (
  alert_id     BIGINT       NOT NULL AUTO_INCREMENT,
  alert_key    VARCHAR(120) NOT NULL,
  kind         VARCHAR(40)  NOT NULL,
  promotion_id BIGINT       NULL,
  run_number   INT          NULL,
  raised_ms    BIGINT       NOT NULL COMMENT 'epoch milliseconds',
  published_at DATETIME(3)  NULL,
  PRIMARY KEY (alert_id),
  UNIQUE KEY uk_operations_alerts_key (alert_key),
  KEY ix_operations_alerts_unpublished (published_at, alert_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What was brought to a channel. A claim that is not followed by a delivery is given up after a while: whoever made it
-- died, and nobody knows whether the channel has the message.
CREATE TABLE IF NOT EXISTS operations_alert_deliveries (
  alert_key    VARCHAR(255) NOT NULL,
  channel      VARCHAR(20)  NOT NULL,
  claimed_ms   BIGINT       NOT NULL,
  delivered_at DATETIME(3)  NULL,
  PRIMARY KEY (alert_key, channel)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Runs that ended before there were alerts are nobody's news.
INSERT IGNORE INTO operations_alerts (alert_key, kind, promotion_id, run_number, raised_ms, published_at)
SELECT CONCAT('promotion-', promotion_id, '-run-', run_number, '-', LOWER(outcome)), CONCAT('CAMPAIGN_', outcome),
       promotion_id, run_number, UNIX_TIMESTAMP(ended_at) * 1000, ended_at
FROM campaign_runs WHERE outcome IN ('COMPLETED', 'STOPPED', 'FAILED') AND ended_at IS NOT NULL;
