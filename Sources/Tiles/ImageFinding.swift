/// What a body turned out to be where an image was asked for.
public enum ImageFinding: Equatable, Sendable {
    /// An image of the asked format and size that ends as the format does.
    case whole
    /// There are no bytes.
    case empty
    /// An OGC exception in place of the image, whatever the status and the Content-Type say.
    case serviceException
    /// A web page, XML or JSON document, or other bytes that are no image of a known format.
    case notImage
    /// An image, but of this format.
    case otherFormat(MapFormat)
    /// An image of this size in pixels.
    case otherSize(width: Int, height: Int)
    /// It does not end with the format's terminator (IEND, EOI, the trailer), or is shorter than
    /// RIFF states: cut off, or followed by other bytes.
    case truncated
    /// Longer than RIFF states, or fewer bytes than the framing promised were sent.
    case wrongLength
    /// The header of the image is broken.
    case damaged

    /// Whether it is what was asked for.
    public var isWhole: Bool { self == .whole }

    /// The word for logs, metrics and `Cache-Status`.
    public var word: StaticString {
        switch self {
        case .whole: "whole"
        case .empty: "empty-body"
        case .serviceException: "service-exception"
        case .notImage: "not-an-image"
        case .otherFormat: "wrong-format"
        case .otherSize: "wrong-size"
        case .truncated: "truncated"
        case .wrongLength: "wrong-length"
        case .damaged: "damaged"
        }
    }
}

extension ImageFinding: CustomStringConvertible {
    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .whole: "the body is the image that was asked for"
        case .empty: "the body is empty"
        case .serviceException: "the body is an OGC service exception in place of an image"
        case .notImage: "the body is no image of a known format"
        case .otherFormat(let format): "the body is an image of another format: \(format)"
        case .otherSize(let width, let height):
            "the image is \(width) × \(height) pixels and not of the size that was asked for"
        case .truncated: "the image does not end with its format's terminator"
        case .wrongLength: "the image's length is not the one that the response or itself states"
        case .damaged: "the image's header says what its format forbids"
        }
    }
}
