import Glibc
import Testing

@testable import Reactor

@Suite("Parts that the kernel copies")
struct GatheredCopyTests {
    @Test("whole parts, a part of one, and memory that is not there")
    func copies() throws {
        let page = 4_096
        let map = unsafe mmap(
            nil, page, PROT_READ | PROT_WRITE, Int32(MAP_PRIVATE) | Int32(MAP_ANONYMOUS), -1, 0)
        let base = unsafe try #require(map)
        unsafe base.storeBytes(of: 0x41, as: UInt8.self)
        unsafe (base + 1).storeBytes(of: 0x42, as: UInt8.self)
        let parts = unsafe [
            iovec(iov_base: base, iov_len: 2), iovec(iov_base: base, iov_len: page),
        ]
        let copied = unsafe parts.withUnsafeBufferPointer {
            unsafe [gathered($0, first: 1), gathered($0, first: 3), gathered($0, first: 0)]
        }
        #expect(copied == [[0x41], [0x41, 0x42, 0x41], []])
        #expect(unsafe mprotect(base, page, PROT_NONE) == 0)
        let gone = unsafe parts.withUnsafeBufferPointer { unsafe gathered($0, first: 3) }
        #expect(gone == nil)
        #expect(unsafe munmap(base, page) == 0)
    }
}
