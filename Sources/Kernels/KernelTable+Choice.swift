internal import CIntrinsics
public import KernelTypes
internal import KernelsPortable
#if arch(x86_64)
internal import KernelsAVX2
internal import KernelsAVX512
#endif
internal import Glibc

extension KernelTable {
  /// The kernels that this machine can run, the widest last.
  public static let supported: [KernelTable] = {
    var tables = [KernelsPortable.kernels(.portable)]
    #if arch(x86_64)
    if synfire_has_avx2() != 0 { tables.append(KernelsAVX2.kernels(.avx2)) }
    if synfire_has_avx512() != 0 { tables.append(KernelsAVX512.kernels(.avx512)) }
    #endif
    return tables
  }()

  /// The kernels that a process uses unless told otherwise: the widest that the machine can run.
  ///
  /// `SYNFIRE_INSTRUCTION_SET` (portable, avx2, avx512) asks for narrower ones, to compare them or to run under a tool
  /// that knows no wider ones; what the machine lacks, and any other text, is passed over.
  public static let chosen: KernelTable = {
    let wanted = unsafe getenv("SYNFIRE_INSTRUCTION_SET").map { unsafe String(cString: $0) }
    return supported.last { $0.instructionSet.rawValue == wanted } ?? supported[supported.count - 1]
  }()
}
