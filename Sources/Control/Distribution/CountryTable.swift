import Edge
import Reactor

/// Largest table that is read, in bytes: every block that is assigned fits several times.
private let tableBytesMax = 128 << 20
/// Mistakes that are told of one table; a file of another kind has one in each line.
private let mistakesMax = 10

/// A table of lines `CIDR,CC`, such as `203.0.113.0/24,AU`.
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
        if parts.count == 2, let block = AddressBlock(parts[0]),
            let country = try? ValueForm.country.parse(parts[1])
        {
            blocks.append(CountryBlock(block, country: country))
            continue
        }
        mistakes += 1
        guard mistakes <= mistakesMax else { break }
        findings.error(
            at: .line(file: file.text, index + 1), "this line is no block with its country",
            "write CIDR,CC, such as 203.0.113.0/24,AU")
    }
    return blocks
}

private func trimmed(_ part: Substring) -> String {
    var part = part.drop { $0 == " " || $0 == "\t" }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
}
