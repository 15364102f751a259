/// Why the control API did not do what it was asked: a code that clients make an exception of.
///
/// Source: the service's model of 2020-05-31, errors and their statuses; the sentences are the
/// model's, or the live service's where it says something else.
public struct APIFault: Error, Equatable, Sendable {
    public var code: String
    /// The HTTP status. 5xx only for what may work when tried again, as clients then do.
    public var status: Int
    public var message: String

    public init(_ code: String, _ status: Int, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }

    /// Whether the client made the mistake.
    var isSendersFault: Bool { status < 500 }
}

extension APIFault {
    public static func accessDenied(_ message: String) -> APIFault {
        APIFault("AccessDenied", 403, message)
    }
    public static func invalidArgument(_ message: String) -> APIFault {
        APIFault("InvalidArgument", 400, message)
    }
    public static func malformedXML(_ message: String) -> APIFault {
        APIFault("MalformedXML", 400, message)
    }
    /// The disk or the store failed; the same request may succeed later.
    public static func serviceUnavailable(_ message: String) -> APIFault {
        APIFault("ServiceUnavailable", 503, message)
    }

    // What does not exist.
    static var noSuchDistribution: APIFault {
        APIFault("NoSuchDistribution", 404, "The specified distribution does not exist.")
    }
    static var noSuchInvalidation: APIFault {
        APIFault("NoSuchInvalidation", 404, "The specified invalidation does not exist.")
    }
    static var noSuchResource: APIFault {
        APIFault("NoSuchResource", 404, "A resource that was specified is not valid.")
    }
    static var entityNotFound: APIFault {
        APIFault("EntityNotFound", 404, "The entity was not found.")
    }

    // Bodies.
    static var missingBody: APIFault {
        APIFault(
            "MissingBody", 400,
            "This operation requires a body. Ensure that the body is present and the "
                + "Content-Type header is set.")
    }
    static var inconsistentQuantities: APIFault {
        APIFault(
            "InconsistentQuantities", 400,
            "The value of Quantity and the size of Items don't match.")
    }
    static var batchTooLarge: APIFault {
        APIFault("BatchTooLarge", 413, "Invalidation batch specified is too large.")
    }
    static var invalidTagging: APIFault {
        APIFault("InvalidTagging", 400, "The tagging specified is not valid.")
    }

    // Invalidations.
    public static var invalidPaths: APIFault {
        invalidArgument("Your request contains one or more invalid invalidation paths.")
    }
    static var tooManyInvalidations: APIFault {
        APIFault(
            "TooManyInvalidationsInProgress", 400,
            "Processing your request will cause you to exceed the maximum number of in-progress "
                + "invalidations.")
    }
    static var tooManyWildcards: APIFault {
        APIFault(
            "TooManyInvalidationsInProgress", 400,
            "Processing your request will cause you to exceed the maximum number of in-progress "
                + "wildcard invalidations.")
    }
    static func referenceReused(_ answer: ReusedReferenceAnswer) -> APIFault {
        let message =
            "Your request contains a caller reference that was used for a previous invalidation "
            + "batch for the same distribution."
        switch answer {
        case .invalidArgument: return invalidArgument(message)
        case .invalidationBatchAlreadyExists:
            return APIFault("InvalidationBatchAlreadyExists", 400, message)
        }
    }

    // Versions and changes.
    static var invalidIfMatchVersion: APIFault {
        APIFault(
            "InvalidIfMatchVersion", 400,
            "The If-Match version is missing or not valid for the resource.")
    }
    static var preconditionFailed: APIFault {
        APIFault(
            "PreconditionFailed", 412,
            "The precondition in one or more of the request fields evaluated to false.")
    }
    static var illegalUpdate: APIFault {
        APIFault("IllegalUpdate", 400, "The update contains modifications that are not allowed.")
    }
    static var distributionNotDisabled: APIFault {
        APIFault(
            "DistributionNotDisabled", 409,
            "The specified CloudFront distribution is not disabled. You must disable the "
                + "distribution before you can delete it.")
    }
    static var distributionAlreadyExists: APIFault {
        APIFault(
            "DistributionAlreadyExists", 409,
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
