/// The Lua scripts of streams and ticks: each is one atomic step on the server.
enum StreamScript {
  /// Key stream; arguments kept, count, then per sample the count of its words, fields and values.
  static let append = """
    local places, at = {}, 3
    for i = 1, tonumber(ARGV[2]) do
      local words = tonumber(ARGV[at])
      places[i] = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, at + 1, at + words))
      at = at + 1 + words
    end
    return places
    """

  /// A function that tells the place of the last entry that a group got of a stream.
  private static let last = """
    local function last(key, group)
      if redis.call('EXISTS', key) == 0 then return '0-0' end
      for _, info in ipairs(redis.call('XINFO', 'GROUPS', key)) do
        local of = {}
        for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
        if of['name'] == group then return of['last-delivered-id'] end
      end
      return '0-0'
    end

    """

  /// Key stream; argument group.
  static let delivered = last + "return last(KEYS[1], ARGV[1])"

  /// Keys fence, stream; arguments number, nonce, group (and consumer), count, place, and that of the last entry
  /// delivered as the reader knows it, or nothing.
  static let read =
    CheckpointScript.holds + last + """
      if not holds(KEYS[1]) then return {'fence'} end
      if ARGV[6] ~= '' and last(KEYS[2], ARGV[3]) ~= ARGV[6] then return {'moved'} end
      local r = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[2], ARGV[5])
      if not r then return {'ok'} end
      return {'ok', r[1][2]}
      """

  /// Keys fence, stream, rejected, count; arguments number, nonce, group, kept, count, then per sample id, reason,
  /// count of fields, fields and values.
  static let reject =
    CheckpointScript.holds + """
      if not holds(KEYS[1]) then return 'fence' end
      local at = 6
      for _ = 1, tonumber(ARGV[5]) do
        local id, reason, fields = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
        if redis.call('XACK', KEYS[2], ARGV[3], id) == 1 then
          local entry = {'reason', reason, 'id', id}
          for i = at + 3, at + 2 + 2 * fields do entry[#entry + 1] = ARGV[i] end
          redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', unpack(entry))
          redis.call('INCR', KEYS[4])
        end
        at = at + 3 + 2 * fields
      end
      return 'ok'
      """

  /// Keys fence, ticks, metrics; arguments number, nonce, place of the tick, place of the one before, group, kept,
  /// bytes, then the places of the samples.
  ///
  /// `unpack` has a limit of some thousands, so samples are acknowledged in slices.
  static let seal =
    CheckpointScript.holds + place + """
      if not holds(KEYS[1]) then return {'fence'} end
      local state, found = place(KEYS[2], ARGV[3], ARGV[4])
      if state == 'there' then
        if found ~= ARGV[7] then return {'differs'} end
      elseif state ~= 'next' then
        return {state, found}
      else
        redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], ARGV[3], 'tick', ARGV[7])
      end
      for from = 8, #ARGV, 1000 do
        redis.call('XACK', KEYS[3], ARGV[5], unpack(ARGV, from, math.min(from + 999, #ARGV)))
      end
      return {state}
      """

  /// Keys fence, published, plan, anomalies, then one per forecast; arguments number, nonce, place, place before,
  /// digest, payload, kept, whether there is a plan, plan, the forecasts, then the anomalies as count of fields,
  /// fields and values.
  ///
  /// The entry comes first: it is the one write that can fail, and then nothing has changed.
  static let publish =
    CheckpointScript.holds + place + """
      if not holds(KEYS[1]) then return {'fence'} end
      local state, found = place(KEYS[2], ARGV[3], ARGV[4])
      if state == 'there' then
        if found ~= ARGV[5] then return {'differs', found} end
        return {state}
      elseif state ~= 'next' and state ~= 'empty' then
        return {state, found}
      end
      redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[7], ARGV[3], 'digest', ARGV[5], 'payload', ARGV[6])
      if ARGV[8] == '1' then redis.call('SET', KEYS[3], ARGV[9]) end
      for i = 5, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 5]) end
      local at = #KEYS + 6
      while at <= #ARGV do
        local fields = tonumber(ARGV[at])
        redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', unpack(ARGV, at + 1, at + 2 * fields))
        at = at + 1 + 2 * fields
      end
      return {'next'}
      """

  /// A function that tells where an ordinal stands in a stream: `there` with the first value of its entry, `next`,
  /// `empty` (it is not the first and nothing is there), `gap` with the last place, or `forgotten` when trimmed away.
  private static let place = """
    local function place(key, id, before)
      local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
      if not last then
        if before == '0-0' then return 'next' end
        return 'empty', '0-0'
      end
      if last[1] == before then return 'next' end
      local entry = redis.call('XRANGE', key, id, id)[1]
      if entry then return 'there', entry[2][2] end
      local a, b = tonumber(string.match(id, '^%d+')), tonumber(string.match(last[1], '^%d+'))
      if a > b then return 'gap', last[1] end
      return 'forgotten', last[1]
    end

    """

  /// Keys events, version; arguments id, JSON, most; answers -1 when it is full.
  static let putEvent = """
    if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
      return -1
    end
    if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
      redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
      return redis.call('INCR', KEYS[2])
    end
    return tonumber(redis.call('GET', KEYS[2]) or '0')
    """

  /// Keys events, version; argument id.
  static let removeEvent = """
    if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return false end
    return redis.call('INCR', KEYS[2])
    """

  /// Keys events, version.
  static let allEvents = """
    return {redis.call('GET', KEYS[2]) or '0', redis.call('HGETALL', KEYS[1])}
    """
}
