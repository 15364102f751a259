import HTTP

/// What a cookie means for the page that is asked for with it.
public enum CookieClass: UInt8, Sendable, CaseIterable {
    /// Names a person, or what one has begun: the answer is for nobody else.
    case session = 1
    /// The secret that forms are signed with: the page is the same for all, unless it has a token.
    case csrf = 2
    /// Holds what is to be told once: this one answer is for nobody else.
    case messages = 3
    /// The language that was chosen.
    case locale = 4
    /// Pages do not depend on it: it goes no further.
    case analytics = 5
    /// In no list: nothing is known of it, so that the answer is for nobody else.
    case unlisted = 0
}

/// Which cookies are of which class, by name; one that ends in `*` stands for all that begin so.
///
/// Of several patterns that match, the class that is first in ``CookieClass`` counts.
public struct CookieClasses: Sendable, Equatable {
    public var csrf = ["csrftoken"]
    public var messages = ["messages"]
    public var locale = ["django_language"]
    /// Standard: all that no other list names. The origin sees none of them, so that no page can
    /// depend on them.
    public var analytics = ["*"]

    public init() {}

    /// The lists as `name(in:of:)` reads them: class, whether it is a prefix, length and name of
    /// each. Names are at most 255 bytes.
    public func table(sessions: [String]) -> [UInt8] {
        let lists: [(CookieClass, [String])] = [
            (.session, sessions), (.csrf, csrf), (.messages, messages), (.locale, locale),
            (.analytics, analytics),
        ]
        return lists.flatMap { kind, names in
            names.flatMap { name -> [UInt8] in
                let isPrefix = name.hasSuffix("*")
                let bytes = Array((isPrefix ? String(name.dropLast()) : name).utf8.prefix(255))
                return [kind.rawValue, isPrefix ? 1 : 0, UInt8(bytes.count)] + bytes
            }
        }
    }

    /// The class of a cookie's name. Names are case-sensitive (RFC 6265). Allocates nothing.
    public static func named(_ name: RawSpan, in table: RawSpan) -> CookieClass {
        var at = 0
        while at + 3 <= table.byteCount {
            let length = Int(table[at + 2])
            let isPrefix = table[at + 1] == 1
            let start = at + 3
            if isPrefix ? name.byteCount >= length : name.byteCount == length {
                var same = 0
                while same < length, name[same] == table[start + same] { same += 1 }
                if same == length { return CookieClass(rawValue: table[at]) ?? .unlisted }
            }
            at = start + length
        }
        return .unlisted
    }
}

/// Walks the pairs of a Cookie line, `name=value`, without blanks around them; allocates nothing.
public struct CookiePairs: Sendable {
    private var at = 0
    public init() {}

    /// Name and whole pair, as offsets into the line; nil behind the last one.
    public mutating func next(in line: RawSpan) -> (name: Range<Int>, pair: Range<Int>)? {
        while at < line.byteCount {
            let start = at
            while at < line.byteCount, line[at] != UInt8(ascii: ";") { at += 1 }
            let pair = line.trimmed(start..<at)
            at += 1
            if pair.isEmpty { continue }
            var end = pair.lowerBound
            while end < pair.upperBound, line[end] != UInt8(ascii: "=") { end += 1 }
            return (line.trimmed(pair.lowerBound..<end), pair)
        }
        return nil
    }
}

/// The classes of a request's cookies.
public struct CookiesSeen: Sendable, Equatable {
    private var bits: UInt8 = 0
    public init() {}
    public init(_ classes: [CookieClass]) { for kind in classes { insert(kind) } }

    public mutating func insert(_ kind: CookieClass) { bits |= 1 << kind.rawValue }
    public func contains(_ kind: CookieClass) -> Bool { bits & 1 << kind.rawValue != 0 }
}
