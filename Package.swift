// swift-tools-version: 6.2
// The manifest is the architecture diagram: one line a module, in layers; a module imports only from
// lines above its own (`swift build --explicit-target-dependency-import-check error` refuses the rest).
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

func module(
  _ name: String,
  _ uses: [Target.Dependency] = [],
  exclude: [String] = [],
  resources: [Resource]? = nil,
  flags: [String] = []
) -> Target {
  let settings = flags.isEmpty ? strict : strict + [.unsafeFlags(flags)]
  return .target(name: name, dependencies: uses, exclude: exclude, resources: resources, swiftSettings: settings)
}

/// The kernels once more for a wider instruction set: the folder is a symbolic link to that of `KernelsPortable`.
///
/// The importer's target is that of the Swift code as well.
func wideKernels(_ name: String, _ architecture: String) -> Target {
  module(
    name,
    ["Basics", "KernelTypes", "CIntrinsics"],
    flags: ["-Xcc", "-march=\(architecture)", "-Xcc", "-mprefer-vector-width=512"]
  )
}

#if arch(x86_64)
let wideSets = [wideKernels("KernelsAVX2", "x86-64-v3"), wideKernels("KernelsAVX512", "x86-64-v4")]
#else
let wideSets: [Target] = []
#endif
let wideNames = wideSets.map { Target.Dependency(stringLiteral: $0.name) }

func library(_ name: String, apt: [String] = []) -> Target {
  .systemLibrary(name: name, providers: apt.isEmpty ? nil : [.apt(apt)])
}

func tests(_ name: String, _ uses: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: uses, swiftSettings: strict)
}

let package = Package(
  name: "synfire",
  products: [
    .executable(name: "synfire", targets: ["synfire"]),
    .executable(name: "synfire-sim", targets: ["synfire-sim"]),
    .executable(name: "synfire-chaos", targets: ["synfire-chaos"]),
    .library(name: "synfire-clock", type: .dynamic, targets: ["ClockShift"]),
  ],
  targets: [
    // system: a module map and a shim each, imported by exactly one Swift module
    library("CLinux"),
    library("CIntrinsics"),
    library("CZeroMQ", apt: ["libzmq3-dev"]),
    library("CHiredis", apt: ["libhiredis-dev"]),
    library("CMETIS", apt: ["libmetis-dev"]),
    library("CYAML", apt: ["libyaml-dev"]),
    library("CZlib", apt: ["zlib1g-dev"]),
    // words
    module("Basics", ["CLinux"]),
    // hot loops: one source, compiled for each instruction set, picked at start
    module("KernelTypes"),
    module("KernelsPortable", ["Basics", "KernelTypes", "CIntrinsics"]),
    module("Kernels", ["KernelTypes", "KernelsPortable", "CIntrinsics"] + wideNames),
    module("Wire", ["Basics", "CIntrinsics"]),
    module("Documents", ["Basics", "CYAML"]),
    module("Circuits", ["Basics", "KernelTypes", "Kernels", "Documents"]),
    module("Workloads", ["Basics", "Wire", "Documents"]),
    // simulation
    module("ChipCore", ["Basics", "Wire", "Circuits", "KernelTypes", "Kernels", "CIntrinsics"]),
    module("Partitioning", ["Basics", "Documents", "Circuits", "CMETIS"]),
    // outside
    module("Transport", ["Basics", "Wire", "CZeroMQ"]),
    module("StateStore", ["Basics", "Wire", "CHiredis"]),
    module("Interchange", ["Basics", "Documents", "Workloads", "CZlib"]),
    // foresight
    module(
      "Forecasting",
      ["Basics", "Wire", "Circuits", "Workloads", "ChipCore", "KernelTypes", "Kernels", "CIntrinsics"],
      exclude: ["Resources/README.md"],
      resources: [.embedInCode("Resources/prior.json")]
    ),
    module("Planning", ["Basics", "Wire", "Workloads"]),
    // assembly
    module(
      "Cluster",
      [
        "Basics", "Wire", "Documents", "Circuits", "Workloads", "ChipCore", "Partitioning", "Transport", "StateStore",
        "Forecasting", "Planning",
      ]
    ),
    module(
      "Commands",
      [
        "Basics", "Wire", "Documents", "Circuits", "Workloads", "ChipCore", "Partitioning", "Transport",
        "StateStore", "Interchange", "Forecasting", "Planning", "Cluster", "KernelTypes", "Kernels",
      ]
    ),
    .executableTarget(name: "synfire", dependencies: ["Commands"], swiftSettings: strict),
    // test
    module("Simulation", ["Basics", "Wire", "Workloads", "StateStore", "Cluster"]),
    .executableTarget(
      name: "synfire-sim",
      dependencies: ["Basics", "StateStore", "Cluster", "Simulation"],
      swiftSettings: strict
    ),
    module("Chaos", ["Basics", "Wire", "Documents", "StateStore", "Cluster"]),
    // preloaded into processes whose clocks tests have jump; the one thing here that has to be C
    .target(name: "ClockShift"),
    .executableTarget(name: "synfire-chaos", dependencies: ["Basics", "Chaos"], swiftSettings: strict),
    module("TestKit", ["Basics", "Wire", "Circuits", "ChipCore", "StateStore", "Cluster"]),
    tests("BasicsTests", ["Basics"]),
    tests("WireTests", ["Basics", "Wire"]),
    tests("CircuitsTests", ["Basics", "Documents", "KernelTypes", "Kernels", "Circuits"]),
    tests("WorkloadsTests", ["Basics", "Wire", "Documents", "Workloads"]),
    tests("ChipCoreTests", ["Basics", "Wire", "Circuits", "KernelTypes", "Kernels", "ChipCore", "TestKit"]),
    tests("PartitioningTests", ["Basics", "Documents", "Circuits", "Partitioning"]),
    tests("TransportTests", ["Basics", "Wire", "Transport"]),
    tests("StateStoreTests", ["Basics", "Wire", "StateStore"]),
    tests("InterchangeTests", ["Basics", "Documents", "Workloads", "Interchange"]),
    tests(
      "ForecastingTests",
      ["Basics", "Wire", "Circuits", "Workloads", "Interchange", "KernelTypes", "Kernels", "ChipCore", "Forecasting"]
    ),
    tests("PlanningTests", ["Basics", "Wire", "Workloads", "Planning"]),
    tests(
      "ClusterTests",
      [
        "Basics", "Wire", "Circuits", "Workloads", "ChipCore", "Transport", "StateStore", "Cluster", "Simulation",
        "TestKit",
      ]
    ),
    tests("CommandsTests", ["Basics", "Documents", "Workloads", "StateStore", "Commands"]),
    tests("ProcessTests", ["Basics", "Wire", "Documents", "Transport", "StateStore", "Chaos"]),
  ] + wideSets
)
