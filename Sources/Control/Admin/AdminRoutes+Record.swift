import Edge

// What passes, as a scenario: POST /record/start and POST /record/stop, and what has passed: POST
// /record/last.
extension AdminRoutes {
    func startRecording(_ request: AdminRequest) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        do throws(RecordingRefusal) {
            try subject.beginRecording()
            return AdminResponse(200, "recording")
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }

    func stopRecording(_ request: AdminRequest) -> AdminResponse {
        scenario(request) { (name, pattern, showsSecrets) throws(RecordingRefusal) in
            try subject.endRecording(named: name, pattern: pattern, showsSecrets: showsSecrets)
        }
    }

    func lookBack(_ request: AdminRequest) -> AdminResponse {
        scenario(request) { (name, pattern, showsSecrets) throws(RecordingRefusal) in
            guard let last = request.parameter("milliseconds").flatMap({ Int64($0) }), last > 0
            else { throw RecordingRefusal(status: 400, text: "give milliseconds=N, one or more") }
            return try subject.lookBack(
                last: last, named: name, pattern: pattern, showsSecrets: showsSecrets)
        }
    }

    private func scenario(
        _ request: AdminRequest,
        _ write: (_ name: String?, _ pattern: String?, Bool) throws(RecordingRefusal) -> String
    ) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        do throws(RecordingRefusal) {
            let text = try write(
                request.parameter("name"), request.parameter("path"),
                request.parameter("secrets") == "true")
            return AdminResponse(200, type: "application/yaml", Array(text.utf8))
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }
}
