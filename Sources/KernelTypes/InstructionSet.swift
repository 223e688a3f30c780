/// Instruction sets for which the kernels are compiled; each gives the same bits.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// What every machine of the architecture has: SSE2 or NEON.
  case portable
  /// x86-64-v3.
  case avx2
  /// x86-64-v4.
  case avx512
}
