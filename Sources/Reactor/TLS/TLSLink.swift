import COpenSSL
import Glibc

/// What OpenSSL's callbacks see of a connection; lies still in memory as long as its session.
struct TLSLink {
    let fd: Int32
    /// Client: whom sessions are kept for, and offered to: all names that it may have.
    let peer: String?
    /// Bytes that were received before TLS began, as behind a PROXY header; read first.
    var early: [UInt8]
    var earlyTaken = 0
    /// The last receive of this call left nothing in the socket: another one would only be told so.
    var isDrained = false
    /// The owner gets bytes by this call, and will ask again: then a drained socket is not asked.
    /// Otherwise it is, since only the kernel's "nothing there" makes it tell of what comes.
    var mayRest = false
    /// The socket has ended.
    var sawEnd = false
    /// Why the last receive or send failed; 0: it did not.
    var failure: Int32 = 0
    /// System calls since the owner last looked.
    var receives: UInt64 = 0
    var sends: UInt64 = 0
    /// Server: the name asked for, and the identity that was shown.
    var serverName: String?
    var identity = 0

    init(fd: Int32, peer: String?, early: [UInt8]) {
        self.fd = fd
        self.peer = peer
        self.early = early
    }

    /// The kernel may have told of more since the last call.
    mutating func beginCall() {
        isDrained = false
        mayRest = false
    }

    private static let index = COpenSSL_session_index()

    static func of(_ ssl: OpaquePointer?) -> UnsafeMutablePointer<TLSLink>? {
        guard let ssl = unsafe ssl else { return nil }
        return unsafe SSL_get_ex_data(ssl, index)?.assumingMemoryBound(to: TLSLink.self)
    }

    static func attach(_ link: UnsafeMutablePointer<TLSLink>, to ssl: OpaquePointer) {
        unsafe COpenSSL_set_index(ssl, index, link)
    }
}

/// The socket as OpenSSL sees it: like its own, but that it raises no signal, counts its system
/// calls, spares one that would only say "nothing there", and begins with bytes received before.
enum TLSSocket {
    /// Made once for the process. OpenSSL's own socket does what is rare, kernel TLS included.
    private static let method: UInt = {
        let own = unsafe BIO_s_socket()
        let made = unsafe BIO_meth_new(
            BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK) | Int32(BIO_TYPE_DESCRIPTOR),
            "socket of a loop")
        unsafe BIO_meth_set_create(made, BIO_meth_get_create(own))
        unsafe BIO_meth_set_destroy(made, BIO_meth_get_destroy(own))
        unsafe BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(own))
        unsafe BIO_meth_set_read(made, read)
        unsafe BIO_meth_set_write(made, write)
        return UInt(bitPattern: made)
    }()

    /// A BIO over the link's descriptor, which it does not own; nil without memory.
    static func make(_ link: UnsafeMutablePointer<TLSLink>) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(OpaquePointer(bitPattern: method)) else { return nil }
        unsafe COpenSSL_set_descriptor(bio, link.pointee.fd)
        unsafe BIO_set_data(bio, link)
        return unsafe bio
    }

    private static func link(_ bio: OpaquePointer?) -> UnsafeMutablePointer<TLSLink>? {
        unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSLink.self)
    }

    private static let read:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32)
            -> Int32 = { bio, buffer, size in
                guard let link = unsafe link(bio), let buffer = unsafe buffer, size > 0 else {
                    return 0
                }
                unsafe COpenSSL_clear_retry(bio)
                let taken = unsafe takeEarly(link, buffer, size)
                if taken > 0 { return taken }
                if unsafe link.pointee.isDrained, unsafe link.pointee.mayRest {
                    unsafe COpenSSL_set_retry(bio, 1)
                    return -1
                }
                unsafe link.pointee.receives &+= 1
                if unsafe COpenSSL_bio_kernel_receives(bio) != 0 {
                    return unsafe BIO_meth_get_read(BIO_s_socket())?(bio, buffer, size) ?? -1
                }
                let fd = unsafe link.pointee.fd
                let count = retrying { unsafe recv(fd, buffer, Int(size), 0) }
                if count > 0 {
                    unsafe link.pointee.isDrained = count < Int(size)
                    return Int32(truncatingIfNeeded: count)
                }
                if count == 0 {
                    unsafe link.pointee.sawEnd = true
                    unsafe BIO_set_flags(bio, Int32(BIO_FLAGS_IN_EOF))
                    return 0
                }
                if errno == EAGAIN {
                    unsafe COpenSSL_set_retry(bio, 1)
                } else {
                    unsafe link.pointee.failure = errno
                }
                return -1
            }

    private static let write:
        @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32)
            -> Int32 = { bio, bytes, size in
                guard let link = unsafe link(bio), let bytes = unsafe bytes, size > 0 else {
                    return 0
                }
                unsafe COpenSSL_clear_retry(bio)
                unsafe link.pointee.sends &+= 1
                if unsafe COpenSSL_bio_kernel_sends(bio) != 0 {
                    return unsafe BIO_meth_get_write(BIO_s_socket())?(bio, bytes, size) ?? -1
                }
                let fd = unsafe link.pointee.fd
                let count = retrying {
                    unsafe Glibc.send(fd, bytes, Int(size), Int32(MSG_NOSIGNAL))
                }
                if count >= 0 { return Int32(truncatingIfNeeded: count) }
                if errno == EAGAIN {
                    unsafe COpenSSL_set_retry(bio, 0)
                } else {
                    unsafe link.pointee.failure = errno
                }
                return -1
            }

    private static func takeEarly(
        _ link: UnsafeMutablePointer<TLSLink>, _ buffer: UnsafeMutablePointer<CChar>, _ size: Int32
    ) -> Int32 {
        let start = unsafe link.pointee.earlyTaken
        let count = unsafe min(link.pointee.early.count - start, Int(size))
        guard count > 0 else { return 0 }
        unsafe link.pointee.early.withUnsafeBytes { bytes in
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
            unsafe UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(from: part)
        }
        unsafe link.pointee.earlyTaken += count
        if unsafe link.pointee.earlyTaken == link.pointee.early.count {
            unsafe link.pointee.early = []
            unsafe link.pointee.earlyTaken = 0
        }
        return Int32(count)
    }
}
