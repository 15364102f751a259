import Glibc
import HTTP

/// A URL, or the path of one, as a log may hold it: without what signs somebody in (law 6).
///
/// Hidden are the user and password before a host (RFC 9110 §4.2.4) and sessions that stand in a
/// path (`;jsessionid=…`); a referer's query and fragment, which may hold another site's tokens,
/// are left out. Allocates nothing.
@safe  // points into the request, as long as its caller holds it
struct LoggedURL {
    private let text: UnsafeRawBufferPointer
    private var at = 0
    /// What is hidden next; empty at the end of the text: nothing more.
    private var hidden: Range<Int>

    /// The path of a request.
    init(path: UnsafeRawBufferPointer) {
        unsafe text = unsafe path
        hidden = 0..<0
        hidden = session(from: 0)
    }

    init(referer: UnsafeRawBufferPointer) {
        let end = unsafe referer.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        unsafe text = unsafe UnsafeRawBufferPointer(rebasing: referer[..<(end ?? referer.count)])
        hidden = 0..<0
        hidden = unsafe Self.userInfo(text) ?? session(from: 0)
    }

    /// A run of bytes of the URL.
    @safe  // as its URL
    struct Piece {
        let run: UnsafeRawBufferPointer
        let isHidden: Bool
    }

    /// The next run of bytes, which may be one to hide; nil at the end.
    mutating func next() -> Piece? {
        guard unsafe at < text.count else { return nil }
        let run = at < hidden.lowerBound ? at..<hidden.lowerBound : hidden
        let isHidden = run == hidden
        at = run.upperBound
        if isHidden { hidden = session(from: at) }
        return unsafe Piece(
            run: UnsafeRawBufferPointer(rebasing: text[run]), isHidden: isHidden)
    }

    /// The value of the first parameter of a path segment that holds a credential.
    private func session(from start: Int) -> Range<Int> {
        var at = start
        while let mark = semicolon(from: at) {
            var end = mark.upperBound
            while unsafe end < text.count, unsafe text[end] != UInt8(ascii: "/"),
                semicolon(at: end) == 0
            {
                end += 1
            }
            let parameter = unsafe UnsafeRawBufferPointer(rebasing: text[mark.upperBound..<end])
            if let length = unsafe SecretParameter.nameLength(parameter),
                mark.upperBound + length + 1 < end
            {
                return (mark.upperBound + length + 1)..<end
            }
            at = end
        }
        return unsafe text.count..<text.count
    }

    /// The next `;`, encoded or not. Nearly every path has none, and each hit that is logged asks.
    private func semicolon(from start: Int) -> Range<Int>? {
        let plain = unsafe first(0x3B, in: start..<text.count)
        var encoded = unsafe first(0x25, in: start..<(plain ?? text.count))
        while let at = encoded {
            if semicolon(at: at) > 0 { return at..<(at + 3) }
            encoded = unsafe first(0x25, in: (at + 1)..<(plain ?? text.count))
        }
        return plain.map { $0..<($0 + 1) }
    }

    /// How long the `;` is that begins there; 0: none does.
    private func semicolon(at place: Int) -> Int {
        if unsafe text[place] == UInt8(ascii: ";") { return 1 }
        guard unsafe text[place] == UInt8(ascii: "%"), unsafe place + 2 < text.count,
            unsafe text[place + 1] == UInt8(ascii: "3"), unsafe text[place + 2] | 0x20 == 0x62
        else { return 0 }
        return 3
    }

    private func first(_ byte: Int32, in range: Range<Int>) -> Int? {
        guard !range.isEmpty, let base = unsafe text.baseAddress,
            let found = unsafe memchr(base + range.lowerBound, byte, range.count)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - base
    }

    /// What stands before the last `@` of the authority; nil where there is none.
    private static func userInfo(_ text: UnsafeRawBufferPointer) -> Range<Int>? {
        var start = 0
        for index in 0..<max(0, text.count - 1)
        where unsafe text[index] == UInt8(ascii: "/") && text[index + 1] == UInt8(ascii: "/") {
            start = index + 2
            break
        }
        var end = start
        while end < text.count, unsafe text[end] != UInt8(ascii: "/") { end += 1 }
        let sign = unsafe text[start..<end].lastIndex(of: UInt8(ascii: "@"))
        return sign.flatMap { $0 > start ? start..<$0 : nil }
    }
}

/// A parameter, `name=value`, whose value is a credential, or part of what signs a request: no log
/// and no recording has it.
package enum SecretParameter {
    /// - Parameter name: as it is written.
    package static func isSecret(_ name: some StringProtocol) -> Bool {
        let bytes = Array(name.utf8)
        return unsafe isSecret(bytes.span.bytes)
    }

    /// Whether the value of a parameter is a URL that has a credential: see `NestedCredential`.
    package static func isNested(in parameter: some StringProtocol) -> Bool {
        unsafe Array(parameter.utf8).withUnsafeBytes { unsafe NestedCredential.isIn($0) }
    }

    /// What stands between parameters of a query; some servers take `;` for `&`.
    @inline(__always)
    static func parts(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
    }

    /// Length of its name as written; nil when it carries none, nor is a URL that does.
    static func nameLength(_ parameter: UnsafeRawBufferPointer) -> Int? {
        if let length = unsafe ownNameLength(parameter) { return length }
        guard unsafe NestedCredential.isIn(parameter) else { return nil }
        return unsafe parameter.firstIndex { $0 == UInt8(ascii: "=") } ?? parameter.count
    }

    private static func ownNameLength(_ parameter: UnsafeRawBufferPointer) -> Int? {
        guard parameter.count > 4 else { return nil }
        switch unsafe parameter[0] | 0x20 {
        case 97...99, 105, 106, 107, 111, 112, 114, 115, 116, 120: break  // as below
        case UInt8(ascii: "%"): break
        default: return nil
        }
        let limit = min(parameter.count, 3 * nameMax + 1)
        var length = 0
        while length < limit, unsafe parameter[length] != UInt8(ascii: "=") { length += 1 }
        guard length < limit else { return nil }
        let name = unsafe UnsafeRawBufferPointer(rebasing: parameter[..<length])
        return unsafe isSecret(name.bytes) ? length : nil
    }

    private static let nameMax = 20
    /// Those before `credentialCount` say who asks, whatever else the request is. The others sign
    /// one URL, or belong to signing in, and mean something else as often.
    private static let names: InlineArray<32, StaticString> = [
        "access_token", "authkey", "jsessionid", "api_key", "apikey", "token", "ticket",
        "id_token", "refresh_token", "oauth_token", "accesstoken", "auth_token", "bearer_token",
        "private_token", "jwt", "sessionid", "session_id", "session_key", "csrfmiddlewaretoken",
        "secret", "client_secret", "password", "passwd", "pwd",
        "code", "state", "key", "signature", "policy", "x-amz-signature", "x-amz-security-token",
        "x-amz-credential",
    ]
    private static let credentialCount = 24

    /// The names of those that make a request a session's.
    static var credentials: [String] { (0..<credentialCount).map { "\(names[$0])" } }

    /// Whether a name says who asks, in any case, encoded or not.
    static func isCredential(_ name: RawSpan) -> Bool { isAmong(credentialCount, name) }

    private static func isSecret(_ name: RawSpan) -> Bool { isAmong(names.count, name) }

    /// How long names are that begin with a letter, as bits. A map's query has a dozen parameters,
    /// none of which is a secret's, and each hit's line asks for all of them.
    private static let lengths: InlineArray<26, UInt32> = {
        var lengths = InlineArray<26, UInt32>(repeating: 0)
        for index in names.indices {
            lengths[Int(names[index].byte(0) &- 97)] |= 1 << names[index].utf8CodeUnitCount
        }
        return lengths
    }()

    /// A name that is spelled in another way is the same name to who reads it.
    private static func isAmong(_ count: Int, _ name: RawSpan) -> Bool {
        var isEncoded = false
        for index in 0..<name.byteCount where name.byte(index) == UInt8(ascii: "%") {
            isEncoded = true
        }
        if !isEncoded {
            guard name.byteCount > 0, name.byteCount <= nameMax else { return false }
            let letter = name.byte(0) | 0x20
            guard letter >= 97, letter <= 122,
                lengths[Int(letter - 97)] & 1 << name.byteCount != 0
            else { return false }
        }
        for index in 0..<count
        where isEncoded
            ? PercentCoding.spells(name, names[index]) : equalsIgnoringCase(name, names[index])
        {
            return true
        }
        return false
    }
}
