/** What each script begins with: the moment, in milliseconds since 1970 by the server's clock. */
const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)
`;

/** Drops a message, or moves it to the dead letters without its time to live. */
const BURY = `local function bury(id, fields)
  if letters ~= '' and fields then
    local kept = {}
    for i = 1, #fields, 2 do
      if fields[i] ~= 'exp' then kept[#kept + 1] = fields[i]; kept[#kept + 1] = fields[i + 1] end
    end
    redis.call('XADD', letters, '*', unpack(kept))
    redis.call('PUBLISH', '{' .. letters .. '}:wake', '1')
  end
  redis.call('XACK', S, G, id); redis.call('XDEL', S, id)
end
`;

/** The consumer under whose name stands what was given back. */
export const PARKED = "parked";
/** So long has what was given back been idle: everybody may claim it at once. */
const LONG = "10000000000";

/**
 * KEYS stream, delayed, flags. ARGV group, wake channel, most ready ones, then of each message: delay, ttl, number of
 * fields, fields. Gives how many were put; -1 when the queue is shut down.
 */
export const PUT = `${NOW}
local S, D, F, G = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
if redis.call('HGET', F, 'shut') then return -1 end
local most, at, done = tonumber(ARGV[3]), 4, 0
local ready = 0
if most > 0 then ready = redis.call('XLEN', S) - redis.call('XPENDING', S, G)[1] end
while at <= #ARGV do
  if most > 0 and ready >= most then break end
  local delay, ttl, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local fields = {}
  for i = 1, count do fields[i] = ARGV[at + 2 + i] end
  if ttl > 0 then fields[count + 1] = 'exp'; fields[count + 2] = tostring(now + ttl) end
  if delay > 0 then redis.call('ZADD', D, now + delay, cmsgpack.pack(fields))
  else redis.call('XADD', S, '*', unpack(fields)); ready = ready + 1 end
  at = at + 3 + count; done = done + 1
end
if done > 0 then redis.call('PUBLISH', ARGV[2], '1') end
return done`;

/**
 * KEYS stream, delayed, flags. ARGV group, consumer, most, lease, most deliveries (0: no limit), stream of the dead letters.
 * Gives the taken ones as [id, deliveries, fields]; and is it shut down, when the next delayed one comes (-1: none), how
 * many others have taken.
 */
export const TAKE = `${NOW}
local S, D, F, G, C = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local most, lease, limit, letters = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
${BURY}
for _, packed in ipairs(redis.call('ZRANGEBYSCORE', D, '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('XADD', S, '*', unpack(cmsgpack.unpack(packed))); redis.call('ZREM', D, packed)
end
local out = {}
local function consider(id, fields, count)
  local expires
  for i = 1, #fields, 2 do if fields[i] == 'exp' then expires = tonumber(fields[i + 1]) end end
  if (expires and expires <= now) or (limit > 0 and count > limit) then bury(id, fields)
  else out[#out + 1] = { id, count, fields } end
end
local cursor = '0-0'
repeat
  local found = redis.call('XAUTOCLAIM', S, G, C, lease, cursor, 'COUNT', most - #out)
  cursor = found[1]
  for _, entry in ipairs(found[2]) do
    if entry and entry[2] then
      local pending = redis.call('XPENDING', S, G, entry[1], entry[1], 1)
      consider(entry[1], entry[2], pending[1] and pending[1][4] or 2)
    end
  end
until cursor == '0-0' or #out >= most
while #out < most do
  local found = redis.call('XREADGROUP', 'GROUP', G, C, 'COUNT', most - #out, 'STREAMS', S, '>')
  if not found then break end
  for _, entry in ipairs(found[1][2]) do consider(entry[1], entry[2], 1) end
end
local next = redis.call('ZRANGE', D, 0, 0, 'WITHSCORES')
local pending = redis.call('XPENDING', S, G)
local others = 0
for _, one in ipairs(pending[4] or {}) do if one[1] ~= C then others = others + tonumber(one[2]) end end
local wait = -1
if next[2] then wait = math.max(0, tonumber(next[2]) - now) end
return { out, redis.call('HGET', F, 'shut') and 1 or 0, wait, others }`;

/**
 * KEYS stream, flags. ARGV group, wake channel, how, most deliveries, stream of the dead letters, then pairs of consumer and
 * id. Gives the ids of those that were not that consumer's any more.
 */
export const SETTLE = `local S, F, G, how = KEYS[1], KEYS[2], ARGV[1], ARGV[3]
local limit, letters, lost = tonumber(ARGV[4]), ARGV[5], {}
${BURY}
for i = 6, #ARGV, 2 do
  local consumer, id = ARGV[i], ARGV[i + 1]
  local found = redis.call('XPENDING', S, G, id, id, 1)[1]
  if not found or found[2] ~= consumer then lost[#lost + 1] = id
  elseif how == 'ack' then redis.call('XACK', S, G, id); redis.call('XDEL', S, id)
  elseif how == 'reject' or (how == 'requeue' and limit > 0 and found[4] >= limit) then
    local entry = redis.call('XRANGE', S, id, id)[1]
    bury(id, entry and entry[2])
  else
    local count = how == 'return' and found[4] - 1 or found[4]
    redis.call('XCLAIM', S, G, '${PARKED}', 0, id, 'IDLE', ${LONG}, 'RETRYCOUNT', count, 'JUSTID')
  end
end
if how ~= 'ack' or redis.call('HGET', F, 'shut') or redis.call('XLEN', S) == 0 then redis.call('PUBLISH', ARGV[2], '1') end
return lost`;

/** KEYS stream. ARGV group, consumer, ids: what is still that consumer's has just been touched. */
export const BEAT = `local S, G, C = KEYS[1], ARGV[1], ARGV[2]
for i = 3, #ARGV do
  local found = redis.call('XPENDING', S, G, ARGV[i], ARGV[i], 1)[1]
  if found and found[2] == C then redis.call('XCLAIM', S, G, C, 0, ARGV[i], 'IDLE', 0, 'RETRYCOUNT', found[4], 'JUSTID') end
end
return 1`;

/** KEYS stream. ARGV group, wake channel, dead consumers: what they had taken is given back, and they are forgotten. */
export const RELEASE = `local S, G = KEYS[1], ARGV[1]
for i = 3, #ARGV do
  repeat
    local found = redis.call('XPENDING', S, G, '-', '+', 1000, ARGV[i])
    for _, one in ipairs(found) do
      redis.call('XCLAIM', S, G, '${PARKED}', 0, one[1], 'IDLE', ${LONG}, 'RETRYCOUNT', one[4], 'JUSTID')
    end
  until #found == 0
  redis.call('XGROUP', 'DELCONSUMER', S, G, ARGV[i])
end
redis.call('PUBLISH', ARGV[2], '1')
return 1`;

/** KEYS stream, delayed. ARGV group, consumer: drops what is ready or delayed; gives how many that were. */
export const PURGE = `local S, D, G, C = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local dropped = redis.call('ZCARD', D)
redis.call('DEL', D)
local function drop(entries)
  for _, entry in ipairs(entries) do
    local id = type(entry) == 'table' and entry[1] or entry
    redis.call('XACK', S, G, id); redis.call('XDEL', S, id); dropped = dropped + 1
  end
end
repeat
  local found = redis.call('XPENDING', S, G, '-', '+', 1000, '${PARKED}')
  drop(found)
until #found == 0
while true do
  local found = redis.call('XREADGROUP', 'GROUP', G, C, 'COUNT', 1000, 'STREAMS', S, '>')
  if not found then break end
  drop(found[1][2])
end
return dropped`;

/** KEYS stream, delayed. ARGV group. Gives how many are ready, taken, and in the queue at all. */
export const COUNT = `${NOW}
local S, D, G = KEYS[1], KEYS[2], ARGV[1]
local due = redis.call('ZCOUNT', D, '-inf', now)
local parked, taken = 0, 0
for _, one in ipairs(redis.call('XPENDING', S, G)[4] or {}) do
  if one[1] == '${PARKED}' then parked = tonumber(one[2]) else taken = taken + tonumber(one[2]) end
end
local all = redis.call('XLEN', S)
return { all - taken + due, taken, all + redis.call('ZCARD', D) }`;

/**
 * KEYS groups. ARGV topic, key, envelope, fields: publishes to all who listen, and into the stream of each group whose
 * pattern matches.
 */
export const PUBLISH = `local function words(text)
  local found = {}
  if text ~= '' then for word in (text .. '.'):gmatch('([^.]*)%.') do found[#found + 1] = word end end
  return found
end
local function matches(pattern, i, key, j)
  if i > #pattern then return j > #key end
  if pattern[i] == '#' then
    for k = j, #key + 1 do if matches(pattern, i + 1, key, k) then return true end end
    return false
  end
  return j <= #key and (pattern[i] == '*' or pattern[i] == key[j]) and matches(pattern, i + 1, key, j + 1)
end
local topic, key = ARGV[1], words(ARGV[2])
local groups = redis.call('HGETALL', KEYS[1])
for i = 1, #groups, 2 do
  if matches(words(groups[i + 1]), 1, key, 1) then
    local stream = '{' .. topic .. '}:group:' .. groups[i]
    redis.call('XADD', stream, '*', unpack(ARGV, 4))
    redis.call('PUBLISH', '{' .. stream .. '}:wake', '1')
  end
end
return redis.call('PUBLISH', '{' .. topic .. '}:topic', ARGV[3])`;
