public import KernelTypes

/// Returns the kernels as this module was compiled.
public func kernels(_ instructionSet: InstructionSet) -> KernelTable {
  KernelTable(
    instructionSet: instructionSet,
    advanceIafPscExp: { slice, noise, spikes in advanceIafPscExp(slice, noise, &spikes) },
    advanceIafPscDelta: { slice, noise, spikes in advanceIafPscDelta(slice, noise, &spikes) },
    advanceIafPscAlpha: { slice, noise, spikes in advanceIafPscAlpha(slice, noise, &spikes) },
    advanceIafCondExp: { slice, noise, spikes in advanceIafCondExp(slice, noise, &spikes) },
    advanceIafPscExpDouble: { slice, noise, spikes in advanceIafPscExpDouble(slice, noise, &spikes) },
    advanceIafPscDeltaDouble: { slice, noise, spikes in advanceIafPscDeltaDouble(slice, noise, &spikes) },
    advanceRateEncoder: { slice, spikes in advanceRateEncoder(slice, &spikes) },
    advanceFreeEncoder: { slice, steps in advanceFreeEncoder(slice, steps) },
    drawPoissonCounts: { draw in drawPoissonCounts(draw) },
    stepCovariance: { step in stepCovariance(step) },
    learnHorizon: { slice, lesson in learnHorizon(slice, lesson) },
    forecastHorizon: { slice, question in forecastHorizon(slice, question) },
    driveEncoders: { drive in driveEncoders(drive) },
    expandCompressed: { values in expandCompressed(values) },
    packHalves: { numbers in packHalves(numbers) },
    unpackHalves: { numbers in unpackHalves(numbers) },
    packTriangle: { triangle in packTriangle(triangle) },
    unpackTriangle: { triangle in unpackTriangle(triangle) },
    drawSynapseWords: { draw in drawSynapseWords(draw) },
    pickSources: { pick in pickSources(pick) },
    drawSamples: { draw in drawSamples(draw) },
    roundDelays: { rounding in roundDelays(rounding) },
    packSynapses: { packing in packSynapses(packing) },
    passPlasticSegment: { segment in passPlasticSegment(segment) }
  )
}
