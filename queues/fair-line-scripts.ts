/**
 * Lua that decides whose turn it is, atomically and for all processes. KEYS[1] is the key prefix of a queue, such as
 * `bull:sync:`. BullMQ's own keys are read and written the way its scripts do (6.7); ours begin with `fair:`, which no
 * job id can be:
 * - `fair:line`: hash; `now` is the place of the job that was taken last, `top` the highest place given out
 * - `fair:users`: hash; the place of each user's last job
 * - `fair:newest:<user>:<credential>`: id of the newest job that does all there is to do for a credential
 * - `fair:slots:<group>`: set; ids of the jobs of a group that run, as long as BullMQ's lock of the job lives
 * - `fair:parked:<group>`: sorted set; ids of delayed jobs that wait for a slot, by place
 */
const state = `
local base = KEYS[1]
local prioritized, wait, delayed = base .. 'prioritized', base .. 'wait', base .. 'delayed'
local line, users = base .. 'fair:line', base .. 'fair:users'
local unit, half, last = 4294967296, 1048576, 2097151
local stored = redis.call('HMGET', line, 'now', 'top')
local now, top = tonumber(stored[1]), tonumber(stored[2])
if not now then
  local first = redis.call('ZRANGE', prioritized, 0, 0, 'WITHSCORES')[2]
  local final = redis.call('ZRANGE', prioritized, -1, -1, 'WITHSCORES')[2]
  now = first and math.max(0, math.floor(first / unit) - 1) or 0
  top = final and math.floor(final / unit) or now
end
local taken = {}
local function save()
  for user, place in pairs(taken) do redis.call('HSET', users, user, place) end
  redis.call('HSET', line, 'now', now, 'top', top)
end`;

/**
 * Places are counted from 0 again when `now` has used up half of BullMQ's 21 bits: every job that may still be taken
 * keeps its distance to `now`, so nobody gains or loses a turn. That takes Redis 20 µs per waiting job (measured with
 * 100,000), once in a million turns.
 */
const place = `
local function startEpoch()
  local shift = now
  local function moved(place) return math.max(1, place - shift) end
  local jobs = redis.call('ZRANGE', prioritized, 0, -1, 'WITHSCORES')
  for i = 1, #jobs, 2 do
    local score = tonumber(jobs[i + 1])
    local old = math.floor(score / unit)
    redis.call('ZADD', prioritized, score - (old - moved(old)) * unit, jobs[i])
    redis.pcall('HSET', base .. jobs[i], 'priority', moved(old))
  end
  local others = redis.call('LRANGE', base .. 'active', 0, -1)
  for _, set in ipairs({ delayed, base .. 'failed' }) do
    for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do others[#others + 1] = id end
  end
  for _, id in ipairs(others) do
    local stored = redis.pcall('HGET', base .. id, 'priority')
    local old = type(stored) == 'string' and tonumber(stored) or 0
    if old > 0 then redis.call('HSET', base .. id, 'priority', moved(old)) end
  end
  local places = redis.call('HGETALL', users)
  for i = 1, #places, 2 do
    if tonumber(places[i + 1]) <= shift then redis.call('HDEL', users, places[i])
    else redis.call('HSET', users, places[i], places[i + 1] - shift) end
  end
  now, top = 0, math.max(0, top - shift)
end
if now >= half then startEpoch() end
local function takePlace(user)
  local behind = taken[user] or tonumber(redis.call('HGET', users, user)) or 0
  local place = math.min(last, math.max(behind, now) + 1)
  taken[user], top = place, math.max(top, place)
  return place
end`;

/**
 * A newer job of the same credential makes an older one superfluous; of two of one millisecond the later one. What counts
 * is the time for which a job was asked: a delayed one is not answered by what has run before that.
 */
const newest = `
local function dueAt(id)
  local job = redis.pcall('HMGET', base .. id, 'timestamp', 'opts')
  local ok, opts = pcall(cjson.decode, job[2] or '{}')
  local delayed = ok and type(opts) == 'table' and tonumber(opts.delay) or 0
  local added = tonumber(job[1])
  return added and added + math.max(0, delayed)
end
local function remember(twin, id, at)
  local key = base .. 'fair:newest:' .. twin
  local other = redis.call('GET', key)
  local theirs = other and other ~= id and dueAt(other)
  if not theirs or at >= theirs then redis.call('SET', key, id, 'EX', 86400) end
end`;

/**
 * Gives places to jobs that were added without one, oldest first, at most 250 at a time (5 ms): BullMQ takes such
 * jobs before all others. Jobs whose user cannot be told share one line; entries that are no job stay,
 * also those that name a key of another type, which HMGET answers with an error.
 */
const lineUp = `
local known = { v = true, userId = true, credentialId = true, traceparent = true }
local function read(text)
  if #text > 65536 then return nil end
  local ok, data = pcall(cjson.decode, text)
  if not ok or type(data) ~= 'table' or type(data.userId) ~= 'number' then return nil end
  return data
end
local function lineUp(isExclusive)
  local ids = redis.call('LRANGE', wait, -250, -1)
  local count = redis.call('INCRBY', base .. 'pc', #ids) - #ids
  local placed, staying = {}, {}
  for i = #ids, 1, -1 do
    local job = redis.pcall('HMGET', base .. ids[i], 'priority', 'stc', 'data')
    if job[3] and (tonumber(job[1]) or 0) == 0 and (tonumber(job[2]) or 0) == 0 then
      local data = read(job[3])
      local place = takePlace(data and string.format('%.0f', data.userId) or 'unknown')
      count = count + 1
      placed[#placed + 1], placed[#placed + 2] = place * unit + count % unit, ids[i]
      redis.call('HSET', base .. ids[i], 'priority', place)
      local isPlain = isExclusive and data and type(data.credentialId) == 'number'
      for field in pairs(data or {}) do isPlain = isPlain and known[field] end
      if isPlain then
        remember(string.format('%.0f:%.0f', data.userId, data.credentialId), ids[i], dueAt(ids[i]) or 0)
      end
    else
      table.insert(staying, 1, ids[i])
    end
  end
  if #placed == 0 then return end
  redis.call('ZADD', prioritized, unpack(placed))
  redis.call('LTRIM', wait, 0, -#ids - 1)
  if #staying > 0 then redis.call('RPUSH', wait, unpack(staying)) end
end`;

/** A slot is taken as long as BullMQ's lock of its job lives, so a killed worker keeps none. */
const slots = `
local function countTaken(group, id)
  local key, count = base .. 'fair:slots:' .. group, 0
  for _, member in ipairs(redis.call('SMEMBERS', key)) do
    if redis.call('EXISTS', base .. member .. ':lock') == 0 then redis.call('SREM', key, member)
    elseif member ~= id then count = count + 1 end
  end
  return count
end
local function wake(group)
  local key = base .. 'fair:parked:' .. group
  for _, id in ipairs(redis.call('ZRANGE', key, 0, 99)) do
    if redis.call('ZSCORE', delayed, id) then
      redis.call('ZREM', key, id)
      redis.call('ZADD', delayed, 0, id)
      redis.call('ZADD', base .. 'marker', 0, '0')
      return
    end
    -- Between two commands of the worker that parks it; that worker looks for room again.
    if redis.call('EXISTS', base .. id .. ':lock') == 0 then redis.call('ZREM', key, id) end
  end
end
local function park(group, id, place)
  local key = base .. 'fair:parked:' .. group
  redis.call('ZADD', key, place, id)
  redis.call('EXPIRE', key, 86400)
  return redis.call('ZCARD', key)
end`;

/** ARGV: for each job its user, its id and, if it may supersede others, user:credential. Returns their places. */
export const givePlaces = `${state}${place}
local places = {}
for i = 1, #ARGV, 3 do
  places[#places + 1] = takePlace(ARGV[i])
  if ARGV[i + 2] ~= '' then redis.call('SET', base .. 'fair:newest:' .. ARGV[i + 2], ARGV[i + 1], 'EX', 86400) end
end
save()
return places`;

/**
 * ARGV: id of an active job, its user, user:credential if it may be superseded, 1 to look for a newer one, 1 if the
 * queue runs one job per credential, then name and limit of each group. Returns one of
 * {go}, {behind}, {superseded, id}, {full, group, number of parked jobs}.
 */
export const enterLine = `${state}${place}${newest}${lineUp}${slots}
local id, user, twin = ARGV[1], ARGV[2], ARGV[3]
local key = base .. id
local job = redis.pcall('HMGET', key, 'priority', 'stc', 'data')
if not job[3] then return { 'go' } end
local own, isRescued = tonumber(job[1]) or 0, (tonumber(job[2]) or 0) > 0
if redis.call('LLEN', wait) > 0 then lineUp(ARGV[5] == '1') end
if own == 0 and not isRescued then
  own = takePlace(user)
  redis.call('HSET', key, 'priority', own)
  local first = redis.call('ZRANGE', prioritized, 0, 0, 'WITHSCORES')[2]
  if first and math.floor(first / unit) < own then
    save()
    return { 'behind' }
  end
end
now = math.max(now, math.min(own, top))
save()
if twin ~= '' then
  local other = redis.call('GET', base .. 'fair:newest:' .. twin)
  local theirs = other and other ~= id and dueAt(other)
  if not theirs or theirs < (dueAt(id) or 0) then
    redis.call('SET', base .. 'fair:newest:' .. twin, id, 'EX', 86400)
  elseif ARGV[4] == '1' then
    return { 'superseded', other }
  end
end
local full
for i = 6, #ARGV, 2 do
  if not full and countTaken(ARGV[i], id) >= tonumber(ARGV[i + 1]) then full = ARGV[i] end
end
for i = 6, #ARGV, 2 do
  redis.call('ZREM', base .. 'fair:parked:' .. ARGV[i], id)
  if not full then
    redis.call('SADD', base .. 'fair:slots:' .. ARGV[i], id)
    redis.call('EXPIRE', base .. 'fair:slots:' .. ARGV[i], 86400)
  elseif ARGV[i] ~= full and countTaken(ARGV[i], id) < tonumber(ARGV[i + 1]) then
    wake(ARGV[i])
  end
end
if full then return { 'full', full, park(full, id, own) } end
return { 'go' }`;

/** ARGV: group, id of a job that is being delayed until the group has room. Returns the number of parked jobs. */
export const parkJob = `${state}${slots}
return park(ARGV[1], ARGV[2], tonumber(redis.call('HGET', base .. ARGV[2], 'priority')) or 0)`;

/** ARGV: group, limit. Wakes a parked job if there is room. */
export const offerRoom = `${state}${slots}
if countTaken(ARGV[1], '') < tonumber(ARGV[2]) then wake(ARGV[1]) end`;

/** ARGV: id, groups. Gives the job's slots back and wakes the next job of each group. */
export const leaveLine = `${state}${slots}
for i = 2, #ARGV do
  redis.call('SREM', base .. 'fair:slots:' .. ARGV[i], ARGV[1])
  wake(ARGV[i])
end`;
