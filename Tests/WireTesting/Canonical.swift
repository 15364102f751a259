/// What makes a request that an origin got ambiguous.
public func canonicalProblems(_ request: Request) -> [String] {
    var problems: [String] = []
    if !request.target.hasPrefix("/") { problems.append("its target is \(request.target)") }
    if request.version != "HTTP/1.1" { problems.append("its version is \(request.version)") }
    if request.head.values("Host").count != 1 { problems.append("it has not one Host") }
    let lengths = request.head.values("Content-Length")
    let codings = request.head.values("Transfer-Encoding")
    if lengths.count + codings.count > 1 { problems.append("it is framed twice") }
    if let coding = codings.first, coding != "chunked" { problems.append("coding \(coding)") }
    if request["Expect"] != nil { problems.append("it has Expect") }
    return problems
}
