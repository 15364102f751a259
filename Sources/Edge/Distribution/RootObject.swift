import Caching
import CloudFront
import HTTP
import Reactor

extension HeadLimits {
    /// For heads of the edge's own making, which are a little longer than what they are made of.
    static var ownRequest: HeadLimits {
        HeadLimits(targetBytes: 16_384, headBytes: 65_535, fieldCount: 128)
    }
}

extension RequestHead {
    /// The path as the viewer wrote it, whatever it stands for since.
    func askedPath(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let root: StaticString = "/"
        return unsafe standsForRoot
            ? UnsafeRawBufferPointer(start: root.utf8Start, count: root.utf8CodeUnitCount)
            : UnsafeRawBufferPointer(rebasing: bytes[path.range])
    }
}

// A request for `/` is one for the distribution's root object, from here on.
extension LoopState where N: ~Copyable {
    /// Whether the request at hand asks for exactly `/`, which stands for another path.
    ///
    /// Source: CloudFront, "Specifying a default root object": any method, and no directory's.
    func asksForRoot(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe !hot.rootObject.isEmpty && namesRoot(bytes)
    }

    /// Whether the request at hand names exactly `/`.
    @inline(__always)
    func namesRoot(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard head.path.count <= 1, !head.isAboutServer else { return false }
        return unsafe head.path.isEmpty
            ? head.targetForm == .absolute : bytes[head.path.range].first == 47
    }

    /// The request at hand as if it had named the root object; `head` is read anew from what is
    /// returned, which lies in the loop's memory. nil: it cannot be put so, and `head` stays.
    mutating func forRootObject(
        _ bytes: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        var writer = unsafe HeadWriter(scratch.rewritten)
        unsafe writer.append(bytes: UnsafeRawBufferPointer(rebasing: bytes[head.methodName.range]))
        writer.append(" ")
        unsafe writer.append(bytes: hot.rootObject)
        if head.hasQuery {
            writer.append("?")
            unsafe writer.append(bytes: UnsafeRawBufferPointer(rebasing: bytes[head.query.range]))
        }
        // The version and the fields as they came; an absolute target's host is in Host as well.
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.target.end...])
        unsafe writer.append(bytes: rest)
        guard writer.isIntact else { return nil }
        let request = unsafe UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(scratch.rewritten)[..<writer.count])
        var scan = HeadScan()
        guard
            case .complete = unsafe parseRequest(
                request.bytes, &scan, limits: .ownRequest, into: &rewrittenHead)
        else { return nil }
        rewrittenHead.standsForRoot = true
        swap(&head, &rewrittenHead)
        return unsafe request
    }
}
