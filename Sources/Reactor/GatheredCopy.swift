import CLinux
public import Glibc

/// The first `count` bytes of the parts, copied by the kernel; nil: some of them cannot be had.
///
/// For parts of a mapped file. A page that the disk cannot deliver is an error here (EFAULT), and a
/// signal that ends the process (SIGBUS) to who reads it himself.
public func gathered(_ parts: UnsafeBufferPointer<iovec>, first count: Int) -> [UInt8]? {
    // Those behind them may be of another time, with lengths that the kernel refuses.
    var (needed, room) = (0, 0)
    while room < count, needed < parts.count {
        room += unsafe parts[needed].iov_len
        needed += 1
    }
    var copied = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, filled in
        var local = unsafe iovec(iov_base: room.baseAddress, iov_len: count)
        copied = unsafe process_vm_readv(
            getpid(), &local, 1, parts.baseAddress, UInt(needed), 0)
        filled = max(0, copied)
    }
    return copied == count ? bytes : nil
}
