/// What a Cache-Control field of a simulated origin says, read slowly and obviously: a second
/// opinion, made of nothing that the edge is made of. Times in seconds.
struct Wish {
    /// `s-maxage`, else `max-age`.
    var lifetime: Int?
    var staleWhileRevalidate: Int?
    /// `no-cache`, `no-store` or `private`.
    var forbidsReuse = false

    init(_ field: String?) {
        var members: [String: String] = [:]
        for member in (field ?? "").split(separator: ",") {
            let parts = member.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            members[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        lifetime = (members["s-maxage"] ?? members["max-age"]).flatMap { Int($0) }
        staleWhileRevalidate = members["stale-while-revalidate"].flatMap { Int($0) }
        // With a list of fields `no-cache` is about these.
        forbidsReuse =
            members["no-cache"]?.isEmpty == true || members["no-store"] != nil
            || members["private"] != nil
    }
}
