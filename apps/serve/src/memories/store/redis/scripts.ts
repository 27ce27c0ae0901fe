/*
 * Redis runs a script as a whole or not at all, and nothing beside it: what it compares is what it replaces.
 * KEYS: the memory, the ids of its tenant, what its tenant holds, what all hold.
 */

const count = `
local function count(sign, bytes, stored)
  for i = 3, 4 do
    redis.call('HINCRBY', KEYS[i], 'count', sign)
    redis.call('HINCRBY', KEYS[i], 'bytes', sign * bytes)
    redis.call('HINCRBY', KEYS[i], 'stored', sign * stored)
  end
end
local before = redis.call('HMGET', KEYS[1], 'version', 'bytes', 'stored')
`

/** ARGV: id, version, record, used, bytes, stored, whether there is content, content. @returns whether it was put */
export const putScript = `${count}
if tonumber(before[1] or 0) ~= tonumber(ARGV[2]) - 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3], 'used', ARGV[4], 'bytes', ARGV[5], 'stored', ARGV[6])
if ARGV[7] == '1' then redis.call('HSET', KEYS[1], 'content', ARGV[8]) end
redis.call('SADD', KEYS[2], ARGV[1])
if before[1] then count(-1, tonumber(before[2]), tonumber(before[3])) end
count(1, tonumber(ARGV[5]), tonumber(ARGV[6]))
return 1
`

/** ARGV: id. @returns whether it was there */
export const deleteScript = `${count}
if not before[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
count(-1, tonumber(before[2]), tonumber(before[3]))
return 1
`

/** ARGV: used. */
export const touchScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'used', ARGV[1]) end
`
