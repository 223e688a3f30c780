/// Neurons of one population in a tile that reset when they reach a threshold: where their columns lie.
///
/// Columns hold whole groups of 64 places; places beyond `count` are advanced unheard. All pointers stay valid and on
/// boundaries of 64 bytes as long as the kernel runs. Potentials are relative to the resting potential. Single precision has
/// `Float` and `Int32`, double precision `Double` and `Int64`.
@safe
public struct LeakySlice<Real: BinaryFloatingPoint & BitwiseCopyable, Sum: FixedWidthInteger & BitwiseCopyable> {
  /// Groups of 64 places.
  public let groups: Int
  /// Neurons.
  public let count: Int
  /// The circuit index of the first neuron.
  public let firstID: UInt32
  /// From each neuron's circuit index to the next.
  public let stride: UInt32
  /// Threshold.
  public let threshold: Real
  /// Potential after a spike.
  public let reset: Real
  /// Steps that a neuron rests after a spike.
  public let refractorySteps: UInt16
  /// Unit of the sums of weights.
  public let quantum: Real
  /// Potentials.
  public let v: UnsafeMutablePointer<Real>
  /// Steps that each neuron still rests.
  public let refractory: UnsafeMutablePointer<UInt16>
  /// What the constant current adds to each potential in a step.
  public let drive: UnsafePointer<Real>
  /// The sums of weights that arrive in the step; left at 0.
  public let sums: UnsafeMutablePointer<Sum>

  /// Puts the columns together.
  public init(
    groups: Int,
    count: Int,
    firstID: UInt32,
    stride: UInt32,
    threshold: Real,
    reset: Real,
    refractorySteps: UInt16,
    quantum: Real,
    v: UnsafeMutablePointer<Real>,
    refractory: UnsafeMutablePointer<UInt16>,
    drive: UnsafePointer<Real>,
    sums: UnsafeMutablePointer<Sum>
  ) {
    (self.groups, self.count, self.firstID, self.stride) = (groups, count, firstID, stride)
    (self.threshold, self.reset, self.refractorySteps, self.quantum) = (threshold, reset, refractorySteps, quantum)
    unsafe (self.v, self.refractory, self.drive, self.sums) = (v, refractory, drive, sums)
  }
}

/// `iaf_psc_exp` neurons of one population in a tile.
@safe
public struct IafPscExpSlice<Real: BinaryFloatingPoint & BitwiseCopyable, Sum: FixedWidthInteger & BitwiseCopyable> {
  /// The membrane.
  public var membrane: LeakySlice<Real, Sum>
  /// Whether the drive of the first neuron is that of all.
  public var hasUniformDrive = false
  /// Decay of the potential, of the currents, and potential per current over a step.
  public let p22, p11Ex, p11In, p21Ex, p21In: Real
  /// The excitatory current, or the sum of both where their time constants agree.
  public let excitatory: UnsafeMutablePointer<Real>
  /// The inhibitory current, or nil where time constants agree.
  public let inhibitory: UnsafeMutablePointer<Real>?
  /// The sums of negative weights, or nil where time constants agree.
  public let inhibitorySums: UnsafeMutablePointer<Sum>?

  /// Puts the columns together.
  public init(
    membrane: LeakySlice<Real, Sum>,
    p22: Real,
    p11Ex: Real,
    p11In: Real,
    p21Ex: Real,
    p21In: Real,
    excitatory: UnsafeMutablePointer<Real>,
    inhibitory: UnsafeMutablePointer<Real>?,
    inhibitorySums: UnsafeMutablePointer<Sum>?
  ) {
    self.membrane = membrane
    (self.p22, self.p11Ex, self.p11In, self.p21Ex, self.p21In) = (p22, p11Ex, p11In, p21Ex, p21In)
    unsafe (self.excitatory, self.inhibitory, self.inhibitorySums) = (excitatory, inhibitory, inhibitorySums)
  }
}

/// `iaf_psc_delta` neurons of one population in a tile.
@safe
public struct IafPscDeltaSlice<Real: BinaryFloatingPoint & BitwiseCopyable, Sum: FixedWidthInteger & BitwiseCopyable> {
  /// The membrane.
  public var membrane: LeakySlice<Real, Sum>
  /// Whether the drive of the first neuron is that of all.
  public var hasUniformDrive = false
  /// Decay of the potential over a step, and the least potential.
  public let p22, least: Real

  /// Puts the columns together.
  public init(membrane: LeakySlice<Real, Sum>, p22: Real, least: Real) {
    (self.membrane, self.p22, self.least) = (membrane, p22, least)
  }
}

/// `rate_encoder` neurons of one population in a tile.
@safe
public struct RateEncoderSlice {
  /// Groups of 64 places, and neurons.
  public let groups, count: Int
  /// The circuit index of the first neuron, and from each to the next.
  public let firstID, stride: UInt32
  /// Whether spikes are listed.
  public let listsSpikes: Bool
  /// Unit of the sums of weights.
  public let quantum: Float
  /// Potentials, decay per step, what every step adds.
  public let v: UnsafeMutablePointer<Float>
  public let alpha, drive: UnsafePointer<Float>
  /// Spikes counted so far.
  public let counts: UnsafeMutablePointer<UInt32>
  /// The sums of weights that arrive in the step; left at 0.
  public let sums: UnsafeMutablePointer<Int32>

  /// Puts the columns together.
  public init(
    groups: Int,
    count: Int,
    firstID: UInt32,
    stride: UInt32,
    listsSpikes: Bool,
    quantum: Float,
    v: UnsafeMutablePointer<Float>,
    alpha: UnsafePointer<Float>,
    drive: UnsafePointer<Float>,
    counts: UnsafeMutablePointer<UInt32>,
    sums: UnsafeMutablePointer<Int32>
  ) {
    (self.groups, self.count, self.firstID, self.stride) = (groups, count, firstID, stride)
    (self.listsSpikes, self.quantum) = (listsSpikes, quantum)
    unsafe (self.v, self.alpha, self.drive, self.counts, self.sums) = (v, alpha, drive, counts, sums)
  }
}
