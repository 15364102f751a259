import Caching
import CloudFront

// Which rule it was: for people, and cold.
extension Invalidations {
    /// The latest rule in force that names what is stored under a canonical key. Cold: compares
    /// rule by rule.
    ///
    /// - Parameters:
    ///   - fields: those of the response; empty: it is judged by its key alone.
    ///   - orSoft: one counts as well that only ends lifetimes.
    func latest(
        naming canonical: [UInt8], showing fields: [UInt8] = [], orSoft: Bool = false
    ) -> (number: UInt64, rule: InvalidationRule)? {
        let (journal, reading) = inForce
        return journal.last { number, rule in
            var index = InvalidationIndex()
            index.reading = reading
            index.insert(rule, number: number)
            let found = unsafe index.numbers(of: canonical.span.bytes, fields: fields.span.bytes)
            return (orSoft ? found.highest : found.dead) == number
        }
    }

    /// The latest rule in force that names a tag of a stored response. Cold, as above.
    ///
    /// - Parameter fields: its header block.
    func latest(
        namingTagIn fields: [UInt8], orSoft: Bool = true
    ) -> (number: UInt64, rule: InvalidationRule)? {
        inForce.journal.last { number, rule in
            guard rule.reach == .tag else { return false }
            var index = InvalidationIndex()
            index.insert(rule, number: number)
            let found = unsafe fields.withUnsafeBytes {
                unsafe index.numbers(ofTagsIn: $0.bytes)
            }
            return (orSoft ? found.highest : found.dead) == number
        }
    }
}
