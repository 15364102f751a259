import Glibc
import Reactor

extension LinuxNetwork {
    /// Sends as much of some bytes as there is room for; of none, TLS is agreed on at least.
    mutating func send(_ fd: Int32, _ bytes: ArraySlice<UInt8>) -> IOResult {
        unsafe bytes.withUnsafeBytes { rest in
            var part = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
            return unsafe withUnsafePointer(to: &part) {
                unsafe send(fd, UnsafeBufferPointer(start: $0, count: 1))
            }
        }
    }
}
