import HTTP
import Testing

@testable import Caching

@Suite("Writes: GeoNode's interface for programs, and who may see what")
struct APIWriteTests {
    /// What is under GeoServer's own rules.
    private static let ruled = "everything tiles,legends,info,features,caps"

    @Test(
        "who may see what is of one layer where the path names it",
        arguments: [
            (.post, "/security/permissions/17", "everything all hard"),
            (.post, "/security/bulk-permissions", "everything all hard"),
            (.post, "/layers/geonode:X/permissions", "geonode:X all; everything lists hard"),
            (.post, "/data/geonode:X/ajax-permissions", "geonode:X all; everything lists hard"),
            (.post, "/layers/42/permissions", "everything all hard"),
            (.post, "/maps/42/ajax-permissions", "everything all hard"),
            (.put, "/geoserver/rest/ruleCache/invalidate", "\(ruled) hard"),
            (.put, "/geoserver/rest/geofence/ruleCache/invalidate", "\(ruled) hard"),
        ] as [(HTTP.Method, String, String)])
    func permissions(_ method: HTTP.Method, _ target: String, _ expected: String) {
        #expect(Writes.line(Writes.recognised(method, target)) == expected, "\(target)")
    }

    @Test(
        "what is done to what is known by a number touches all of its kind",
        arguments: [
            (.put, "/api/v2/resources/7/permissions", "everything all hard"),
            (.patch, "/api/v2/datasets/7/", "everything all"),
            (.put, "/api/v2/datasets/7/metadata", "everything caps,pages,lists"),
            (.patch, "/api/v2/datasets/7/replace", "everything all"),
            (.put, "/api/v2/datasets/7/timeseries", "everything all"),
            (.patch, "/api/v2/resources/7", "everything all"),
            (.delete, "/api/v2/resources/7/delete", "everything all"),
            (.put, "/api/v2/resources/7/update", "everything all"),
            (.post, "/api/v2/resources/create/dataset", "everything all"),
            (.put, "/api/v2/resources/7/set_thumbnail", "everything pages,lists"),
            (.post, "/api/v2/resources/7/favorite/", "everything pages,lists"),
            (.post, "/api/v2/uploads/upload/", "everything all"),
            (.delete, "/api/v2/executionrequest/8f0c", "read"),
            (.patch, "/api/v2/maps/7", "everything pages,lists"),
            (.post, "/api/v2/geoapps", "everything pages,lists"),
            (.post, "/api/v2/documents/", "everything pages,lists"),
            (.get, "/api/v2/datasets/7", "read"),
        ] as [(HTTP.Method, String, String)])
    func paths(_ method: HTTP.Method, _ target: String, _ expected: String) {
        var context = Writes.context
        (context.site, context.languages) = (["/", "/portal"], ["en"])
        for place in ["", "/portal", "/portal/en"] {
            let found = Writes.recognised(method, place + target, context: context)
            #expect(Writes.line(found) == expected, "\(place)\(target)")
        }
    }

    @Test("GeoNode's answers say which layer it was, what else it was, or which job goes on")
    func answered() {
        func line(_ method: HTTP.Method, _ target: String, _ answer: String) -> String {
            guard case .write(var write) = Writes.recognised(method, target) else { return "none" }
            write.learn(fromAnswer: Array(answer.utf8))
            return Writes.line(write.scope) + (write.job?.id.map { " job \($0)" } ?? "")
        }
        let dataset =
            #"{"dataset":{"pk":"7","links":[null,{"alternate":"a:l"}],"x":{"alternate":"a:x"},"#
        #expect(
            line(.patch, "/api/v2/datasets/7", dataset + #""alternate":"geonode:X"}}"#)
                == "geonode:X; everything lists")
        // Escaped, of no workspace, or not there: any.
        for other in [
            #""alternate":"X"}}"#, #""alternate":"a:"}}"#, #""alternate":"a:\u0058"}}"#, "}}", "",
        ] {
            #expect(line(.patch, "/api/v2/datasets/7", dataset + other) == "everything all")
        }
        let resource = #"{"resource": {"alternate": "geonode:X", "resource_type": ""#
        #expect(
            line(.patch, "/api/v2/resources/7", resource + #"dataset"}}"#)
                == "geonode:X; everything lists")
        #expect(
            line(.patch, "/api/v2/resources/7", resource + #"map"}}"#) == "everything pages,lists")
        let job = #"{"status":"ready","execution_id":"8f-0c","status_url":"http://h/x"}"#
        #expect(
            line(.put, "/api/v2/resources/7/permissions", job) == "everything all hard job 8f-0c")
        #expect(line(.delete, "/api/v2/resources/7/delete", job) == "everything all job 8f-0c")
        // No other answer is read.
        #expect(line(.patch, "/api/base/3/", dataset) == "everything pages,lists")
    }

    @Test(
        "a number that is known to be a layer's touches that one",
        arguments: [
            (.post, "/security/permissions/7", "geonode:X all; everything lists hard"),
            (.post, "/layers/7/permissions", "geonode:X all; everything lists hard"),
            (.post, "/layers/7/replace", "geonode:X; everything lists"),
            (.put, "/api/v2/resources/7/permissions", "geonode:X all; everything lists hard"),
            (.patch, "/api/v2/datasets/7", "geonode:X; everything lists; everything caps"),
            (.delete, "/api/v2/resources/7/delete", "geonode:X; everything lists; everything caps"),
            (.put, "/api/v2/datasets/7/metadata", "geonode:X caps,pages; everything lists"),
            (.put, "/api/v2/resources/7/set_thumbnail", "geonode:X pages; everything lists"),
            // Of what else it is the number nobody asks.
            (.post, "/maps/7/permissions", "everything all hard"),
            (.post, "/security/geolimits/7", "everything all hard"),
            (.post, "/security/permissions/8", "everything all hard"),
            (.patch, "/api/v2/maps/7", "everything pages,lists"),
            (.patch, "/api/v2/datasets/8", "everything all"),
        ] as [(HTTP.Method, String, String)])
    func numbers(_ method: HTTP.Method, _ target: String, _ expected: String) {
        var context = Writes.context
        context.numbers = ["7": LayerName("geonode:X")]
        #expect(
            Writes.line(Writes.recognised(method, target, context: context)) == expected,
            "\(target)")
    }

    @Test(
        "a job of GeoNode's is over when it is finished, or has failed",
        arguments: [
            (#"{"user":"a","status":"finished","func_name":"copy"}"#, true),
            (#"{"request":{"exec_id":"8","status":"failed"}}"#, true),
            (#"{"status":"running"}"#, false), (#"{"status":"ready"}"#, false),
            (#"{"requests":[{"status":"finished"}]}"#, false),
            (#"{"import":{"state":"COMPLETE"}}"#, true), (#"{"import":{"state":"INIT"}}"#, false),
            ("", false), (#"{"status"#, false),
        ])
    func over(_ answer: String, _ expected: Bool) {
        #expect(ImportJob.isComplete(Array(answer.utf8)) == expected)
    }
}
