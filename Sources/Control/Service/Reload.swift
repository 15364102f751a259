import Edge

/// What a reload cannot change, one line for each value that differs.
///
/// The loops, the store and the logs are made at the start, and swapping half of a configuration
/// would leave nobody sure what is in force.
///
/// - Parameter places: where the new values were written.
func unchangeable(
    from old: Configuration, to new: Configuration, _ places: [String: Finding.Place] = [:]
) -> [String] {
    let values = { (configuration: Configuration) -> [(key: String, value: String)] in
        let settings = configuration.settings
        return [
            ("admin", "\(configuration.admin)"),
            ("logLevel", "\(configuration.logLevel)"),
            ("clock", "\(configuration.clock)"),
            ("loops", "\(settings.loops)"),
            ("limits.connectionsPerLoop", "\(settings.limits.connectionsPerLoop)"),
            ("accessLog", "\(String(describing: settings.accessLog))"),
            ("cloudfront", "\(configuration.outgoing)"),
            ("tls.ticketKeyTime", "\(settings.ticketKeyInterval)"),
            ("ownWrites.places", "\(settings.ownWrites.places)"),
            ("cache.directory", settings.cache.directory ?? ""),
            ("cache.size", "\(settings.cache.bytes)"),
            ("cache.fillMemory", "\(settings.cache.fillBytes)"),
            ("cache.backlog", "\(settings.cache.backlogBytes)"),
        ]
    }
    return zip(values(old), values(new)).filter { $0.value != $1.value }.map { old, _ in
        "\(nearestPlace(of: old.key, in: places))\(old.key) cannot change while the edge runs; "
            + "put it back, or restart the edge"
    }
}
