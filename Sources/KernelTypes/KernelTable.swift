/// The hot loops, compiled for one instruction set.
///
/// Kernels do plain multiplications and additions in a fixed order, never fused ones, so all tables give the same bits.
/// To add one: write it in `KernelsPortable`, which the other sets compile as well, and give it a line here.
public struct KernelTable: Sendable {
  /// The instruction set.
  public let instructionSet: InstructionSet
  /// Advances `iaf_psc_exp` neurons by a step.
  public let advanceIafPscExp: @Sendable (borrowing IafPscExpSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void
  /// Advances `iaf_psc_delta` neurons by a step.
  public let advanceIafPscDelta:
    @Sendable (borrowing IafPscDeltaSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void
  /// Advances `iaf_psc_alpha` neurons by a step.
  public let advanceIafPscAlpha: @Sendable (borrowing IafPscAlphaSlice, StepNoise, inout SpikeList) -> Void
  /// Advances `iaf_cond_exp` neurons by a step.
  public let advanceIafCondExp: @Sendable (borrowing IafCondExpSlice, StepNoise, inout SpikeList) -> Void
  /// Advances `iaf_psc_exp` neurons in double precision by a step.
  public let advanceIafPscExpDouble:
    @Sendable (borrowing IafPscExpSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void
  /// Advances `iaf_psc_delta` neurons in double precision by a step.
  public let advanceIafPscDeltaDouble:
    @Sendable (borrowing IafPscDeltaSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void
  /// Advances `rate_encoder` neurons by a step.
  public let advanceRateEncoder: @Sendable (borrowing RateEncoderSlice, inout SpikeList) -> Void
  /// Advances `rate_encoder` neurons that nothing reaches and nobody hears by many steps.
  public let advanceFreeEncoder: @Sendable (borrowing RateEncoderSlice, _ steps: Int) -> Void
  /// Draws the Poisson counts of eight steps.
  public let drawPoissonCounts: @Sendable (borrowing PoissonDraw) -> Void
  /// Adds a tick to the covariance of a series' features and multiplies it with three vectors.
  public let stepCovariance: @Sendable (borrowing CovarianceStep) -> Void
  /// Learns from a target of one horizon of a series.
  public let learnHorizon: @Sendable (borrowing HorizonSlice, borrowing HorizonLesson) -> Void
  /// Forecasts one horizon of a series.
  public let forecastHorizon: @Sendable (borrowing HorizonSlice, HorizonQuestion) -> HorizonAnswer
  /// Computes what constant currents add to encoder neurons in a step.
  public let driveEncoders: @Sendable (borrowing EncoderDrive) -> Void
  /// Replaces eight numbers x by c sinh(x).
  public let expandCompressed: @Sendable (borrowing CompressedValues) -> Void
  /// Rounds floats to half precision.
  public let packHalves: @Sendable (borrowing HalfPrecision) -> Void
  /// Reads floats of half precision.
  public let unpackHalves: @Sendable (borrowing HalfPrecision) -> Void
  /// Rounds a covariance to sixteen bits a cell.
  public let packTriangle: @Sendable (borrowing PackedTriangle) -> Void
  /// Reads a covariance of sixteen bits a cell.
  public let unpackTriangle: @Sendable (borrowing PackedTriangle) -> Void
  /// Draws the random words of synapses.
  public let drawSynapseWords: @Sendable (borrowing SynapseWordsDraw) -> Void
  /// Turns words into sources.
  public let pickSources: @Sendable (borrowing SourcePick) -> Void
  /// Turns words into draws of a distribution.
  public let drawSamples: @Sendable (borrowing SampleDraw) -> Void
  /// Rounds delays to whole steps from 1 on, in place: floats become integers.
  public let roundDelays: @Sendable (borrowing DelayRounding) -> Void
  /// Makes 4-byte synapses of targets and weights.
  public let packSynapses: @Sendable (borrowing SynapsePacking) -> Void
  /// Lets a spike pass plastic synapses, and returns how many it left.
  public let passPlasticSegment: @Sendable (borrowing PlasticSegment) -> Int

  /// Lists the kernels of an instruction set.
  public init(
    instructionSet: InstructionSet,
    advanceIafPscExp: @escaping @Sendable (borrowing IafPscExpSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscDelta:
      @escaping @Sendable (borrowing IafPscDeltaSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscAlpha: @escaping @Sendable (borrowing IafPscAlphaSlice, StepNoise, inout SpikeList) -> Void,
    advanceIafCondExp: @escaping @Sendable (borrowing IafCondExpSlice, StepNoise, inout SpikeList) -> Void,
    advanceIafPscExpDouble:
      @escaping @Sendable (borrowing IafPscExpSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscDeltaDouble:
      @escaping @Sendable (borrowing IafPscDeltaSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void,
    advanceRateEncoder: @escaping @Sendable (borrowing RateEncoderSlice, inout SpikeList) -> Void,
    advanceFreeEncoder: @escaping @Sendable (borrowing RateEncoderSlice, Int) -> Void,
    drawPoissonCounts: @escaping @Sendable (borrowing PoissonDraw) -> Void,
    stepCovariance: @escaping @Sendable (borrowing CovarianceStep) -> Void,
    learnHorizon: @escaping @Sendable (borrowing HorizonSlice, borrowing HorizonLesson) -> Void,
    forecastHorizon: @escaping @Sendable (borrowing HorizonSlice, HorizonQuestion) -> HorizonAnswer,
    driveEncoders: @escaping @Sendable (borrowing EncoderDrive) -> Void,
    expandCompressed: @escaping @Sendable (borrowing CompressedValues) -> Void,
    packHalves: @escaping @Sendable (borrowing HalfPrecision) -> Void,
    unpackHalves: @escaping @Sendable (borrowing HalfPrecision) -> Void,
    packTriangle: @escaping @Sendable (borrowing PackedTriangle) -> Void,
    unpackTriangle: @escaping @Sendable (borrowing PackedTriangle) -> Void,
    drawSynapseWords: @escaping @Sendable (borrowing SynapseWordsDraw) -> Void,
    pickSources: @escaping @Sendable (borrowing SourcePick) -> Void,
    drawSamples: @escaping @Sendable (borrowing SampleDraw) -> Void,
    roundDelays: @escaping @Sendable (borrowing DelayRounding) -> Void,
    packSynapses: @escaping @Sendable (borrowing SynapsePacking) -> Void,
    passPlasticSegment: @escaping @Sendable (borrowing PlasticSegment) -> Int
  ) {
    self.instructionSet = instructionSet
    self.advanceIafPscExp = advanceIafPscExp
    self.advanceIafPscDelta = advanceIafPscDelta
    (self.advanceIafPscAlpha, self.advanceIafCondExp) = (advanceIafPscAlpha, advanceIafCondExp)
    self.advanceIafPscExpDouble = advanceIafPscExpDouble
    self.advanceIafPscDeltaDouble = advanceIafPscDeltaDouble
    self.advanceRateEncoder = advanceRateEncoder
    self.advanceFreeEncoder = advanceFreeEncoder
    self.drawPoissonCounts = drawPoissonCounts
    self.stepCovariance = stepCovariance
    self.learnHorizon = learnHorizon
    self.forecastHorizon = forecastHorizon
    self.driveEncoders = driveEncoders
    self.expandCompressed = expandCompressed
    (self.packHalves, self.unpackHalves) = (packHalves, unpackHalves)
    (self.packTriangle, self.unpackTriangle) = (packTriangle, unpackTriangle)
    (self.drawSynapseWords, self.pickSources, self.drawSamples) = (drawSynapseWords, pickSources, drawSamples)
    (self.roundDelays, self.packSynapses) = (roundDelays, packSynapses)
    self.passPlasticSegment = passPlasticSegment
  }
}
