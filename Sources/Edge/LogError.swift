import Glibc

/// The access log cannot be opened.
public struct LogError: Error, CustomStringConvertible {
    public let path: String
    public let code: Int32

    public var description: String {
        unsafe "cannot open the access log \"\(path)\": "
            + "\(String(cString: strerror(code))); \(remedy)"
    }

    private var remedy: String {
        switch code {
        case ELOOP: "it is a symbolic link; name the file itself"
        case EISDIR: "name a file in it"
        case ENXIO:
            "it is a socket, or a FIFO without a reader that this user may not read; name a file, "
                + "or let this user read the FIFO"
        default: "check that its directory exists and that this user may write there"
        }
    }
}
