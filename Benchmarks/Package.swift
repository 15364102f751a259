// swift-tools-version: 6.3
import PackageDescription

// The dialect of the root manifest.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
let core: Target.Dependency = .product(name: "EdgeCore", package: "mapedge")

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "mapedge", path: "..")],
    targets: [
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "HitPath", dependencies: ["CAllocationCount", core], swiftSettings: settings),
        .executableTarget(name: "StoreBenchmark", dependencies: [core], swiftSettings: settings),
    ]
)
