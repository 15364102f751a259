import Caching
import HTTP
import Testing

@Suite("Seeds of GeoWebCache, in whatever they are written")
struct SeedBodyTests {
    private static let path = "/geoserver/gwc/rest/seed/geonode:X"

    private func line(
        _ body: String, _ ending: String = "", type: String = "text/xml", query: String = ""
    ) -> String {
        let bytes = Array(body.utf8)
        let target = Self.path + ending + query
        let whole = Writes.line(Writes.read(bytes, to: target, type: type))
        for end in 0...min(bytes.count, 200) {
            let read = Writes.line(Writes.read(bytes, to: target, ends: [end], type: type))
            #expect(read == whole, "cut at \(end)")
        }
        return whole
    }

    /// One seed in each of them, and what it makes stale.
    struct Row: Sendable {
        var xml: String
        var json: String
        var form: String
        var scope: String

        static let all = [
            Row(
                xml: "<seedRequest><name>geonode:X</name><bounds><coords><double>1</double>"
                    + "<double>2</double><double>3</double><double>4</double></coords></bounds>"
                    + "<gridSetId>EPSG:4326</gridSetId><zoomStart>2</zoomStart><zoomStop>5"
                    + "</zoomStop><format>image/png</format><type>truncate</type></seedRequest>",
                json: #"{"seedRequest": {"name": "geonode:X", "bounds": {"coords": {"double": "#
                    + #"["1", "2", "3", 4]}}, "gridSetId": "EPSG:4326", "zoomStart": 2, "#
                    + #""zoomStop": 5, "format": "image\/png", "type": "truncate"}}"#,
                form: "threadCount=01&type=truncate&gridSetId=EPSG%3A4326&tileFormat=image%2Fpng"
                    + "&zoomStart=02&zoomStop=05&minX=1&minY=2&maxX=3&maxY=4",
                scope: "geonode:X[1.0 2.0 3.0 4.0] tiles {EPSG:4326, 2-5, png}"),
            Row(
                xml: "<seedRequest><type>reseed</type><gridSetId>EPSG:4326</gridSetId>"
                    + "<parameters><entry><string>STYLES</string><string>w:s</string></entry>"
                    + "<entry><string>TIME</string><string>2016</string></entry></parameters>"
                    + "</seedRequest>",
                json: #"{"seedRequest": {"type": "reseed", "gridSetId": "EPSG:4326", "#
                    + #""parameters": {"entry": [{"string": ["STYLES", "w:s"]}, "#
                    + #"{"string": ["TIME", 2016]}]}}}"#,
                form: "type=RESEED&gridSetId=EPSG:4326&parameter_STYLES=w%3As"
                    + "&parameter_time=2016&minX=&minY=&maxX=&maxY=",
                scope: "geonode:X tiles {EPSG:4326, 2016, w:s}"),
            Row(
                xml: "<seedRequest><type>truncate</type><parameters><entry><string>STYLES"
                    + "</string><string/></entry></parameters></seedRequest>",
                json: #" {"seedRequest":{"type":"truncate","parameters":{"entry":"#
                    + #"{"string":["STYLES",""]}}}}"#,
                form: "type=truncate&parameter_STYLES=", scope: "geonode:X tiles"),
            Row(
                xml: "<seedRequest><type>seed</type></seedRequest>",
                json: #"{"seedRequest": {"type": "SEED", "zoomStart": 1, "x": true}}"#,
                form: "minX=&type=seed&zoomStart=00", scope: "read"),
        ]
    }

    @Test("the same seed as XML, JSON and a form has one scope", arguments: Row.all)
    func encodings(_ row: Row) {
        let form = "application/x-www-form-urlencoded"
        #expect(line(row.xml, ".xml") == row.scope)
        #expect(line(row.json, ".json", type: "application/json") == row.scope)
        #expect(line(row.form, type: form) == row.scope)
        #expect(line(row.json, type: "application/json; charset=utf-8") == row.scope)
        #expect(line(row.form, type: "") == row.scope)
        // Some servers go by the ending, and to others it is a form.
        #expect(line(row.json, ".json", type: form) == "geonode:X tiles")
        #expect(line(row.xml, ".xml", type: form) == "geonode:X tiles")
    }

    @Test("a document that is a form to the server, and one in letters that are not read")
    func forms() {
        let hidden =
            #"{"seedRequest":{"type":"seed","x":"a=1&type=truncate&minX=&gridSetId=EPSG:4326"#
            + #"&zoomStart=0&zoomStop=20&tileFormat=image/png&threadCount=1&y=1"}}"#
        for type in ["", "text/plain", "application/x-www-form-urlencoded"] {
            #expect(line(hidden, type: type) == "geonode:X tiles")
        }
        let latin = "application/x-www-form-urlencoded; charset=ISO-8859-1"
        let style = "type=truncate&gridSetId=EPSG:4326&parameter_STYLES=caf"
        #expect(line(style + "%C3%A9", type: latin) == "geonode:X tiles")
        #expect(line(style + "%E9", type: "") == "geonode:X tiles")
        #expect(line(style + "%C3%A9", type: "") == "geonode:X tiles {EPSG:4326, caf\u{E9}}")
    }

    @Test(
        "what is not understood by the letter is all of the layer",
        arguments: [
            "", "  ", "{", "{}x", #"{"seedRequest": {"type": "seed"}} {}"#,
            // A server may take the first or the last.
            #"{"seedRequest": {"type": "seed", "type": "truncate"}}"#,
            "{'seedRequest': {'type': 'seed'}}", "{seedRequest: {type: seed}}",
            #"{"seedRequest": {"type": "seed", "name": null}}"#,
            #"{"seedRequest": {"type": "seed", }}"#, #"{"seedRequest": {"type": "seed"]}"#,
            #"{"seedRequest": {"type": "se\qed"}}"#, #"{"seedRequest": {"type": "seed"#,
            #"{"seedRequest": {"type": "seed", "x": [[1]]}}"#,
            #"{"seedRequest": {"type": ["seed", "truncate"]}}"#,
            #"{"seedRequest": {"type": "seed", "x": 1.2.3}}"#,
            #"{"seedRequest": {"type": "seed", "x": nan}}"#,
            #"{"seedRequest": {"type": "seed", "x": [1 2]}}"#,
            #"{"seedRequest": {"type": "seed", "a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}"#,
            #"{"seedRequest": {"type": "seed", "x": "\u12"}}"#,
            #"{"seedRequest": {"type": "seed", "x": "\uzzzz"}}"#,
            #"{"seedRequest": {"type": "seed", "x": "\ud83d\ude00"}}"#,
            "{\"seedRequest\": {\"type\": \"seed\", \"x\": \"\n\"}}",
            #"{"seed": {"type": "seed"}}"#, #"{"seedRequest": {"type": "truncate"}}"#,
            #"{"seedRequest": {"name": "other", "type": "truncate", "zoomStart": 1}}"#,
            "type=seed&type=truncate", "type=seed%26type=truncate", "type=seed&x", "type=seed&=1",
            "type%3Dseed", "type=unheard&minX=1", "zoomStart=1", "type=seed&x=1=2",
            "type=truncate&parameter_TIME=2015&parameter_time=2016&gridSetId=EPSG:4326",
            "type=truncate&minX=1&minY=x&maxX=3&maxY=4", "type=truncate&zoomStart=5&zoomStop=1",
        ])
    func doubts(_ body: String) {
        for type in ["application/json", ""] {
            #expect(line(body, type: type) == "geonode:X tiles")
        }
    }

    @Test("a form's other buttons end tasks, whatever else it says")
    func buttons() {
        for field in ["kill_all=all", "kill_thread=1&thread_id=4", "list=all"] {
            #expect(line("\(field)&type=truncate&minX=1", type: "") == "read")
        }
    }

    @Test("a query may be a part of the form, and is none of the documents")
    func query() {
        let json = #"{"seedRequest": {"type": "seed"}}"#
        #expect(line(json, type: "application/json", query: "?type=truncate") == "read")
        #expect(line("type=seed", type: "", query: "?type=truncate") == "geonode:X tiles")
    }

    @Test("escapes are what they stand for; of what is too long nothing is believed")
    func escapes() {
        let escaped = #"{"seedRequest": {"type": "\u0073eed", "x": "\u00e9\b\f\n\r\t\"\\\/"}}"#
        #expect(line(escaped, type: "application/json") == "read")
        let long = String(repeating: " ", count: 70_000)
        for body in [#"{"seedRequest": {"type": "seed"\#(long)}}"#, "type=seed&x=\(long)"] {
            #expect(
                Writes.line(Writes.read(Array(body.utf8), to: Self.path)) == "geonode:X tiles")
        }
        #expect(
            Writes.line(Writes.read(Array("type=seed&x=".utf8) + [0xE9], to: Self.path))
                == "geonode:X tiles")
    }

    @Test("what truncates several layers is no form")
    func others() {
        let mass = Writes.recognised(
            .post, "/gwc/rest/masstruncate", type: "application/x-www-form-urlencoded")
        #expect(Writes.line(mass) == "everything tiles")
    }
}
