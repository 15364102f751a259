import Glibc

/// The programs and recipes that the demo needs, found before anything is started.
struct DemoTools {
    let lighttpd = "/usr/sbin/lighttpd"
    /// Debian's own: the page application needs nothing but its standard library.
    let python = "/usr/bin/python3"
    /// This program, to be started again as the edge.
    let executable: String
    private let recipes: String

    init(recipes given: String?) throws(DemoError) {
        executable = try Self.ownPath()
        let needed = [
            lighttpd, python, "/usr/bin/mapserv", "/usr/bin/ogr2ogr",
            "/usr/share/javascript/leaflet/leaflet.js",
        ]
        for path in needed where access(path, R_OK) != 0 {
            throw DemoError(
                problem: "\"\(path)\" is missing",
                remedy: "run 'conf/install-packages.sh run', which installs what the demo needs")
        }
        recipes = try Self.findRecipes(given, executable: executable)
    }

    /// The path of one of the demo's own files.
    func recipe(_ name: String) -> String { "\(recipes)/\(name)" }

    private static func ownPath() throws(DemoError) -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw DemoError(
                problem: "this program cannot find itself (\(lastSystemError()))",
                remedy: "mount /proc")
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// In the sources (also from a build directory three levels below them), else as installed.
    private static func findRecipes(
        _ given: String?, executable: String
    ) throws(DemoError) -> String {
        let parent = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? ""
        let places =
            given.map { [$0] }
            ?? ["conf/demo", "\(parent)/../../../conf/demo", "/usr/share/mapedge/demo"]
        for place in places {
            guard let path = realpath(place, nil) else { continue }
            defer { free(path) }
            let found = String(cString: path)
            if access("\(found)/build-data.sh", X_OK) == 0 { return found }
        }
        throw DemoError(
            problem: "the demo's recipes are not in \(places.joined(separator: ", "))",
            remedy: "start it in the source folder, or name the folder with --recipes")
    }
}
