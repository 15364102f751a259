import Glibc
import WireTesting

let openssl = firstExecutable("/usr/bin/openssl", "/usr/local/bin/openssl")

/// Certificates for `edge.test` and `localhost`, made by the openssl command: `root.pem` signs
/// `edge.pem`, and `other.pem` signs nothing.
struct SecuredFiles {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try authority("root")
        try authority("other")
        try certificate("edge", by: "root")
    }

    func path(_ name: String) -> String { directory.file(name) }

    func authority(_ name: String) throws {
        try make(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", path("\(name).key"), "-out", path("\(name).pem"), "-days", "2", "-subj",
            "/CN=\(name)")
    }

    /// - Parameters:
    ///   - days: until it ends; -1: it has.
    ///   - extensions: further ones, as openssl's configuration has them.
    func certificate(
        _ name: String, by authority: String, days: Int = 2, isRSA: Bool = false,
        extensions: [String] = []
    ) throws {
        let key = isRSA ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        let names = "subjectAltName=DNS:edge.test,DNS:localhost"
        try make(
            ["req", "-newkey"] + key + [
                "-nodes", "-keyout", path("\(name).key"), "-out", path("\(name).csr"), "-subj",
                "/CN=\(name)",
            ] + ([names] + extensions).flatMap { ["-addext", $0] })
        try make(
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"), "-CAkey",
            path("\(authority).key"), "-CAcreateserial", "-days", "\(days)", "-copy_extensions",
            "copy",
            "-out", path("\(name).pem"))
    }

    private func make(_ words: String...) throws { try make(words) }

    private func make(_ words: [String]) throws {
        let child = try Child(openssl ?? "openssl", words)
        guard child.waitForExit() == 0 else {
            throw WireError("openssl \(words[0]) failed: \(child.wholeLog)")
        }
    }
}

/// An edge that speaks TLS to viewers.
struct SecuredEdge {
    let files: SecuredFiles
    let edge: Edge
    let directory: TemporaryDirectory

    /// - Parameters:
    ///   - name: edges in a chain need different ones.
    ///   - origin: lines of the origin's section, its members above all.
    ///   - tls: further lines of the section `tls`.
    init(
        _ files: SecuredFiles, name: String = "mapedge", origin: [String], tls: [String] = [],
        proxy: Bool = false, certificate: String = "edge"
    ) throws {
        self.files = files
        directory = try TemporaryDirectory()
        let lines =
            [
                "name: \(name)", "listen:",
                "  - { address: \"127.0.0.1:0\", tls: true, proxyProtocol: \(proxy) }",
                "trustedProxies: [127.0.0.1]", "tls:", "  certificates:",
                "    - { chain: \"\(files.path("\(certificate).pem"))\",",
                "        key: \"\(files.path("\(certificate).key"))\" }",
            ] + tls.map { "  " + $0 } + ["origins:", "  default:"] + origin.map { "    " + $0 }
        edge = try Edge(
            origin: nil, configuration: lines.joined(separator: "\n") + "\n",
            directory: directory, listen: nil)
    }

    func url(_ path: String) -> String { "https://edge.test:\(edge.port)\(path)" }

    /// Runs curl, which trusts `authority`, and gives what it wrote.
    func curl(
        trusting authority: String = "root", _ arguments: String...
    ) throws -> (exit: Int?, output: String) {
        try curl(trusting: authority, arguments)
    }

    func curl(
        trusting authority: String = "root", _ arguments: [String]
    ) throws -> (exit: Int?, output: String) {
        let output = try TemporaryDirectory()
        let child = try Child(
            "/usr/bin/curl",
            [
                "-sS", "--max-time", "20", "--cacert", files.path("\(authority).pem"), "--resolve",
                "edge.test:\(edge.port):127.0.0.1",
            ] + arguments, output: output.file("output"))
        let exit = child.waitForExit()
        return (exit, (try? readFile(output.file("output"))) ?? "")
    }

    /// Runs `openssl s_client` with one request, and gives what it tells of the connection.
    func client(_ arguments: String...) throws -> String {
        let output = try TemporaryDirectory()
        let request = try output.write(
            "request", "GET /none HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n")
        let words =
            [
                "s_client", "-connect", "127.0.0.1:\(edge.port)", "-servername", "edge.test",
                "-CAfile", files.path("root.pem"), "-ign_eof",
            ] + arguments
        let child = try Child(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" < \(request) 2>&1", openssl ?? "openssl"] + words,
            output: output.file("output"))
        _ = child.waitForExit()
        return try readFile(output.file("output"))
    }
}
