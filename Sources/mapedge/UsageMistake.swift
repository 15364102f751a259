import ArgumentParser
import Control

/// What is wrong with a command line, as a sentence without its full stop.
///
/// ArgumentParser's words, but that a command that is none is called so, with the one that was most
/// likely meant, and that no flag is suggested that is nothing like the one that was written.
struct UsageMistake: CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - text: what ArgumentParser says.
    ///   - words: of the command line, behind the program's name.
    init(_ text: String, in words: some Sequence<String>) {
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        if quoted.count == 3, text.hasPrefix("Unexpected argument "),
            let known = Self.commands(insteadOf: quoted[1], in: words)
        {
            let near = nearestName(to: quoted[1], in: known)
            description =
                "'\(quoted[1])' is no command"
                + (near.map { ". Did you mean '\($0)'?" } ?? "")
            return
        }
        if quoted.count == 5, text.hasPrefix("Unknown option "),
            !Self.isNear(quoted[1], quoted[3])
        {
            description = "Unknown option '\(quoted[1])'"
            return
        }
        description = text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private static func isNear(_ written: String, _ meant: String) -> Bool {
        let name = { (flag: String) in String(flag.drop { $0 == "-" }) }
        return nearestName(to: name(written), in: [name(meant)]) != nil
    }

    /// The commands of which one had to stand where the word does; nil where any argument may.
    private static func commands(
        insteadOf word: String, in words: some Sequence<String>
    ) -> [String]? {
        var command: any ParsableCommand.Type = MapEdge.self
        for next in words {
            let known = command.configuration.subcommands
            if let found = known.first(where: { name(of: $0) == next }) {
                command = found
            } else {
                return next == word && !known.isEmpty ? known.map(name) : nil
            }
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }
}
