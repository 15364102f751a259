import WireTesting

private let hour = "Cache-Control: max-age=3600"

/// A response that no later request can be shown to match: it is passed on and not stored.
private func never(
    _ id: String, _ prose: String, _ vary: String, _ fields: [String] = [],
    _ anchor: String = "RFC 9111 §4.1"
) -> Case {
    let ask = Ask(method: "GET", fields: fields)
    return Case(
        id, prose, anchor, .must, .asks(ask, .ok(hour, vary)), .asks(ask, .ok(hour, vary)),
        .asks(.ok(hour)), .hits())
}

private func names(_ count: Int, _ width: Int = 1) -> String {
    (1...count).map { "X-\($0)" + String(repeating: "a", count: width) }.joined(separator: ", ")
}

private func list(_ count: Int, last: String = "last") -> String {
    ((1..<count).map { "v\($0)" } + [last]).joined(separator: ", ")
}

let untellableCases: [Case] =
    [
        never(
            "vary-17", "what varies by more than sixteen fields is not stored",
            "Vary: \(names(17))"),
        never(
            "vary-long", "nor what names them in more than 1,024 bytes", "Vary: \(names(12, 90))"),
        never("vary-long-name", "also by a single name", "Vary: X-\(names(1, 1_100))"),
        Case(
            "vary-16", "sixteen fields select", "RFC 9111 §4.1", .optimal,
            .asks(get("X-16a: 1"), .ok(hour, "Vary: \(names(16))", body: "one")),
            .asks(get("X-16a: 2"), .ok(hour, "Vary: \(names(16))", body: "two")),
            .hits(get("X-16a: 1"), .body("one")), .hits(get("X-16a: 2"), .body("two"))),
        Case(
            "vary-17-replaces", "what cannot be told apart does not hide what is stored for others",
            "RFC 9111 §4.1", .must,
            .asks(get("X-V: 1"), .ok(hour, "Vary: X-V", body: "one")),
            .asks(get("X-V: 2"), .ok(hour, "Vary: \(names(17))", body: "two")),
            .hits(get("X-V: 1"), .body("one"))),
        Case(
            "vary-33", "a list of more than 32 members finds nothing and stores nothing",
            "RFC 9111 §4.1", .must,
            .asks(get("X-V: \(list(33))"), .ok(hour, "Vary: X-V")),
            .asks(get("X-V: \(list(33))"), .ok(hour, "Vary: X-V")),
            .asks(get("X-V: \(list(33, last: "other"))"), .ok(hour, "Vary: X-V"))),
        Case(
            "vary-33-stored", "nor does it find what is stored for the first 32",
            "RFC 9111 §4.1", .must,
            .asks(get("X-V: \(list(32))"), .ok(hour, "Vary: X-V", body: "short")),
            .asks(get("X-V: \(list(32)), more"), .ok(hour, "Vary: X-V", body: "long")),
            .hits(get("X-V: \(list(32))"), .body("short")),
            .asks(get("X-V: \(list(32)), less"), .ok(hour, "Vary: X-V"))),
        Case(
            "vary-33-lines", "nor is it cut when it comes in several lines", "RFC 9111 §4.1",
            .must,
            .asks(
                get("X-V: \(list(20))", "X-V: \(list(20, last: "a"))"),
                .ok(hour, "Vary: X-V", body: "a")),
            .asks(
                get("X-V: \(list(20))", "X-V: \(list(20, last: "b"))"),
                .ok(hour, "Vary: X-V", body: "b"))),
        Case(
            "vary-33-language", "languages are cut no more than other lists", "RFC 9111 §4.1",
            .must,
            .asks(
                get("Accept-Language: \(list(33))"),
                .ok(hour, "Vary: Accept-Language", body: "a")),
            .asks(
                get("Accept-Language: \(list(33))"),
                .ok(hour, "Vary: Accept-Language", body: "b"))),
        Case(
            "vary-connection", "a field that Connection takes away selects nothing",
            "RFC 9110 §7.6.1", .must,
            .asks(
                get("Origin: http://a.test", "Connection: Origin"),
                .ok(hour, "Vary: Origin", body: "without"), .sentLacks("Origin")),
            .asks(get("Origin: http://a.test"), .ok(hour, "Vary: Origin", body: "with")),
            .hits(get(), .body("without")),
            .hits(get("Origin: http://a.test", "Connection: origin"), .body("without")),
            .hits(get("Origin: http://a.test"), .body("with"))),
        Case(
            "vary-connection-unknown", "whatever its name", "RFC 9110 §7.6.1", .must,
            .asks(
                get("X-V: 1", "Connection: X-V"), .ok(hour, "Vary: X-V", body: "without"),
                .sentLacks("X-V")),
            .asks(get("X-V: 1"), .ok(hour, "Vary: X-V", body: "with")),
            .hits(get(), .body("without"))),
    ]
    + [
        "X-Forwarded-For", "X-Forwarded-Port", "X-Real-IP", "Forwarded",
    ].map { name in
        never(
            "vary-\(name.lowercased())",
            "what varies by \(name), which each proxy writes anew, is not stored",
            "Vary: \(name)", ["\(name): 1"])
    }
