public import Caching

extension InvalidationRule {
    /// What an item of an invalidation asks for, on any host; nil: nothing, as a tag does where no
    /// field has any.
    ///
    /// - Parameter tagField: the response field that has tags; empty: none.
    public init?(_ path: InvalidationPath, tagField: [UInt8]) {
        switch path.withoutEmptyQuery {
        case .exact(let bytes): self.init(.target, bytes)
        case .prefix(let bytes): self.init(.prefix, bytes)
        case .tag(let name):
            if tagField.isEmpty { return nil }
            self.init(tag: name, in: tagField)
        }
    }
}
