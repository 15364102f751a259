/// A check of a member that somebody beside the loops makes, on a connection of his own: what is
/// sent, and what the answer is worth.
package struct CheckReading {
    package let request: [UInt8]
    private var judge: ProbeJudge
    private var finding: ProbeFinding?

    package init(_ check: CheckSettings, of member: MemberSettings, _ origin: OriginSettings) {
        request = Probe.request(check, origin, member)
        judge = ProbeJudge(check, limit: origin.health.bodyBytes)
    }

    /// Takes the bytes that follow the ones before; true when no more are needed.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if finding == nil { finding = unsafe judge.take(bytes)?.finding }
        return finding != nil
    }

    /// The connection ended.
    package mutating func end() {
        if finding == nil { finding = judge.endOfStream().finding }
    }

    /// Why the check failed, in a clause; nil: it passed.
    package var failure: String? {
        guard let finding else { return judge.timedOut().finding.sentence }
        return finding.hasPassed ? nil : finding.sentence
    }
}
