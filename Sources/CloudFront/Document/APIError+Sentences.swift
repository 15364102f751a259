// The sentences are the model's, or the live service's where it says something else.
extension APIError {
    public static func accessDenied(_ message: String) -> APIError {
        APIError(.accessDenied, message)
    }
    public static func invalidArgument(_ message: String) -> APIError {
        APIError(.invalidArgument, message)
    }
    public static func malformedXML(_ message: String) -> APIError {
        APIError(.malformedXML, message)
    }
    /// The disk or the store failed; the same request may succeed later.
    public static func serviceUnavailable(_ message: String) -> APIError {
        APIError(.serviceUnavailable, message)
    }

    // What does not exist.
    public static var noSuchDistribution: APIError {
        APIError(.noSuchDistribution, "The specified distribution does not exist.")
    }
    public static var noSuchInvalidation: APIError {
        APIError(.noSuchInvalidation, "The specified invalidation does not exist.")
    }
    public static var noSuchResource: APIError {
        APIError(.noSuchResource, "A resource that was specified is not valid.")
    }
    public static var entityNotFound: APIError {
        APIError(.entityNotFound, "The entity was not found.")
    }

    // Bodies.
    public static var missingBody: APIError {
        APIError(
            .missingBody,
            "This operation requires a body. Ensure that the body is present and the "
                + "Content-Type header is set.")
    }
    public static var inconsistentQuantities: APIError {
        APIError(
            .inconsistentQuantities, "The value of Quantity and the size of Items don't match.")
    }
    public static var batchTooLarge: APIError {
        APIError(.batchTooLarge, "Invalidation batch specified is too large.")
    }
    public static var invalidTagging: APIError {
        APIError(.invalidTagging, "The tagging specified is not valid.")
    }

    // Invalidations.
    public static var invalidPaths: APIError {
        .invalidArgument("Your request contains one or more invalid invalidation paths.")
    }
    static func tooManyInProgress(_ kind: String) -> APIError {
        APIError(
            .tooManyInvalidationsInProgress,
            "Processing your request will cause you to exceed the maximum number of in-progress "
                + "\(kind)invalidations.")
    }
    public static func referenceReused(_ answer: ReusedReferenceAnswer) -> APIError {
        APIError(
            answer == .invalidArgument ? .invalidArgument : .invalidationBatchAlreadyExists,
            "Your request contains a caller reference that was used for a previous invalidation "
                + "batch for the same distribution.")
    }

    // Versions and changes.
    public static var invalidIfMatchVersion: APIError {
        APIError(
            .invalidIfMatchVersion,
            "The If-Match version is missing or not valid for the resource.")
    }
    public static var preconditionFailed: APIError {
        APIError(
            .preconditionFailed,
            "The precondition in one or more of the request fields evaluated to false.")
    }
    public static var illegalUpdate: APIError {
        APIError(.illegalUpdate, "The update contains modifications that are not allowed.")
    }
    public static var distributionNotDisabled: APIError {
        APIError(
            .distributionNotDisabled,
            "The specified CloudFront distribution is not disabled. You must disable the "
                + "distribution before you can delete it.")
    }
    public static var distributionAlreadyExists: APIError {
        APIError(
            .distributionAlreadyExists,
            "The caller reference you attempted to create the distribution with is associated "
                + "with another distribution.")
    }
}

/// What a used caller reference with other paths is answered with. The documentation names one
/// code, the live service and its model another.
public enum ReusedReferenceAnswer: Sendable {
    case invalidArgument
    case invalidationBatchAlreadyExists
}
