import Testing

/// `#expect` for a claim about a value that cannot be copied, which the macro cannot take apart,
/// and for claims made by the thousand, since it costs nothing while they hold.
func expect(_ claim: Bool, _ location: SourceLocation = #_sourceLocation) {
    if !claim { Issue.record("this does not hold", sourceLocation: location) }
}
