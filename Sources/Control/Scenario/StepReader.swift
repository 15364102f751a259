import Caching
import CloudFront
import Edge
import Reactor
import Simulation

/// Reads the steps of a scenario; mistakes are noted, and the step is left out.
struct StepReader {
    let findings: Findings
    /// Names of the origins that there are.
    let origins: [String]
    /// Of the edge that the steps are played on; nil after a mistake in them.
    let settings: Settings?

    /// The longest target: edges refuse those of more than 8,192 bytes, which is a case as well.
    static let targetBytesMax = 16_384

    private static let actions = [
        "origin", "get", "head", "request", "concurrently", "advance", "at", "invalidate",
        "restart",
    ]

    func step(_ element: Section.Element, isConcurrent: Bool = false) -> Step? {
        guard case .section(var section) = element else {
            if case .value(let given) = element {
                findings.error(
                    at: given.place, "\(given.name) is no step",
                    "write it as \"- get: /path\", with what is expected below")
            }
            return nil
        }
        let named = Self.actions.filter { section.has($0) }
        guard named.count == 1, let name = named.first else {
            let keys = section.entries().map(\.name)
            let near = keys.compactMap { nearestName(to: $0, in: Self.actions) }.first
            findings.error(
                at: section.place,
                named.isEmpty
                    ? "the step does nothing" : "the step does \(named.joined(separator: " and "))",
                named.isEmpty
                    ? near.map { "did you mean \"\($0)\"?" }
                        ?? "add one of \(Self.actions.joined(separator: ", "))"
                    : "make it \(named.count) steps")
            return nil
        }
        if isConcurrent, ["concurrently", "restart"].contains(name) {
            findings.error(
                at: section.place, "\(name) cannot happen at the same time as something else",
                "make it a step of its own")
            return nil
        }
        return step(name, &section, isConcurrent)
    }

    private func step(_ name: String, _ section: inout Section, _ isConcurrent: Bool) -> Step? {
        let action: Step.Action?
        switch name {
        case "origin": action = section.section("origin").flatMap { origin($0) }
        case "concurrently":
            let steps = section.elements("concurrently") ?? []
            action = .concurrently(steps.compactMap { step($0, isConcurrent: true) })
        case "advance":
            let time = ValueForm<Milliseconds>.duration(1...(BehaviorPolicy.year * 100))
            action = section.given("advance")?.read(time, findings).map { .advance($0) }
        case "at":
            let time = ValueForm<Milliseconds>.duration(0...(BehaviorPolicy.year * 100))
            action = section.given("at")?.read(time, findings).map { .wait(until: $0) }
        case "invalidate":
            var isSoft = false
            section.read("soft", &isSoft, .flag)
            action = section.list("invalidate").map { .invalidate(invalidation($0, isSoft)) }
        case "restart":
            action = section.given("restart")?.read(.yes, findings).map { _ in .restart }
        default: action = request(name, &section).map { .request($0) }
        }
        let line = section.place.lineNumber
        let isRequest = ["get", "head", "request"].contains(name)
        let scope = CheckReader.Scope(isRequest: isRequest, isConcurrent: isConcurrent)
        let checks = CheckReader(findings: findings, origins: origins).read(&section, scope)
        section.finish()
        if isRequest, checks == nil {
            findings.error(
                at: section.place, "the step expects nothing, so that it cannot fail",
                "add \"expect:\" with what must come, or \"expect: any\"")
        }
        return action.map { Step($0, checks: checks ?? [], line: line) }
    }

    // MARK: requests

    private func request(_ name: String, _ section: inout Section) -> ViewerRequest? {
        var request: ViewerRequest?
        if name == "request" {
            request = section.given("request")?.read(.requestLine, findings)
        } else {
            request = section.given(name)?.read(.requestPath(upTo: Self.targetBytesMax), findings)
                .map { ViewerRequest(method: name.uppercased(), target: $0) }
        }
        var host = "edge.test"
        section.read("host", &host, .hostHeader)
        let fields = section.section("headers").map { self.fields($0) } ?? []
        let body = section.given("body")?.text
        var leaves: Milliseconds?
        section.read("leaves", &leaves, .duration(1...3_600_000))
        var isSecured = false
        section.read("https", &isSecured, .flag)
        var address: SocketAddress?
        section.read("from", &address, .viewerAddress)
        request?.address = address
        request?.host = host
        request?.isSecured = isSecured
        request?.fields = fields
        request?.body = body
        request?.leavesAfter = leaves
        return request
    }

    /// A list as a value is so many fields of that name.
    func fields(_ section: Section) -> [(name: String, value: ScenarioText)] {
        var section = section
        var fields: [(name: String, value: ScenarioText)] = []
        for entry in section.entries() {
            let named = Given(name: "the name", text: entry.name, place: entry.place)
            guard let name = named.read(.fieldName, findings) else { continue }
            for element in entry.elements {
                guard case .value(let given) = element else {
                    findings.error(at: entry.place, "\(name) is a mapping", "write one value")
                    continue
                }
                guard given.read(.fieldValue, findings) != nil,
                    let value = given.read(.scenarioText, findings)
                else { continue }
                fields.append((name, value))
            }
        }
        return fields
    }

    // MARK: invalidations

    private func invalidation(_ paths: [Given], _ isSoft: Bool) -> Invalidation {
        var rules: [InvalidationRule] = []
        for given in paths {
            do throws(APIError) {
                let path = try InvalidationPath(given.text)
                for var rule in (settings ?? Settings()).rules(for: path) {
                    rule.isSoft = isSoft
                    rules.append(rule)
                }
            } catch {
                return Invalidation(
                    paths: paths.map(\.text), rules: [], refusal: error.message)
            }
        }
        return Invalidation(paths: paths.map(\.text), rules: rules)
    }
}

extension Finding.Place {
    /// 1 where there is no line.
    var lineNumber: Int {
        if case .line(_, let number) = self { number } else { 1 }
    }
}

extension ValueForm where Value == Bool {
    /// `true`, for what is either written or not.
    fileprivate static var yes: Self {
        Self { text throws(Complaint) in
            guard text == "true" else { throw Complaint("is not true", "write true") }
            return true
        }
    }
}

extension ValueForm where Value == SocketAddress {
    /// Without a port, which is of no account.
    fileprivate static var viewerAddress: Self {
        Self { text throws(Complaint) in
            guard let address = SocketAddress(ip: text) else {
                throw Complaint("is no address", "write it as 198.51.100.1 or 2001:db8::1")
            }
            return address.with(port: 40_000)
        }
    }
}

extension ValueForm where Value == ViewerRequest {
    /// `METHOD /path`.
    fileprivate static var requestLine: Self {
        Self { text throws(Complaint) in
            let parts = text.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2,
                (try? ValueForm<String>.fieldName.parse(String(parts[0]))) != nil
            else { throw Complaint("is no request", "write it as \"PUT /path\"") }
            let target = try ValueForm<String>.requestPath(upTo: StepReader.targetBytesMax)
                .parse(String(parts[1]))
            return ViewerRequest(method: String(parts[0]), target: target)
        }
    }
}
