/// The version of this build, as `--version` and `/metrics` show it.
public let mapEdgeVersion = "0.1.0"
