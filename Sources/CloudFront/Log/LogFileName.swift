public import Caching

/// How the files of a standard access log are named. Source: CloudFront, "File name format".
public enum LogFileName {
    /// `prefix/distribution.YYYY-MM-DD-HH.unique.gz`, the hour in UTC.
    ///
    /// `moment` is in milliseconds since 1970. `unique` tells the files of one hour apart; see
    /// `unique(from:)`.
    public static func text(
        prefix: String, distribution: String, moment: Milliseconds, unique: String
    ) -> String {
        text(
            prefix: prefix, distribution: distribution, hour: hour(moment), unique: unique)
    }

    /// The same; `hour` as it stands in the name, such as `2019-12-04-21`.
    public static func text(
        prefix: String, distribution: String, hour: String, unique: String
    ) -> String {
        let start = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        return "\(start)\(distribution).\(hour).\(unique).gz"
    }

    /// What a file's name, without its directory, tells: of which log it is, `E1`, and the hour,
    /// `2019-12-04-21`. nil: it is none of a standard log's.
    public static func parts(of name: String) -> (log: String, hour: String)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[parts.count - 1] == "gz" else { return nil }
        let hour = parts[parts.count - 3]
        let form = hour.utf8.map { (48...57).contains($0) ? 48 : $0 }
        guard form.elementsEqual("0000-00-00-00".utf8) else { return nil }
        return (parts.dropLast(3).joined(separator: "."), String(hour))
    }

    /// `2019-12-04-21`.
    static func hour(_ moment: Milliseconds) -> String {
        let text = unsafe [UInt8](unsafeUninitializedCapacity: 32) { memory, count in
            var line = unsafe LogLine(UnsafeMutableRawBufferPointer(memory))
            line.append(moment: moment)
            count = line.count
        }
        let parts = String(decoding: text, as: UTF8.self).split(separator: "\t")
        return "\(parts[0])-\(parts[1].prefix(2))"
    }

    /// Eleven capital letters and digits from a random number, as CloudFront writes.
    public static func unique(from random: UInt64) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        var rest = random
        var text: [UInt8] = []
        for _ in 0..<11 {
            text.append(letters[Int(rest % 36)])
            rest /= 36
        }
        return String(decoding: text, as: UTF8.self)
    }
}
