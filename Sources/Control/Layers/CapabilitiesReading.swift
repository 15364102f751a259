import Edge
import Tiles

/// Makes something of a service's capabilities, piece by piece as they arrive.
protocol CapabilitiesReading: Sendable {
    associatedtype Found

    /// Takes the bytes that follow the ones before; may not be used any more after it has thrown.
    mutating func take(_ bytes: RawSpan) throws(CapabilitiesError)
    /// Says that the document ends here.
    mutating func finish() throws(CapabilitiesError) -> Found
}

extension CapabilitiesReader: CapabilitiesReading {}
extension PoolGridSetsReader: CapabilitiesReading {}

extension MemberClient {
    /// Asks a member for capabilities. Blocking; bounded by the reader's limits.
    ///
    /// - Parameter reader: one that has taken nothing yet.
    /// - Throws: also when what is answered are none.
    static func capabilities<Reader: CapabilitiesReading>(
        _ target: MemberTarget, _ question: String, into reader: Reader
    ) throws(Failure) -> Reader.Found {
        var reader = reader
        var mistake: CapabilitiesError?
        try ask(target, "GET", question) { piece in
            guard mistake == nil else { return }
            do throws(CapabilitiesError) { try reader.take(piece) } catch { mistake = error }
        }
        do throws(CapabilitiesError) {
            if let mistake { throw mistake }
            return try reader.finish()
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Asks one member after the other, until one has told of all these services.
    ///
    /// - Parameters:
    ///   - query: what is asked for at each path.
    ///   - lack: why what was found does not count; nil: it does.
    /// - Returns: what was found at each path, and whose word that is.
    /// - Throws: why the last member could not tell.
    static func capabilities<Reader: CapabilitiesReading>(
        at paths: [String], _ query: String, of targets: [MemberTarget], into reader: Reader,
        lack: (Reader.Found) -> String?
    ) throws(Failure) -> (found: [Reader.Found], member: String) {
        var failure = Failure("no member is fit to say")
        for target in targets {
            do throws(Failure) {
                // One document after the other of one member: those of two may differ.
                var all: [Reader.Found] = []
                for path in paths {
                    do throws(Failure) {
                        let found = try capabilities(target, "\(path)?\(query)", into: reader)
                        if let lack = lack(found) { throw Failure(lack) }
                        all.append(found)
                    } catch {
                        throw Failure("\(path): \(error.text)")
                    }
                }
                return (all, target.member.name)
            } catch {
                failure = Failure("\(target.member.name): \(error.text)")
            }
        }
        throw failure
    }
}
