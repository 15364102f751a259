package import Reactor

/// Certificates and trust of one configuration, read from their files.
package struct TLSContexts: Sendable {
    package var viewers: TLSContext?
    /// By origin; nil where no member speaks TLS.
    package var origins: [TLSContext?] = []

    package init() {}

    /// Reads all files anew: what they hold may have changed although their names did not.
    ///
    /// - Throws: `TLSError`, with the file's name and what to do.
    init(_ settings: Settings, _ keys: TLSTicketKeys) throws(TLSError) {
        if settings.listeners.contains(where: \.speaksTLS) {
            viewers = try TLSContext(
                server: settings.viewerTLS ?? TLSServerSettings(identities: []), ticketKeys: keys)
        }
        for origin in settings.origins {
            let isSpoken = origin.expectsTLS || origin.members.contains { $0.tlsHost != nil }
            origins.append(isSpoken ? try TLSContext(client: origin.tls) : nil)
        }
    }
}

extension LoopState where N: ~Copyable {
    /// Begins TLS with a viewer; false if that cannot be, and it is to be closed.
    ///
    /// - Parameter early: received already, behind a PROXY header.
    mutating func secureViewer(_ slot: UInt32, early: UnsafeRawBufferPointer) -> Bool {
        guard let context = snapshot.viewerTLS else { return false }
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        return unsafe network.secure(
            viewers[slot].fd, context, token: token, host: nil, early: early)
    }

    /// The forwarded Host that a fetch's TLS is for beside the member's own name; nil: for that
    /// name alone.
    ///
    /// CloudFront takes a certificate for the origin's domain name or for the Host that it
    /// forwards. Only names of the distribution's count, as none but those reach it there: a viewer
    /// may send any here, and would choose whom the edge believes.
    /// Source: CloudFront, "Require HTTPS for communication between CloudFront and your custom
    /// origin".
    func forwardedTLSHost(_ fetch: Fetch) -> String? {
        let settings = fetch.pool.settings
        guard settings.acceptsForwardedHost, !fetch.request.forwardedHost.isEmpty,
            let own = settings.members[fetch.member].tlsHost, SocketAddress(ip: own) == nil,
            let distribution = fetch.exchange.snapshot.settings.distribution
        else { return nil }
        return unsafe fetch.request.forwardedHost.withUnsafeBytes { bytes in
            let host = unsafe hostPart(of: bytes)
            guard unsafe distribution.name(of: host.bytes) != nil else { return nil }
            let name = unsafe String(decoding: host, as: UTF8.self).lowercased()
            return name == own.lowercased() ? nil : name
        }
    }

    /// Begins TLS with a member, if it speaks it; false if that cannot be.
    mutating func secureOrigin(_ slot: Slot) -> Bool {
        let pool = origins[slot.index].pool
        guard let host = pool.settings.members[origins[slot.index].member].tlsHost else {
            return true
        }
        guard let context = pool.tls else { return false }
        let forwarded = origins[slot.index].forwardedHost
        return unsafe network.secure(
            origins[slot.index].fd, context, token: Token(slot, kind: TokenKind.origin),
            host: forwarded ?? host, or: forwarded.map { _ in host },
            early: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The viewer as origins and logs are told of it.
    func peer(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int) -> Peer {
        var peer = Peer(
            viewers[slot].address, isTrusted: viewers[slot].isTrusted,
            isSecured: viewers[slot].speaksTLS)
        let viewer = unsafe viewerAddress(slot, head, bytes)
        peer.key = ViewerKey.of(viewer, seed: seed.0)
        guard unsafe hot[behavior].imported != nil else { return peer }
        if viewer != viewers[slot].address { peer.viewer = viewer.ipText }
        peer.port = viewers[slot].address.port
        peer.asksForSite = unsafe asksForSite(slot, bytes, behavior)
        peer.facts = unsafe viewerFacts(slot, head, bytes, behavior)
        if viewers[slot].speaksTLS {
            peer.tls = network.namesOfTLS(viewers[slot].fd)
            peer.isKept = viewers[slot].requests > 1
        }
        return peer
    }

    /// Whether a viewer has not even finished its handshake, so that no answer would reach it.
    func isShakingHands(_ slot: UInt32) -> Bool {
        viewers[slot].speaksTLS && network.describeTLS(viewers[slot].fd)?.isEstablished == false
    }

    /// Counts a viewer whose TLS failed for another reason than that it left.
    mutating func noteViewerTLS(_ slot: UInt32) {
        guard viewers[slot].speaksTLS else { return }
        switch network.failureOfTLS(viewers[slot].fd) {
        case .untrusted, .broken: counters.add(.tlsFailures)
        case .truncated, .handshakeAbandoned, .socket, nil: return
        }
    }

    /// Tells the operator why a member's TLS failed, once in a second at most: nothing else shows
    /// that a certificate has expired.
    mutating func noteOriginTLS(_ slot: UInt32) {
        let pool = origins[slot].pool
        let member = pool.settings.members[origins[slot].member]
        guard member.tlsHost != nil, let failure = network.failureOfTLS(origins[slot].fd) else {
            return
        }
        switch failure {
        case .truncated, .socket: return
        case .handshakeAbandoned, .untrusted, .broken: counters.add(.originTLSFailures)
        }
        guard network.monotonicNow >= nextTLSEvent else { return }
        nextTLSEvent = network.monotonicNow + 1_000_000_000
        shared.events.note(
            EdgeEvent(
                .warning, "tls",
                "origin \"\(pool.settings.id)\" member \(member.name): \(failure)"))
    }

    /// Whether the member was not spoken to, since there was no TLS to do it by.
    func hasFailedHandshake(_ fetch: Fetch) -> Bool {
        guard let slot = fetch.connection, origins.contains(slot),
            !origins[slot.index].hasReceived
        else { return false }
        switch network.failureOfTLS(origins[slot.index].fd) {
        case .handshakeAbandoned, .untrusted, .broken: return !origins[slot.index].isReused
        case .truncated, .socket, nil: return false
        }
    }

    /// The store has another file, or none: secured connections are to read that one.
    @inline(never)
    mutating func followMap() {
        mapGeneration = reader?.fileGeneration
        mappedFile = reader?.file
        network.readMap(mappedFile?.map)
    }
}
