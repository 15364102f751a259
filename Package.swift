// swift-tools-version: 6.3
// A target is a line, so that the arrows can be read.
// swift-format-ignore-file
import PackageDescription

// One list for every target: the house has one dialect of Swift, and no warning is let in.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
// Where raw pointers live, each unsafe expression is marked as such.
let pointers = settings + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "mapedge",
    products: [
        .executable(name: "mapedge", targets: ["mapedge"]),
        .library(name: "EdgeCore", targets: ["HTTP", "Tiles", "Caching", "CloudFront", "LMDB", "Reactor", "Edge"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),

        // Pure: bytes, numbers and policy; no clock, socket or disk.
        .target(name: "HTTP", dependencies: ["CZlib"], swiftSettings: pointers),
        .target(name: "Tiles", dependencies: ["HTTP"], swiftSettings: pointers),
        .target(name: "Caching", dependencies: ["Tiles", "HTTP"], swiftSettings: pointers),

        .target(name: "CloudFront", dependencies: ["Caching", "HTTP"], swiftSettings: pointers),

        // Mechanism: each knows one system interface and nothing of the others.
        .target(name: "LMDB", dependencies: ["CLMDB"], swiftSettings: pointers),
        .target(name: "Reactor", dependencies: ["CLinux", "COpenSSL"], swiftSettings: pointers),

        // The data plane, and the cold side that configures and watches it.
        .target(name: "Edge", dependencies: ["CloudFront", "Caching", "Tiles", "HTTP", "Reactor", "LMDB"], swiftSettings: pointers),
        .target(name: "Simulation", dependencies: ["Edge", "CloudFront", "Caching", "Tiles", "HTTP", "Reactor", "LMDB"], swiftSettings: pointers),
        .target(name: "Control", dependencies: ["Edge", "Simulation", "CloudFront", "Caching", "Tiles", "HTTP", "Reactor", "LMDB", logging, yams], swiftSettings: pointers),
        .executableTarget(name: "mapedge", dependencies: ["Control", "Simulation", "Edge", "Caching", "HTTP", "Reactor", argumentParser, logging], swiftSettings: settings),

        // What the tests that speak to the built binary have in common.
        .target(name: "WireTesting", path: "Tests/WireTesting", swiftSettings: settings),

        .testTarget(name: "HTTPTests", dependencies: ["HTTP"], swiftSettings: settings),
        .testTarget(name: "TilesTests", dependencies: ["Tiles", "HTTP", "WireTesting"], exclude: ["Goldens"], swiftSettings: settings),
        .testTarget(name: "CachingTests", dependencies: ["Caching", "HTTP", "Tiles"], swiftSettings: settings),
        .testTarget(name: "CloudFrontTests", dependencies: ["CloudFront", "Caching", "HTTP"], swiftSettings: settings),
        .testTarget(name: "LMDBTests", dependencies: ["LMDB"], swiftSettings: settings),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor"], swiftSettings: settings),
        .testTarget(name: "EdgeTests", dependencies: ["Edge", "CloudFront", "Caching", "Tiles", "HTTP", "Reactor", "LMDB", "WireTesting"], swiftSettings: settings),
        .testTarget(name: "ControlTests", dependencies: ["Control", "CloudFront", "Edge", "Caching", "HTTP", "Reactor", "WireTesting", "mapedge", logging, yams], exclude: ["Clients", "Goldens"], swiftSettings: settings),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "Edge", "Caching", "HTTP", "Reactor"], swiftSettings: settings),
        .testTarget(name: "ScenarioTests", dependencies: ["Control", "Simulation", "CloudFront", "Edge", "mapedge"], exclude: ["Goldens"], swiftSettings: settings),
        .testTarget(name: "ConformanceTests", dependencies: ["WireTesting", "mapedge"], swiftSettings: settings),
        .testTarget(name: "SystemTests", dependencies: ["WireTesting", "Tiles", "HTTP", "mapedge"], swiftSettings: settings),
        .testTarget(name: "FuzzTests", dependencies: ["CloudFront", "Caching", "Tiles", "HTTP"], exclude: ["Corpora"], swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ]
)
