import WireTesting

private let hour = "Cache-Control: max-age=3600"

private func invalidates(_ method: String, _ status: Int, _ kind: Case.Kind = .must) -> Case {
    Case(
        "after-\(method.lowercased())-\(status)", "\(method) answered \(status) invalidates",
        "RFC 9111 §4.4", kind,
        .asks(.ok(hour)), .asks(ask(method, body: "x"), .response(status)), .asks(.ok()))
}

private func keeps(_ method: String, _ status: Int, _ kind: Case.Kind = .optimal) -> Case {
    Case(
        "keep-\(method.lowercased())-\(status)", "\(method) answered \(status) does not",
        "RFC 9111 §4.4", kind,
        .asks(.ok(hour, body: "kept")), .asks(ask(method), .response(status)),
        .hits(get(), .body("kept")))
}

/// A write at one path that names another, and whether the other is asked for again.
private func names(
    _ id: String, _ prose: String, _ field: String, isStale: Bool, status: Int = 201
) -> Case {
    Case(
        id, prose, "RFC 9111 §4.4", isStale ? .must : .should,
        .asks(get(at: "other"), .ok(hour, body: "other")),
        .asks(post(), .response(status, [field])),
        isStale
            ? .asks(get(at: "other"), .ok()) : .hits(get(at: "other"), .body("other")))
}

let invalidationCases: [Case] = [
    invalidates("POST", 200), invalidates("POST", 204), invalidates("POST", 303),
    invalidates("PUT", 201), invalidates("PUT", 204), invalidates("DELETE", 204),
    invalidates("PATCH", 200), invalidates("FROBNICATE", 200), invalidates("MKCOL", 201),
    keeps("POST", 400), keeps("POST", 404), keeps("POST", 500), keeps("PUT", 412),
    keeps("DELETE", 403), keeps("OPTIONS", 200),
    keeps("PROPFIND", 207), keeps("REPORT", 200), keeps("SEARCH", 200), keeps("QUERY", 200),
    invalidates("PROPPATCH", 207), invalidates("propfind", 207), keeps("FROBNICATE", 501),
    names(
        "after-location", "a Location on the same origin is invalidated",
        "Location: /{room}/other", isStale: true),
    names(
        "after-location-absolute", "also as an absolute URL",
        "Location: http://edge.test/{room}/other", isStale: true),
    names(
        "after-location-relative", "also relative to the request", "Location: other",
        isStale: true),
    names(
        "after-content-location", "a Content-Location as well",
        "Content-Location: /{room}/other", isStale: true, status: 200),
    names(
        "after-location-foreign", "one on another origin is not",
        "Location: http://other.test/{room}/other", isStale: false),
    names(
        "after-location-error", "nor what a failed write names", "Location: /{room}/other",
        isStale: false, status: 400),
    Case(
        "after-sign-in", "signing in leaves the page that it leads to", "RFC 9111 §4.4", .optimal,
        .asks(get(at: "other"), .ok(hour, body: "other")),
        .asks(post(at: "account/login/"), .response(302, ["Location: /{room}/other"])),
        .hits(get(at: "other"), .body("other"))),
    Case(
        "after-sign-in-created", "what signing in has created is invalidated", "RFC 9111 §4.4",
        .optimal, .asks(get(at: "other"), .ok(hour, body: "other")),
        .asks(post(at: "login"), .response(201, ["Location: /{room}/other"])),
        .asks(get(at: "other"), .ok())),
    Case(
        "after-form", "any other form may have changed the page that it leads to", "RFC 9111 §4.4",
        .optimal, .asks(get(at: "other"), .ok(hour, body: "other")),
        .asks(post(at: "account/profile/"), .response(302, ["Location: /{room}/other"])),
        .asks(get(at: "other"), .ok())),
    Case(
        "after-query", "a write to one query leaves another", "RFC 9111 §4.4", .optimal,
        .asks(get(at: "it?a=1"), .ok(hour, body: "one")),
        .asks(post(at: "it?a=2"), .ok()), .hits(get(at: "it?a=1"), .body("one"))),
    Case(
        "after-variants", "every variant is invalidated", "RFC 9111 §4.4", .must,
        .asks(get("X-V: 1"), .ok(hour, "Vary: X-V")), .asks(get("X-V: 2"), .ok(hour, "Vary: X-V")),
        .asks(post(), .ok()), .asks(get("X-V: 1"), .ok()), .asks(get("X-V: 2"), .ok())),
    Case(
        "after-refill", "what is stored after the write is served", "RFC 9111 §4.4", .optimal,
        .asks(.ok(hour)), .asks(post(), .ok()), .asks(.ok(hour)), .hits()),
]
