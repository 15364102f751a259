import CloudFront
import Edge
import Reactor

/// Largest table that is read, in bytes: every block that is assigned fits several times.
private let tableBytesMax = 128 << 20
/// Mistakes that are told of one table; a file of another kind has one in each line.
private let mistakesMax = 10

/// A table of lines `CIDR,CC[,NAME=VALUE]...`, such as `203.0.113.0/24,AU,city=Sydney`.
///
/// Empty lines and those that begin with `#` are passed over. Cost: linear in the file.
///
/// - Parameter file: names the file.
func readCountryTable(_ file: Given, _ findings: Findings) -> [CountryBlock] {
    let text: String
    do throws(Complaint) {
        text = try readTextFile(file.text, bytesMax: tableBytesMax)
    } catch {
        findings.error(at: file.place, "\(file.name) \(error.problem)", error.remedy)
        return []
    }
    var blocks: [CountryBlock] = []
    var mistakes = 0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
        let parts = line.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        if parts.first?.isEmpty != false && parts.count < 2 || line.hasPrefix("#") { continue }
        do throws(Complaint) {
            blocks.append(try countryBlock(parts))
        } catch {
            mistakes += 1
            guard mistakes <= mistakesMax else { break }
            findings.error(
                at: .line(file: file.text, index + 1), error.problem, error.remedy)
        }
    }
    return blocks
}

private func countryBlock(_ parts: [String]) throws(Complaint) -> CountryBlock {
    guard parts.count >= 2, let block = AddressBlock(parts[0]),
        let country = try? ValueForm.country.parse(parts[1])
    else {
        throw Complaint(
            "this line is no block with its country", "write CIDR,CC, such as 203.0.113.0/24,AU")
    }
    var place = ViewerPlace()
    for part in parts.dropFirst(2) {
        let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, let field = ViewerPlace.Field(word: trimmed(pair[0])) else {
            let words = ViewerPlace.Field.allCases.map(\.word).joined(separator: ", ")
            throw Complaint(
                "\"\(part)\" is nothing that is known of a place",
                "write NAME=VALUE, NAME one of \(words)")
        }
        guard place.add(field, percentEncoded(trimmed(pair[1]))) else {
            throw Complaint(
                "\"\(part)\" is no \(field.word), or a second one",
                "write it once, in at most \(ViewerPlace.valueBytesMax) characters; numbers and "
                    + "codes as CloudFront sends them")
        }
    }
    return CountryBlock(block, country: country, place: place)
}

/// What is no ASCII as CloudFront sends it (RFC 3986 §2.1); a `%` stands for itself.
private func percentEncoded(_ text: String) -> [UInt8] {
    text.utf8.flatMap { byte in
        guard byte >= 0x80 else { return [byte] }
        return Array("%\(String(byte, radix: 16, uppercase: true))".utf8)
    }
}

extension ViewerPlace.Field {
    /// The name in a table.
    fileprivate var word: String { "\(self)" }

    fileprivate init?(word: String) {
        guard let field = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = field
    }
}

private func trimmed(_ part: Substring) -> String {
    var part = part.drop { $0 == " " || $0 == "\t" }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
}
