import Edge

// What passes, as a scenario: POST /record/start and POST /record/stop.
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
        if let refusal = acting(request) { return refusal }
        do throws(RecordingRefusal) {
            let text = try subject.endRecording(
                named: request.parameter("name"), pattern: request.parameter("path"),
                showsSecrets: request.parameter("secrets") == "true")
            return AdminResponse(200, type: "application/yaml", Array(text.utf8))
        } catch {
            return AdminResponse(error.status, error.text)
        }
    }
}
