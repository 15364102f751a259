import ArgumentParser
import Control

/// What is wrong with a command line, as a sentence without its full stop.
///
/// ArgumentParser's words, but that a command that is none is called so, with the one that was most
/// likely meant, and that no flag is suggested that is nothing like the one that was written.
struct UsageMistake: CustomStringConvertible {
    let description: String
    /// What tells how it is done: `mapedge help`, and the command as far as it is known.
    let help: String

    /// - Parameters:
    ///   - text: what ArgumentParser says.
    ///   - words: of the command line, behind the program's name.
    init(_ text: String, in words: some Sequence<String>) {
        let (path, stray) = Self.read(words)
        help = (["mapedge help"] + path).joined(separator: " ")
        if let (word, known) = stray {
            let near = nearestName(to: word, in: known)
            description = "'\(word)' is no command" + (near.map { ". Did you mean '\($0)'?" } ?? "")
            return
        }
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
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

    /// The commands that are named, and the word that stands where another had to, with those that
    /// might.
    private static func read(
        _ words: some Sequence<String>
    ) -> (path: [String], stray: (word: String, known: [String])?) {
        var command: any ParsableCommand.Type = MapEdge.self
        var path: [String] = []
        for word in words {
            let known = command.configuration.subcommands
            guard let found = known.first(where: { name(of: $0) == word }) else {
                let isStray = !known.isEmpty && !word.hasPrefix("-") && word != "help"
                return (path, isStray ? (word, known.map(name)) : nil)
            }
            command = found
            path.append(word)
        }
        return (path, nil)
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }
}
