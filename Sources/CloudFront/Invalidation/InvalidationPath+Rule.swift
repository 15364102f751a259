public import Caching

extension InvalidationRule {
    /// What an item of an invalidation asks for, on any host.
    public init(_ path: InvalidationPath) {
        switch path.withoutEmptyQuery {
        case .exact(let bytes): self.init(.target, bytes)
        case .prefix(let bytes): self.init(.prefix, bytes)
        case .tag(let bytes): self.init(.tag, bytes)
        }
    }
}
