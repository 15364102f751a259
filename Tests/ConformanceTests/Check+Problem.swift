import WireTesting

extension Check {
    /// What is wrong with a response, or with the request that the origin got; nil if nothing.
    func problem(_ response: Response, _ request: Request?) -> String? {
        switch self {
        case .status(let status):
            response.status == status ? nil : "status \(response.status), not \(status)"
        case .body(let body):
            response.text == body
                ? nil : "body \(quoted(response.body[...])), not \(quoted(Array(body.utf8)[...]))"
        case .field(let name, let value): equality(name, response[name], value)
        case .has(let name): response[name] == nil ? "no \(name)" : nil
        case .lacks(let name): response[name].map { "\(name) is present: \($0)" }
        case .contains(let name, let part): containment(name, response[name], part)
        case .age(let range): ageProblem(response, range)
        case .cacheStatus(let parameter):
            containment("Cache-Status", response["Cache-Status"], parameter)
        case .ttl(let seconds): lifetimeProblem(response, seconds)
        case .count(let name, let count):
            response.head.values(name).count == count
                ? nil : "\(name) is \(response.head.values(name)), not \(count) times"
        case .interim(let status):
            response.interim.contains { $0.startLine.contains(" \(status) ") }
                ? nil : "no \(status) before the response"
        case .noInterim: response.interim.isEmpty ? nil : "an interim response"
        case .trailer(let name, let value):
            response.trailers.contains {
                $0.name.lowercased() == name.lowercased() && $0.value == value
            }
                ? nil : "trailer \(name) is missing in \(response.trailers)"
        case .closes: nil
        // Nothing may have been sent yet when the origin fails: then it is an error.
        case .cut: response.isCut || response.status == 502 ? nil : "the response looks complete"
        default: requestProblem(request)
        }
    }

    private func requestProblem(_ request: Request?) -> String? {
        guard let request else { return "no request to look at" }
        switch self {
        case .sent(let name, let value): return equality("sent \(name)", request[name], value)
        case .sentHas(let name): return request[name] == nil ? "the request has no \(name)" : nil
        case .sentLacks(let name): return request[name].map { "the request has \(name): \($0)" }
        case .sentContains(let name, let part):
            return containment("sent \(name)", request[name], part)
        case .sentMethod(let method):
            return request.method == method ? nil : "the request is a \(request.method)"
        case .sentTarget(let end):
            return request.target.hasSuffix("/" + end) ? nil : "the target is \(request.target)"
        case .sentBody(let body):
            return request.text == body ? nil : "the request's body is \(quoted(request.body[...]))"
        default: return nil
        }
    }

    private func lifetimeProblem(_ response: Response, _ seconds: Int) -> String? {
        let status = response["Cache-Status"] ?? ""
        let left = status.split(separator: ";").lazy.map { $0.drop { $0 == " " } }
            .first { $0.hasPrefix("ttl=") }
            .flatMap { Int($0.dropFirst(4)) }
        return left.map((seconds - max(5, seconds / 5)...seconds).contains) == true
            ? nil : "ttl in Cache-Status is not \(seconds): \(status)"
    }

    private func equality(_ name: String, _ got: String?, _ expected: String) -> String? {
        got == expected ? nil : "\(name) is \(got ?? "absent"), not \(expected)"
    }

    private func containment(_ name: String, _ got: String?, _ part: String) -> String? {
        got?.contains(part) == true ? nil : "\(name) is \(got ?? "absent"), without \(part)"
    }

    private func ageProblem(_ response: Response, _ range: ClosedRange<Int>) -> String? {
        let age = response["Age"].flatMap { Int($0) }
        return age.map(range.contains) == true
            ? nil : "Age is \(response["Age"] ?? "absent"), not \(range)"
    }
}
