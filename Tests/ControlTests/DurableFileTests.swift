import Glibc
import Testing

@testable import Control

@Suite("Files that are written for this user alone")
struct DurableFileTests {
    @Test("one that was there for everybody is this user's own")
    func mode() throws {
        var template = Array("/tmp/mapedge-mode-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        #expect(fchmod(descriptor, 0o644) == 0)
        try Control.writeTextFile("secret", to: path)
        var status = stat()
        #expect(fstat(descriptor, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600 && status.st_size == 6)
        try Control.writeTextFile("", to: "/dev/null")
    }
}
