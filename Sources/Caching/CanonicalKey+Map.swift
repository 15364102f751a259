public import Tiles

extension CanonicalKey {
    /// Appends the normal form of a request for a map, in place of its path and query.
    ///
    /// Nothing is appended where the target is no request for a picture, where servers would not
    /// agree on it, or where the answer must not be shared: the outcome says which.
    ///
    /// - Parameters:
    ///   - path: as sent.
    ///   - query: as sent, without `?`.
    ///   - services: what tells two spellings of one tile as one.
    public mutating func append(
        mapOf path: RawSpan, query: RawSpan, services: MapServices
    ) -> TileRequest.Outcome {
        let begin = count
        let start = open(.mapRequest)
        guard !overflowed else { return .none }
        let outcome = unsafe TileRequest.normalise(
            path: path, query: query, services: services,
            key: UnsafeMutableRawBufferPointer(rebasing: memory[start...]))
        if case .request(let request) = outcome, request.bypass == nil,
            request.map.format.isImage
        {
            count = start + request.keyLength
            close(from: start)
        } else {
            truncate(to: begin)
        }
        return outcome
    }
}
