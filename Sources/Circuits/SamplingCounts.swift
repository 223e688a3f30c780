internal import Basics
internal import Glibc

/// Uniform numbers of one node of a tree of splits, keyed by the node.
struct SplitStream {
  private let random: CounterRandom
  private let node: (UInt32, UInt32)
  private var counter: UInt32 = 0

  /// Starts the numbers of a node.
  init(_ random: CounterRandom, _ a: UInt32, _ b: UInt32) {
    (self.random, node) = (random, (a, b))
  }

  /// Returns the next number in (0, 1).
  mutating func uniform() -> Double {
    defer { counter &+= 1 }
    return random.uniform(node.0, node.1, DrawPurpose.split.rawValue, counter)
  }
}

/// What the numbers of a projection's stream are for: the third word of the counter.
enum DrawPurpose: UInt32 {
  /// One block for each synapse: pick, weight, delay, and a spare word.
  case synapse = 0
  /// Splits of a total over targets.
  case split = 1
}

/// Draws from the binomial distribution, exact to the precision of doubles.
///
/// Inversion for a mean below 10, else transformed rejection (BTRS): Hörmann W., "The generation of binomial random
/// variates", Journal of Statistical Computation and Simulation 46 (1993).
func binomial(_ n: Int, _ p: Double, _ stream: inout SplitStream) -> Int {
  if p > 0.5 { return n - binomial(n, 1 - p, &stream) }
  guard n > 0, p > 0 else { return 0 }
  let trials = Double(n)
  let q = 1 - p
  if trials * p < 10 {
    var f = exp(trials * log1p(-p))
    var u = stream.uniform()
    var k = 0
    while u > f, k < n {
      u -= f
      k += 1
      f *= (trials - Double(k) + 1) / Double(k) * (p / q)
    }
    return k
  }
  let spread = (trials * p * q).squareRoot()
  let b = 1.15 + 2.53 * spread
  let a = -0.0873 + 0.0248 * b + 0.01 * p
  let c = trials * p + 0.5
  let accept = 0.92 - 4.2 / b
  let alpha = (2.83 + 5.1 / b) * spread
  let m = ((trials + 1) * p).rounded(.down)
  let r = p / q
  while true {
    let u = stream.uniform() - 0.5
    let v = stream.uniform()
    let us = 0.5 - abs(u)
    let k = ((2 * a / us + b) * u + c).rounded(.down)
    if us >= 0.07, v <= accept { return Int(k) }
    if k < 0 || k > trials { continue }
    let bound =
      (m + 0.5) * log((m + 1) / (r * (trials - m + 1)))
      + (trials + 1) * log((trials - m + 1) / (trials - k + 1))
      + (k + 0.5) * log(r * (trials - k + 1) / (k + 1))
      + stirlingRest(m) + stirlingRest(trials - m) - stirlingRest(k) - stirlingRest(trials - k)
    if log(v * alpha / (a / (us * us) + b)) <= bound { return Int(k) }
  }
}

/// Draws how many of `good` marked things are among `draws` taken from `total` without putting back.
///
/// Inversion outward from the mode, whose probability comes from log factorials (relative error below 1e-6 for totals
/// up to 1e9); the time grows with the deviation.
func hypergeometric(total: Int, good: Int, draws: Int, _ stream: inout SplitStream) -> Int {
  let least = max(0, draws - (total - good))
  let most = min(good, draws)
  if least == most { return least }
  let (t, g, d) = (Double(total), Double(good), Double(draws))
  let mode = min(max(Int((d + 1) * (g + 1) / (t + 2)), least), most)
  func logChoose(_ n: Double, _ k: Double) -> Double { logFactorial(n) - logFactorial(k) - logFactorial(n - k) }
  let m = Double(mode)
  let atMode = exp(logChoose(g, m) + logChoose(t - g, d - m) - logChoose(t, d))
  var rest = stream.uniform() - atMode
  var (up, down) = (mode, mode)
  var (upper, lower) = (atMode, atMode)
  while rest > 0, up < most || down > least {
    if up < most {
      let k = Double(up)
      upper *= (g - k) * (d - k) / ((k + 1) * (t - g - d + k + 1))
      up += 1
      rest -= upper
      if rest <= 0 { return up }
    }
    if down > least {
      let k = Double(down)
      lower *= k * (t - g - d + k) / ((g - k + 1) * (d - k + 1))
      down -= 1
      rest -= lower
      if rest <= 0 { return down }
    }
    if upper == 0, lower == 0 { break }
  }
  return mode
}

/// log n!, by Stirling's series.
private func logFactorial(_ n: Double) -> Double {
  (n + 0.5) * log(n + 1) - (n + 1) + 0.9189385332046727 + stirlingRest(n)
}

/// What Stirling's formula leaves of log n!: log n! − ((n + ½) log(n + 1) − (n + 1) + ½ log 2π).
private func stirlingRest(_ n: Double) -> Double {
  switch n {
  case 0: return 0.0810614667953272
  case 1: return 0.0413406959554093
  case 2: return 0.0276779256849983
  case 3: return 0.0207906721037651
  case 4: return 0.0166446911898212
  case 5: return 0.0138761288230707
  case 6: return 0.0118967099458917
  case 7: return 0.0104112652619720
  case 8: return 0.0092554621827128
  case 9: return 0.0083305634333628
  default:
    let x = 1 / ((n + 1) * (n + 1))
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 * x) * x) / (n + 1)
  }
}
