/**
 * What happens to a balance in Redis at once. A writer of the point service sets its balance by the first one too, with
 * the version that its own transaction gave the row: then nobody's older balance replaces a newer one.
 */

/**
 * KEYS: for each user the key of the balance and that of its version. ARGV: for each user the balance, its version and
 * the seconds to live. Answers, for each user, 1: set, 2: set in place of something that is no text, 0: Redis has a newer
 * one, -1: it has no memory left. Versions are compared as text, by length first: a BIGINT is no number of Lua's. What is
 * above every BIGINT is no version: it would keep its balance for ever.
 */
export const SET_UNLESS_NEWER = `
local HIGHEST = '9223372036854775807'
local function isAbove(a, b) return #a > #b or (#a == #b and a > b) end
local function isOtherThanText(key)
  local kind = redis.call('TYPE', key)['ok']
  return kind ~= 'string' and kind ~= 'none'
end
local became = {}
for user = 1, #KEYS / 2 do
  local balanceKey, versionKey = KEYS[user * 2 - 1], KEYS[user * 2]
  local balance, version, ttl = ARGV[user * 3 - 2], ARGV[user * 3 - 1], ARGV[user * 3]
  local known = redis.pcall('GET', versionKey)
  local number = type(known) == 'string' and string.match(known, '^0*(%d+)$')
  if number and isAbove(number, version) and not isAbove(number, HIGHEST) then
    became[user] = 0
  else
    local replaces = isOtherThanText(balanceKey) or isOtherThanText(versionKey)
    local set = redis.pcall('MSET', balanceKey, balance, versionKey, version)
    if not set['err'] then
      redis.call('EXPIRE', balanceKey, ttl)
      redis.call('EXPIRE', versionKey, ttl)
      became[user] = replaces and 2 or 1
    elseif string.find(set['err'], 'OOM', 1, true) then
      became[user] = -1
    else
      return redis.error_reply(set['err'])
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
