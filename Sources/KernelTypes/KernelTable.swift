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

  /// Lists the kernels of an instruction set.
  public init(
    instructionSet: InstructionSet,
    advanceIafPscExp: @escaping @Sendable (borrowing IafPscExpSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscDelta:
      @escaping @Sendable (borrowing IafPscDeltaSlice<Float, Int32>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscExpDouble:
      @escaping @Sendable (borrowing IafPscExpSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void,
    advanceIafPscDeltaDouble:
      @escaping @Sendable (borrowing IafPscDeltaSlice<Double, Int64>, StepNoise, inout SpikeList) -> Void,
    advanceRateEncoder: @escaping @Sendable (borrowing RateEncoderSlice, inout SpikeList) -> Void,
    advanceFreeEncoder: @escaping @Sendable (borrowing RateEncoderSlice, Int) -> Void,
    drawPoissonCounts: @escaping @Sendable (borrowing PoissonDraw) -> Void
  ) {
    self.instructionSet = instructionSet
    self.advanceIafPscExp = advanceIafPscExp
    self.advanceIafPscDelta = advanceIafPscDelta
    self.advanceIafPscExpDouble = advanceIafPscExpDouble
    self.advanceIafPscDeltaDouble = advanceIafPscDeltaDouble
    self.advanceRateEncoder = advanceRateEncoder
    self.advanceFreeEncoder = advanceFreeEncoder
    self.drawPoissonCounts = drawPoissonCounts
  }
}
