import Caching
import CloudFront
import Edge

/// The access log as file and flags describe it, before it is known what both come to.
struct AccessLogDraft {
    enum Format { case json, cloudfront }

    var format = Format.json
    var path: String?
    var isStandardOutput = false
    var bufferBytes = 1 << 20
    var directory: String?
    var prefix = ""
    var distribution: String?
    var secrets = LoggedSecrets()
}

extension ValueForm where Value == AccessLogDraft.Format {
    static var logFormat: Self { .choice(["json": .json, "cloudfront": .cloudfront]) }
}

extension ValueForm where Value == String {
    /// Parts of a path below a directory.
    static var logPrefix: Self {
        Self { text throws(Complaint) in
            guard !text.hasPrefix("/"), !text.split(separator: "/").contains("..") else {
                throw Complaint(
                    "leads out of the directory",
                    "write names with \"/\" between them, such as maps/edge")
            }
            return text
        }
    }
}

extension ConfigurationReader {
    mutating func readAccessLog(_ section: Section) {
        var section = section
        section.read("format", &accessLog.format, .logFormat)
        section.read("path", &accessLog.path, .text)
        section.read("stdout", &accessLog.isStandardOutput, .flag)
        section.read("buffer", &accessLog.bufferBytes, .bytes(4_096...(1 << 30)))
        section.read("directory", &accessLog.directory, .text)
        section.read("prefix", &accessLog.prefix, .logPrefix)
        section.read("distribution", &accessLog.distribution, .distributionID)
        section.read(
            "cookies", &accessLog.secrets.showsCookies, .choice(["names": false, "values": true]))
        section.read(
            "referers", &accessLog.secrets.showsReferers, .choice(["path": false, "whole": true]))
        section.read(
            "credentials", &accessLog.secrets.showsCredentials,
            .choice(["hidden": false, "shown": true]))
        section.finish()
    }

    mutating func settleAccessLog() {
        switch accessLog.format {
        case .json: settleLines()
        case .cloudfront: settleArchive()
        }
    }

    private mutating func settleLines() {
        if let directory = accessLog.directory {
            findings.error(
                at: findings.place(of: "accessLog.directory"),
                "\"\(directory)\" is a directory, and JSON lines go to one file",
                "write path, or format: cloudfront")
            return
        }
        if accessLog.secrets != LoggedSecrets() {
            let secrets = accessLog.secrets
            let key =
                secrets.showsCookies
                ? "cookies" : secrets.showsReferers ? "referers" : "credentials"
            findings.error(
                at: findings.place(of: "accessLog.\(key)"),
                "JSON lines never hold that", "remove it, or write format: cloudfront")
            return
        }
        guard accessLog.path == nil || !accessLog.isStandardOutput else {
            findings.error(
                at: findings.place(of: "accessLog.stdout"),
                "the access log has both a path and stdout", "keep one of them")
            return
        }
        guard accessLog.path != nil || accessLog.isStandardOutput else { return }
        configuration.settings.accessLog = AccessLogSettings(
            path: accessLog.path, bufferBytes: accessLog.bufferBytes)
    }

    private mutating func settleArchive() {
        if accessLog.path != nil || accessLog.isStandardOutput {
            findings.error(
                at: findings.place(
                    of: accessLog.path != nil ? "accessLog.path" : "accessLog.stdout"),
                "CloudFront's format is written to files of an hour",
                "write directory: DIR in place of path and stdout, or format: json")
            return
        }
        guard let directory = accessLog.directory else {
            findings.error(
                at: findings.place(of: "accessLog.format"),
                "CloudFront's format needs a directory for its files",
                "add directory: DIR to accessLog, or --access-log DIR")
            return
        }
        let own =
            configuration.distribution.map { ($0.record.id, $0.record.domainName) }
            ?? OwnDistribution.identity(of: configuration.settings.name)
        let id = accessLog.distribution ?? own.0
        configuration.settings.accessLog = AccessLogSettings(
            path: nil, bufferBytes: accessLog.bufferBytes,
            archive: LogArchiveSettings(
                directory: directory, prefix: accessLog.prefix, distribution: id,
                domainName: accessLog.distribution == nil
                    ? own.1 : domainName(ofDistribution: id),
                secrets: accessLog.secrets))
    }
}
