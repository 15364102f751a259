/// Request fields by which a script asks for a part of a page. What a server answers to one is of
/// no use to who asks for the page, and few servers name the field in `Vary`.
public enum PartialPageField {
    /// The index of the first field of such a name from `start` on; nil: there is none. A
    /// nanosecond or two for each field that is not known by name; allocates nothing.
    public static func next(
        in head: borrowing RequestHead, _ bytes: RawSpan, from start: Int = 0
    ) -> Int? {
        for index in start..<head.fields.count where head.fields[index].known == .other {
            if isNamed(bytes.extracting(head.fields[index].name.range)) { return index }
        }
        return nil
    }

    /// Whether a field of that name asks for a part.
    @inline(__always)
    static func isNamed(_ name: RawSpan) -> Bool {
        guard name.byteCount >= 3, name.byteCount <= 16 else { return false }
        // Few fields of browsers begin so.
        switch name.byte(0) | 0x20 {
        case UInt8(ascii: "h"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "x"):
            return isListed(name)
        default: return false
        }
    }

    @inline(never)
    private static func isListed(_ name: RawSpan) -> Bool {
        for index in names.indices where equalsIgnoringCase(name, names[index]) { return true }
        return false
    }

    // htmx, pjax, Turbo, Inertia, Unpoly, Alpine AJAX, Livewire, React's server components.
    private static let names: InlineArray<9, StaticString> = [
        "hx-request", "x-pjax", "turbo-frame", "x-inertia", "x-up-version", "x-up-target",
        "x-alpine-request", "x-livewire", "rsc",
    ]
}
