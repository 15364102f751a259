import Glibc
import Testing
import WireTesting

@Suite("Reloads that change an address")
struct ListenerReloadTests {
    /// PROXY protocol v2, TCP over IPv4, from 192.0.2.7:4660 to 198.51.100.1:80.
    private let header: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12,
        192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0, 80,
    ]

    /// The same from another address: 192.0.2.HOST.
    private func header(from host: UInt8) -> [UInt8] {
        var header = header
        header[19] = host
        return header
    }

    @Test("behind a proxy each viewer counts by its own address, not by the proxy's")
    func perAddress() throws {
        let test = try Configured(sections: [
            "trustedProxies: [127.0.0.0/8]", "proxyProtocol: true",
            "limits: { connectionsPerAddress: 2 }",
        ])
        let room = test.origin.room()
        room.always(.ok(body: "served"))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        func viewer(from host: UInt8) throws -> (Viewer, isServed: Bool) {
            var viewer = try test.edge.viewer()
            try viewer.send(header(from: host))
            let isServed = (try? viewer.exchange(request))?.text == "served"
            return (viewer, isServed)
        }
        var open: [Viewer] = []
        for host: UInt8 in [1, 2, 3, 4, 5, 6, 7, 7] {
            let (viewer, isServed) = try viewer(from: host)
            #expect(isServed, "\(host)")
            open.append(viewer)
        }
        #expect(try !viewer(from: 7).isServed)
        #expect(try test.edge.metric("mapedge_connections_refused_total") == 1)
        open[7].close()
        let isServed = try eventually { try viewer(from: 7).isServed ? true : nil }
        #expect(isServed == true)
    }

    @Test("an address that changes its use of PROXY headers keeps its socket", arguments: [1, 2])
    func proxyProtocol(loops: Int) throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: no-store", body: "served"))
        let directory = try TemporaryDirectory()
        func text(_ proxied: Bool) -> String {
            Configured.text(
                members: [origin.url],
                sections: ["trustedProxies: [127.0.0.0/8]", "proxyProtocol: \(proxied)"])
        }
        let edge = try Edge(
            origin: nil, loops: loops, configuration: text(false), directory: directory)
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var kept = try edge.viewer()
        #expect(try kept.exchange(request).text == "served")
        for isProxied in [true, false, true] {
            _ = try directory.write("mapedge.yaml", text(isProxied))
            let answer = try edge.admin("/reload", method: "POST")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try kept.exchange(request).text == "served")
            // The loops hear of it in their own time.
            let isChanged = try eventually { () -> Bool? in
                var viewer = try edge.viewer()
                if isProxied { try viewer.send(header) }
                let response = try? viewer.exchange(request)
                guard response?.text == "served" else { return nil }
                let address = room.requests.last?["X-Forwarded-For"] ?? ""
                return address.hasPrefix("192.0.2.7") == isProxied ? true : nil
            }
            #expect(isChanged == true)
        }
    }

    @Test("an address that goes is closed, one that comes is open, one that stays is kept")
    func comingAndGoing() throws {
        let origin = try Origin()
        let directory = try TemporaryDirectory()
        let (first, second) = (directory.file("a.sock"), directory.file("b.sock"))
        func text(_ path: String) -> String {
            Configured.text(
                members: [origin.url], sections: ["listen: [\"127.0.0.1:0\", \"unix:\(path)\"]"])
        }
        let room = origin.room()
        room.always(.ok("Cache-Control: no-store", body: "served"))
        let file = try directory.write("mapedge.yaml", text(first))
        let child = try Child(
            Edge.program,
            [
                "serve", "--config", file, "--admin", "127.0.0.1:0", "--cache",
                directory.file("cache"), "--cache-size", "64MiB", "--loops", "1",
            ])
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        let line = try #require(child.line(with: "listening on http://127.0.0.1:"))
        let port = try #require(UInt16(line.split(separator: ":").last ?? ""))
        _ = try directory.write("mapedge.yaml", text(second))
        child.signal(SIGHUP)
        let isOpen = eventually { () -> Bool? in
            guard var viewer = try? Viewer(path: second) else { return nil }
            return (try? viewer.exchange(request).text) == "served" ? true : nil
        }
        #expect(isOpen == true)
        #expect(eventually { (try? Viewer(path: first)) == nil ? true : nil } == true)
        #expect(eventually { access(first, F_OK) != 0 ? true : nil } == true)
        var viewer = try Viewer(port: port)
        #expect(try viewer.exchange(request).text == "served")
        child.signal(SIGTERM)
        #expect(child.waitForExit() == 0)
        #expect(access(second, F_OK) != 0)
    }

    /// The permissions of a file.
    private func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test("a Unix socket has the mode that is given, and goes with the edge, but no other's does")
    func unixFiles() throws {
        let origin = try Origin()
        let directory = try TemporaryDirectory()
        let (first, second) = (directory.file("a.sock"), directory.file("b.sock"))
        func text(_ mode: String) -> String {
            Configured.text(
                members: [origin.url],
                sections: [
                    "listen:", "  - \"127.0.0.1:0\"", "  - \"unix:\(second)\"",
                    "  - { address: \"unix:\(first)\", mode: \"\(mode)\" }",
                ])
        }
        let edge = try Edge(
            origin: nil, configuration: text("0660"), directory: directory, listen: nil)
        #expect(edge.child.line(with: "listening on unix:\(first)") != nil)
        #expect(mode(first) == 0o660)
        _ = try directory.write("mapedge.yaml", text("0666"))
        #expect(try edge.admin("/reload", method: "POST").status == 200)
        #expect(mode(first) == 0o666)
        // Somebody else takes a path over.
        #expect(unlink(second) == 0)
        _ = try directory.write("b.sock", "another's")
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        #expect(mode(first) == nil)
        #expect(try readFile(second) == "another's")
    }
}
