/// The Lua scripts of the checkpoints: each is one atomic step on the server.
///
/// Numbers stay strings, because Lua would print a large one as 1e+15.
enum CheckpointScript {
  /// Whether the fence at a key is that of the lease in the first two arguments.
  static let holds = """
    local function holds(key)
      local f = redis.call('HMGET', key, 'number', 'nonce')
      return f[1] == ARGV[1] and f[2] == ARGV[2]
    end

    """

  /// Keys lease, fence; arguments nonce, time.
  ///
  /// A lease that ends later than a new one would is of a clock that was set back since; who holds it renews it.
  static let take = """
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then
      local left = redis.call('PTTL', KEYS[1])
      if left < 0 or left > tonumber(ARGV[2]) then
        left = tonumber(ARGV[2])
        redis.call('PEXPIRE', KEYS[1], left)
      end
      return {'held', holder, left}
    end
    if not (holder and redis.call('HGET', KEYS[2], 'nonce') == ARGV[1]) then
      redis.call('HINCRBY', KEYS[2], 'number', 1)
      redis.call('HSET', KEYS[2], 'nonce', ARGV[1])
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return {'taken', redis.call('HGET', KEYS[2], 'number')}
    """

  /// Keys fence, lease; arguments number, nonce, time.
  static let renew =
    holds + """
      if not holds(KEYS[1]) then return 0 end
      redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
      return 1
      """

  /// Keys fence, lease; arguments number, nonce.
  static let release =
    holds + """
      if holds(KEYS[1]) and redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
      return 1
      """

  /// Key fence; arguments number, nonce, text.
  static let noteHolder =
    holds + """
      if holds(KEYS[1]) then redis.call('HSET', KEYS[1], 'holder', ARGV[3]) end
      return 1
      """

  /// Key lease; argument nonce.
  static let end = """
    if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
    return 1
    """

  /// Keys fence, run; arguments number, nonce, then fields and values.
  static let create =
    holds + """
      if not holds(KEYS[1]) then return {'fence'} end
      if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('HSET', KEYS[2], unpack(ARGV, 3)) end
      return {'ok', redis.call('HGETALL', KEYS[2])}
      """

  /// Keys fence, run; arguments number, nonce, generation.
  static let raise =
    holds + """
      if not holds(KEYS[1]) then return {'fence'} end
      local r = redis.call('HMGET', KEYS[2], 'generation', 'fence')
      if not r[1] then return {'missing'} end
      if r[1] == ARGV[3] and r[2] == ARGV[1] then return {'ok'} end
      if tonumber(ARGV[3]) <= tonumber(r[1]) then return {'stale', r[1]} end
      redis.call('HSET', KEYS[2], 'generation', ARGV[3], 'fence', ARGV[1])
      return {'ok'}
      """

  /// Keys fence, run; arguments number, nonce, cores, the number it was started with.
  static let want =
    holds + """
      if not holds(KEYS[1]) then return {'fence'} end
      if redis.call('EXISTS', KEYS[2]) == 0 then return {'missing'} end
      redis.call('HSET', KEYS[2], 'cores', ARGV[3], 'started_with', ARGV[4])
      return {'ok'}
      """

  /// Keys run, draft, blob, registry; arguments epoch, generation, count of the draft's fields, its name.
  ///
  /// A store that lost its tail gives out a generation twice, so two writers may have one name: a blob of the committed
  /// checkpoint stays as it is. A draft that the store lost a part of becomes no blob.
  static let name = """
    local r = redis.call('HMGET', KEYS[1], 'epoch', 'checkpoint')
    redis.call('SREM', KEYS[4], ARGV[4])
    if r[1] == ARGV[1] and r[2] == ARGV[2] then
      redis.call('UNLINK', KEYS[2])
      return 'committed'
    end
    if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[3]) then
      redis.call('UNLINK', KEYS[2])
      return 'lost'
    end
    redis.call('RENAME', KEYS[2], KEYS[3])
    return 'ok'
    """

  /// Keys fence, run, then blobs; arguments number, nonce, previous epoch, epoch, generation, parts as text, whether
  /// there is a manifest, manifest, then the checksum of each blob.
  static let commit =
    holds + """
      if not holds(KEYS[1]) then return {'fence'} end
      local r = redis.call('HMGET', KEYS[2], 'epoch', 'checkpoint', 'parts', 'generation')
      if not r[1] then return {'missing'} end
      if r[1] == ARGV[4] and r[2] == ARGV[5] and r[3] == ARGV[6] then return {'ok'} end
      if r[1] ~= ARGV[3] then return {'epoch', r[1]} end
      if tonumber(r[4]) > tonumber(ARGV[5]) then return {'generation', r[4]} end
      for i = 3, #KEYS do
        local crc = redis.call('HGET', KEYS[i], 'crc')
        if not crc then return {'blob', tostring(i - 3)} end
        if crc ~= ARGV[i + 6] then return {'crc', tostring(i - 3)} end
      end
      redis.call('HSET', KEYS[2], 'epoch', ARGV[4], 'checkpoint', ARGV[5], 'parts', ARGV[6],
        'generation', ARGV[5], 'fence', ARGV[1])
      if ARGV[7] == '1' then redis.call('HSET', KEYS[2], 'manifest', ARGV[8]) end
      return {'ok'}
      """

  /// Keys fence, run, registry; arguments number, nonce, what stands before a blob's name in its key.
  ///
  /// The blobs' keys are built here and carry the same hash tag as those that are named.
  static let collect =
    holds + """
      if not holds(KEYS[1]) then return {'fence'} end
      local r = redis.call('HMGET', KEYS[2], 'epoch', 'checkpoint', 'generation')
      if not r[1] then return {'ok', '0'} end
      local committed, generation = tonumber(r[1]), tonumber(r[3])
      local removed = 0
      for _, name in ipairs(redis.call('SMEMBERS', KEYS[3])) do
        local e, g = string.match(name, '^(%d+):g(%d+):')
        local isNeeded
        if tonumber(e) == committed then isNeeded = g == r[2]
        else isNeeded = tonumber(e) > committed and tonumber(g) >= generation end
        if not isNeeded then
          redis.call('UNLINK', ARGV[3] .. name)
          redis.call('SREM', KEYS[3], name)
          removed = removed + 1
        end
      end
      return {'ok', tostring(removed)}
      """
}
