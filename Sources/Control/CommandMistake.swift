/// Something that keeps `log`, `replay` or `seed` from their work, in one line that ends with what
/// to do.
public struct CommandMistake: Error, Equatable, CustomStringConvertible {
    public let description: String
    /// The command line is wrong; if not, something failed at run time.
    public let isUsage: Bool

    init(_ description: String, isUsage: Bool = false) {
        self.description = description
        self.isUsage = isUsage
    }

    /// A flag whose value is no value of its form.
    init(_ flag: String, _ text: String, _ complaint: Complaint) {
        self.init(
            "\(flag) is \"\(printable(text))\", which \(complaint.problem); \(complaint.remedy)",
            isUsage: true)
    }
}
