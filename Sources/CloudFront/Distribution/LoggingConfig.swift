/// Whether and where standard access logs (version 1) are written.
public struct LoggingConfig: Sendable, Equatable {
    public var isEnabled: Bool
    /// Without it cs(Cookie) is `-`.
    public var includesCookies: Bool
    public var bucket: String
    /// Before each file's name.
    public var prefix: String

    /// No log.
    public init() {
        isEnabled = false
        includesCookies = false
        bucket = ""
        prefix = ""
    }

    static func read(_ given: ConfigFields) -> LoggingConfig {
        var fields = given
        defer { fields.finish() }
        var logging = LoggingConfig()
        logging.isEnabled = fields.flag("Enabled", else: false)
        logging.includesCookies = fields.flag("IncludeCookies", else: false)
        logging.bucket = fields.optionalText("Bucket")
        logging.prefix = fields.optionalText("Prefix", limit: 256)
        if logging.isEnabled, logging.bucket.isEmpty {
            fields.log.error(
                fields.place("Bucket"), "logging is enabled without a bucket", "name one in Bucket")
        }
        if logging.isEnabled {
            fields.log.notEmulated(
                fields.place("Enabled"), "no log goes to a bucket",
                "the configuration's accessLog says where one is written")
        }
        if logging.includesCookies {
            fields.log.notEmulated(
                fields.place("IncludeCookies"), "cookies are logged without their values",
                "any may be a secret: cs(Cookie) has NAME=- of each, unless accessLog says "
                    + "cookies: values")
        }
        return logging
    }
}
