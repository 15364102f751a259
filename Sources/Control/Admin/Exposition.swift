import Edge

/// The Prometheus text format 0.0.4: HELP and TYPE once for each name, then its samples.
///
/// Samples of one name need not stand together in `samples`; they do in the text, as the format
/// demands. Source: prometheus.io, "Exposition formats".
func exposition(_ samples: [CounterSample], _ histograms: [HistogramSample]) -> String {
    var text = ""
    var order: [String] = []
    var families: [String: [CounterSample]] = [:]
    for sample in samples {
        if families[sample.name] == nil { order.append(sample.name) }
        families[sample.name, default: []].append(sample)
    }
    for name in order {
        guard let family = families[name], let first = family.first else { continue }
        text += preamble(name, first.help, first.kind.rawValue)
        for sample in family {
            text += "\(name)\(labels(sample.labels)) \(number(sample.value))\n"
        }
    }
    for histogram in histograms { append(histogram, to: &text) }
    return text
}

private func append(_ histogram: HistogramSample, to text: inout String) {
    let name = histogram.name
    text += preamble(name, histogram.help, "histogram")
    for bucket in histogram.buckets {
        text += "\(name)_bucket{le=\"\(number(bucket.bound))\"} \(bucket.count)\n"
    }
    text += "\(name)_sum \(number(histogram.sum))\n\(name)_count \(histogram.count)\n"
}

private func preamble(_ name: String, _ help: String, _ type: String) -> String {
    "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
}

private func labels(_ labels: [(String, String)]) -> String {
    if labels.isEmpty { return "" }
    let pairs = labels.map { "\($0)=\"\(escaped($1, quotes: true))\"" }
    return "{\(pairs.joined(separator: ","))}"
}

private func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\"" where quotes: result += "\\\""
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}

private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return "\(value)"
}
