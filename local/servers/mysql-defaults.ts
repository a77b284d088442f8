/**
 * What MySQL 8 (and so Aurora MySQL 3) has by default and MariaDB has not.
 * SQL that works only under MariaDB's own defaults must fail here, not first on AWS.
 */
export const MYSQL8_SQL_MODE = [
  'ONLY_FULL_GROUP_BY',
  'STRICT_TRANS_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
].join(',');

/** Asia/Seoul, which has no daylight saving; the offset needs no time zone tables in the server. */
export const TIME_ZONE = '+09:00';

/**
 * MySQL 8's default, utf8mb4_0900_ai_ci, does not exist in MariaDB 10.11. Of those that both have, unicode_ci
 * is the nearest: it too compares by the Unicode Collation Algorithm, where general_ci compares single code
 * points, so that 'ß' or a composed accent sorts and matches differently.
 */
export const COLLATION = 'utf8mb4_unicode_ci';
