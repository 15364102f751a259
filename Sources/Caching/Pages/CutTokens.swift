/// Where tokens stood in a page that is stored without them, and what each reader gets there.
public struct CutTokens: Sendable, Equatable {
    public enum Kind: Sendable, Hashable {
        /// What the reader's cookie says.
        case plain
        /// The same under a new mask: see ``FormSecret``.
        case masked
        /// Made up for this one page; the same wherever its length and letters are the same.
        case random(length: Int, isHex: Bool)
    }

    public struct Place: Sendable, Equatable {
        /// Bytes of the stored page that come before it.
        public var offset: Int
        public var kind: Kind
        public init(_ offset: Int, _ kind: Kind) {
            self.offset = offset
            self.kind = kind
        }
    }

    /// A page with more is its reader's own.
    public static var placesMax: Int { 256 }
    /// By their offsets.
    public var places: [Place] = []
    /// The name of the cookie; empty: no place needs one.
    public var cookie: [UInt8] = []
    /// How a reader is given the cookie who has none: what Set-Cookie says behind the value. nil:
    /// the site has not said so, and nobody without it gets the page.
    public var attributes: [UInt8]?

    public init() {}

    /// Its reader has to show the cookie.
    public var needsCookie: Bool { !cookie.isEmpty && attributes == nil }

    // MARK: filling

    /// The page with tokens in all places.
    ///
    /// - Parameter secret: valid by ``FormSecret/isValid(_:)``.
    public func filled(
        _ text: [UInt8], secret: [UInt8], using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var (page, made) = ([] as [UInt8], [:] as [Kind: [UInt8]])
        page.reserveCapacity(text.count + places.count * FormSecret.maskedLength)
        var at = 0
        for place in places {
            page += text[at..<place.offset]
            at = place.offset
            switch place.kind {
            case .plain: page += secret
            case .masked: page += FormSecret.masked(secret, using: &random)
            case .random(let length, let isHex):
                let token = made[place.kind] ?? Self.token(length, isHex, using: &random)
                made[place.kind] = token
                page += token
            }
        }
        return page + text[at...]
    }

    private static func token(
        _ length: Int, _ isHex: Bool, using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        if isHex {
            let digits = Array("0123456789abcdef".utf8)
            return (0..<length).map { _ in digits[.random(in: 0..<16, using: &random)] }
        }
        var token: [UInt8] = []
        while token.count < length { token += FormSecret.made(using: &random) }
        return Array(token.prefix(length))
    }

    // MARK: as a field of what is stored

    /// `120p,340m,900h32,1200l40`: offsets and kinds.
    public var list: [UInt8] {
        Array(
            places.map { place in
                switch place.kind {
                case .plain: "\(place.offset)p"
                case .masked: "\(place.offset)m"
                case .random(let length, true): "\(place.offset)h\(length)"
                case .random(let length, false): "\(place.offset)l\(length)"
                }
            }.joined(separator: ",").utf8)
    }

    /// The cookie's name, and behind `=` its attributes, where they are known.
    public var setting: [UInt8] { cookie + (attributes.map { [UInt8(ascii: "=")] + $0 } ?? []) }

    /// The same as they were written; nil if they were not written by this.
    ///
    /// - Parameter length: of the stored page.
    public init?(list: [UInt8], setting: [UInt8], length: Int) {
        cookie = Array(setting.prefix { $0 != UInt8(ascii: "=") })
        if cookie.count < setting.count { attributes = Array(setting[(cookie.count + 1)...]) }
        var least = 0
        for element in list.split(separator: UInt8(ascii: ",")) {
            let digits = element.prefix { (0x30...0x39).contains($0) }
            guard let place = Self.place(digits, element.dropFirst(digits.count)),
                place.offset >= least, place.offset <= length
            else { return nil }
            least = place.offset
            places.append(place)
        }
        if cookie.isEmpty, places.contains(where: { !$0.kind.isRandom }) { return nil }
    }

    private static func place(_ digits: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) -> Place? {
        guard let offset = Int(String(decoding: digits, as: UTF8.self)), let word = rest.first
        else { return nil }
        let length = Int(String(decoding: rest.dropFirst(), as: UTF8.self))
        switch (word, length) {
        case (UInt8(ascii: "p"), nil) where rest.count == 1: return Place(offset, .plain)
        case (UInt8(ascii: "m"), nil) where rest.count == 1: return Place(offset, .masked)
        case (UInt8(ascii: "h"), .some(let length)) where TokenRule.lengths.contains(length):
            return Place(offset, .random(length: length, isHex: true))
        case (UInt8(ascii: "l"), .some(let length)) where TokenRule.lengths.contains(length):
            return Place(offset, .random(length: length, isHex: false))
        default: return nil
        }
    }
}

extension CutTokens.Kind {
    /// It has nothing to do with the reader's cookie.
    var isRandom: Bool { if case .random = self { true } else { false } }
}
