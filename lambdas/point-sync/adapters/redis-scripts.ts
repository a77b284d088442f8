/**
 * What happens to a balance in Redis at once. A writer of the point service sets its balance by the first one too, with
 * the version that its own transaction gave the row: then nobody's older balance replaces a newer one.
 */

/**
 * KEYS: for each user the key of the balance and that of its version. ARGV: for each user the balance, its version and
 * the seconds to live. Answers, for each user, 1: set, 0: Redis has a newer one, -1: it has no memory left. Versions are
 * compared as text, by length first: a BIGINT is no number of Lua's.
 */
export const SET_UNLESS_NEWER = `
local became = {}
for user = 1, #KEYS / 2 do
  local balanceKey, versionKey = KEYS[user * 2 - 1], KEYS[user * 2]
  local balance, version, ttl = ARGV[user * 3 - 2], ARGV[user * 3 - 1], ARGV[user * 3]
  local known = redis.call('GET', versionKey)
  if known and string.match(known, '^%d+$') and (#known > #version or (#known == #version and known > version)) then
    became[user] = 0
  else
    local set = redis.pcall('MSET', balanceKey, balance, versionKey, version)
    if set['err'] then
      became[user] = -1
    else
      redis.call('EXPIRE', balanceKey, ttl)
      redis.call('EXPIRE', versionKey, ttl)
      became[user] = 1
    end
  end
end
return became`;

/** KEYS as above. ARGV: for each user the seconds to live. */
export const LET_LIVE = `
for user = 1, #KEYS / 2 do
  redis.call('EXPIRE', KEYS[user * 2 - 1], ARGV[user])
  redis.call('EXPIRE', KEYS[user * 2], ARGV[user])
end
return #KEYS / 2`;
