import Testing

@testable import Control

@Suite("Layers: when they, and grid sets, are read")
struct LayerScheduleTests {
    private let interval = 300_000
    private let quiet = (number: UInt64(0), isSettled: true)

    /// One that has read all at time 0.
    private func schedule(layers: String? = nil, gridSets: String? = nil) -> LayerSchedule {
        var schedule = LayerSchedule()
        schedule.end(
            [.layers, .gridSets], layers: layers, gridSets: gridSets, began: 0, interval: interval)
        return schedule
    }

    @Test("both at first, and each time the interval is over")
    func rhythm() {
        #expect(LayerSchedule().due(at: 5, after: quiet) == [.layers, .gridSets])
        let schedule = schedule()
        #expect(schedule.due(at: 299_999, after: quiet) == [])
        #expect(schedule.due(at: 300_000, after: quiet) == [.layers, .gridSets])
    }

    @Test("a WMTS that fails is asked every two seconds, and its WMS at the interval all the same")
    func failingSets() {
        var schedule = schedule(gridSets: "404")
        var now: Int64 = 0
        while now < 298_000 {
            #expect(schedule.due(at: now + 1_999, after: quiet) == [])
            now += 2_000
            #expect(schedule.due(at: now, after: quiet) == .gridSets)
            schedule.end(.gridSets, layers: nil, gridSets: "404", began: now, interval: interval)
        }
        #expect(schedule.due(at: 300_000, after: quiet) == [.layers, .gridSets])
        schedule.end(.gridSets, layers: nil, gridSets: nil, began: now, interval: interval)
        #expect(schedule.due(at: now + 299_999, after: quiet) == .layers)
    }

    @Test("and the other way round")
    func failingLayers() {
        var schedule = schedule(layers: "503")
        #expect(schedule.due(at: 2_000, after: quiet) == .layers)
        schedule.end(.layers, layers: nil, gridSets: nil, began: 2_000, interval: interval)
        #expect(schedule.due(at: 300_000, after: quiet) == .gridSets)
        #expect(schedule.due(at: 302_000, after: quiet) == [.layers, .gridSets])
    }

    @Test("a write has the layers read as soon as it is over, whatever is the matter with the sets")
    func writes() {
        for failure in [nil, "404"] {
            var schedule = schedule(gridSets: failure)
            #expect(schedule.due(at: 1, after: (1, false)) == [])
            #expect(schedule.due(at: 1, after: (1, true)) == .layers)
            schedule.styleChange = 1
            #expect(schedule.due(at: 1, after: (1, true)) == [])
        }
        // Who could not tell a moment ago is not asked without a pause.
        let schedule = schedule(layers: "503")
        #expect(schedule.due(at: 1_999, after: (1, true)) == [])
        #expect(schedule.due(at: 2_000, after: (1, true)) == .layers)
    }

    @Test("what failed is told until it is read, and after a change of settings all is due")
    func failures() {
        var schedule = schedule(layers: "503", gridSets: "404")
        #expect(schedule.failure == "503; 404")
        schedule.end(.layers, layers: nil, gridSets: nil, began: 9, interval: interval)
        #expect(schedule.failure == "404")
        schedule.styleChange = 3
        schedule.restart()
        #expect(schedule.failure == nil && schedule.styleChange == 3)
        #expect(schedule.due(at: 10, after: (3, true)) == [.layers, .gridSets])
    }
}
