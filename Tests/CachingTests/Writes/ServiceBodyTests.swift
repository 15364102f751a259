import Caching
import HTTP
import Testing

@Suite("Writes: bodies of services, whole and in pieces, sound and hostile")
struct ServiceBodyTests {
    @Test(
        "reads that are sent by POST are no writes",
        arguments: [
            "<GetFeature xmlns='http://www.opengis.net/wfs'/>", "<ogc:GetMap xmlns:ogc='o'/>",
            "<wfs:LockFeature xmlns:wfs='w'/>", "<GetCapabilities/>", "<DescribeFeatureType/>",
            "<wps:Execute xmlns:wps='p' xmlns:ows='o'><ows:Identifier>gs:Bounds</ows:Identifier></wps:Execute>",
            "<StyledLayerDescriptor/>", "request=GetMap&layers=X", "",
            "<unheard-of/>", "<GetFeature>", "<GetFeature>&x;</GetFeature>",
            "<GetMap/><Transaction/>", String(repeating: "<a>", count: 5_000),
            "request=Execute&identifier=gs:Bounds&storeExecuteResponse=true",
            "<Execute><Identifier>gs:Bounds</Identifier><a status='true'/></Execute>",
            "<s:Envelope xmlns:s='s'><s:Header><Transaction/></s:Header><s:Body><GetFeature/>"
                + "</s:Body></s:Envelope>", "<Envelope/>",
        ])
    func reads(_ body: String) {
        #expect(Writes.read(body) == .read)
    }

    @Test(
        "what is no read is a write",
        arguments: [
            ("request=Transaction&operation=Delete", "everything"),
            ("service=WPS&request=Execute&identifier=gs:Import", "everything all"),
            ("<Harvest/>", "everything"), ("--part\r\n\r\n<Transaction/>", "everything"),
            ("<t:Transaction xmlns:t='http://www.opengis.net/cat/csw/2.0.2'/>", "everything"),
            (
                "<wps:Execute xmlns:wps='p' xmlns:ows='o'><ows:Identifier>gs:Import</ows:Identifier></wps:Execute>",
                "everything all"
            ),
            (
                "<e:Execute xmlns:e='p'><e:ResponseDocument storeExecuteResponse='true'/></e:Execute>",
                "everything all"
            ),
            ("<CreateStoredQuery/>", "everything features,caps"), ("<Get", "everything"),
            ("{\"a\":1}", "everything"), ("x", "everything"), ("layers=X", "everything"),
        ])
    func writes(_ body: String, _ expected: String) {
        #expect(Writes.line(Writes.read(body)) == expected)
    }

    @Test("what says nothing of what it asks for was one if its answer is a transaction's")
    func doubtful() {
        // `<?xm` and more in EBCDIC, which a server may read and this edge does not.
        let foreign: [UInt8] = [0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40, 0xa5, 0x6e]
        for body in [foreign, Array("hello world".utf8), Array("a=1".utf8)] {
            for end in 0...min(5, body.count) {
                guard case .write(let write) = Writes.read(body, ends: [end]) else {
                    Issue.record("\(body) in two at \(end) is no write")
                    continue
                }
                #expect(write.response == .doubtful && Writes.line(write.scope) == "everything")
            }
        }
        // A query that says it: servers read parameters in either place.
        let asked = "/geoserver/wms?service=WMS&request=GetMap"
        #expect(Writes.read("layers=X", to: asked) == .read)
    }

    @Test(
        "a document that is not over when its bytes are was not done",
        arguments: [
            ("<wfs:Transaction>   ", true), ("<wfs:Transaction><wfs:Native", true),
            ("<wfs:Transaction><a/></wfs:Transaction", true), ("<Execute><a>", true),
            ("<wfs:Transaction/>", false), ("<wfs:Transaction></wfs:Transaction>", false),
            ("<wfs:Transaction></wfs:Transaction>  <x", false), ("", false), ("a=b", false),
            ("<wfs:Transaction>&x;", false), ("<!DOCTYPE x [<!ENTITY y 'z'>]><Transaction>", false),
            ("<s:Envelope><s:Body><Transaction>", false),
        ])
    func unclosed(_ body: String, _ expected: Bool) {
        let bytes = Array(body.utf8)
        guard
            case .body(let form, let unread) = Writes.recognised(.post, "/geoserver/wfs")
        else {
            Issue.record("no body")
            return
        }
        for end in 0...bytes.count {
            var reader = WriteBodyReader(form, unread: unread, context: Writes.context)
            reader.take(bytes.span.bytes.extracting(0..<end))
            reader.take(bytes.span.bytes.extracting(end..<bytes.count))
            _ = reader.finish(isWhole: false)
            #expect(reader.isUnclosed == expected, "\(body) in two at \(end)")
        }
        var reader = WriteBodyReader(
            form, unread: unread, context: Writes.context, byteLimit: max(0, bytes.count - 1))
        reader.take(bytes.span.bytes)
        _ = reader.finish(isWhole: false)
        #expect(!reader.isUnclosed, "beyond the limit nothing is known")
    }

    @Test("a process that goes on after its answer says so")
    func processes() {
        func isDeferred(_ recognition: WriteRecognition) -> Bool? {
            guard case .write(let write) = recognition else { return nil }
            return write.isDeferred && write.scope == .everything
        }
        func execute(_ attributes: String, on element: String) -> Bool? {
            let names = "xmlns:wps='p' xmlns:ows='o'"
            let asked = element == "Execute" ? attributes : ""
            let response = element == "Execute" ? "" : attributes
            return isDeferred(
                Writes.read(
                    "<wps:Execute \(names) \(asked)><ows:Identifier>gs:Import</ows:Identifier>"
                        + "<wps:ResponseDocument \(response)/></wps:Execute>",
                    to: "/geoserver/wps"))
        }
        #expect(execute("", on: "ResponseDocument") == false)
        #expect(execute("storeExecuteResponse='false'", on: "ResponseDocument") == false)
        #expect(execute("mode='sync'", on: "Execute") == false)
        #expect(execute("storeExecuteResponse='true'", on: "ResponseDocument") == true)
        #expect(execute("storeExecuteResponse='1' status='true'", on: "ResponseDocument") == true)
        #expect(execute("mode='async'", on: "Execute") == true)
        let parameters = "service=WPS&request=Execute&identifier=gs:Import"
        #expect(isDeferred(Writes.read(parameters, to: "/geoserver/wps")) == true)
        for query in ["identifier=gs:Import", "status=true"] {
            let target = "/geoserver/geonode/wps?request=Execute&" + query
            #expect(isDeferred(Writes.recognised(.get, target)) == true)
        }
    }

    @Test(
        "bombs, entities and broken documents are as wide as the path",
        arguments: [
            "<!DOCTYPE t [<!ENTITY a 'b'>]><GetFeature/>",
            "<!DOCTYPE t SYSTEM 'file:///etc/passwd'><GetFeature/>",
            "<!DOCTYPE l [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;'>]><Transaction>&m;</Transaction>",
            "<Transaction>&x;</Transaction>", "<Transaction>", "<Transaction/><a/>",
            "\u{0}<a/>", "<?xml version='1.0' encoding='UTF-7'?><GetFeature/>",
            "<Transaction><LockId>" + String(repeating: "<a>", count: 5_000),
            "<" + String(repeating: "a", count: 1_000),
        ])
    func hostile(_ body: String) {
        #expect(Writes.line(Writes.read(body, to: "/geoserver/geonode/wfs")) == "geonode:*")
        #expect(Writes.line(Writes.read(body)) == "everything")
    }

    @Test("a body over the limit, or cut anywhere, is as wide as its path and what was read")
    func cut() {
        let whole = Array(
            Writes.transaction(
                Writes.insert(TransactionTests.point) + "<wfs:Delete typeName='topp:Y'/>"
            ).utf8)
        #expect(Writes.line(Writes.read(whole, byteLimit: whole.count - 1)) == "everything")
        for end in 1..<whole.count {
            let part = Array(whole[..<end])
            #expect(Writes.line(Writes.read(part)) == "everything", "\(end)")
        }
        let late = Array(whole.dropLast())
        let other = WriteContext(
            workspaces: ["u": "other", Writes.geonode: "geonode", "http://topp": "topp"])
        #expect(
            Writes.line(Writes.read(late, to: "/geoserver/other/wfs", context: other))
                == "other:*; *:X[10.0 20.0 10.0 20.0]; *:Y")
        // A segment that is no known workspace may be a global group's.
        #expect(Writes.line(Writes.read(late, to: "/geoserver/other/wfs")) == "everything")
    }

    /// How the answer to a request says whether it was done; nil: it is none.
    private func form(_ recognition: WriteRecognition) -> ObservedWrite.ResponseForm? {
        guard case .write(let write) = recognition else { return nil }
        return write.response
    }

    @Test(
        "what is refused proves that nothing was done, unless several layers are named",
        arguments: [
            ("<!DOCTYPE a []><Transaction/>", .doubtful), ("<", .doubtful), ("\u{0}", .doubtful),
            ("--part", .doubtful), ("request=Transaction", .doubtful),
            (String(repeating: "x", count: 70_000), .doubtful),
            ("<Transaction>", .transaction), ("<Transaction><Native/></Transaction>", .transaction),
            ("<Transaction><Native/>", .transaction), ("<Harvest/>", .transaction),
            ("<CreateStoredQuery/>", .transaction), ("<CreateStoredQuery>", .transaction),
            ("<Execute/>", .process), ("<Execute>", .process), ("request=Execute", .process),
            (many(2), .divisible), (many(80), .transaction),
        ] as [(String, ObservedWrite.ResponseForm)])
    func forms(_ body: String, _ expected: ObservedWrite.ResponseForm) {
        #expect(form(Writes.read(body)) == expected)
    }

    /// A transaction of so many layers.
    private static func many(_ count: Int) -> String {
        Writes.transaction((0..<count).map { "<wfs:Delete typeName='a:L\($0)'/>" }.joined())
    }

    @Test("a question that was cut short is one, and of a form that was nobody knows")
    func cutQuestions() {
        func cut(_ body: String) -> WriteRecognition {
            Writes.read(Array(body.utf8), isWhole: false)
        }
        #expect(cut("<GetFeature><a>") == .read)
        #expect(cut("<unheard-of>") == .read)
        #expect(form(cut("request=GetMap")) == .doubtful)
        #expect(form(cut("<Transaction>")) == .transaction)
        #expect(form(cut("<Execute><Identifier>gs:Bounds</Identifier>")) == .process)
    }

    @Test("what SOAP wraps is read like a document")
    func wrapped() {
        func envelope(_ letter: String) -> String {
            "<s:Envelope xmlns:s='s'><s:Header><a/></s:Header><s:Body>\(letter)</s:Body></s:Envelope>"
        }
        let plain = Writes.transaction("<wfs:Delete typeName='topp:Y'/>")
            .replacing("<?xml version=\"1.0\"?>", with: "")
        #expect(Writes.line(Writes.read(envelope(plain))) == "topp:Y")
        #expect(Writes.read(envelope(plain)) == Writes.read(plain))
        #expect(form(Writes.read(envelope("<Execute/>"))) == .process)
        #expect(Writes.read(envelope("")) == .read)
    }

    @Test("wherever a body is cut into pieces, it means the same")
    func splits() {
        let texts = [
            TransactionTests.mapLoom,
            Writes.transaction(TransactionTests.probe + Writes.insert(TransactionTests.point)),
            "request=GetMap&layers=X",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            let whole = Writes.read(bytes)
            for end in 0...bytes.count {
                #expect(Writes.read(bytes, ends: [end]) == whole, "\(end)")
            }
            #expect(Writes.read(bytes, ends: Array(1..<bytes.count)) == whole)
        }
    }

    @Test("a body in UTF-16 or ISO-8859-1 means what it means in UTF-8")
    func encodings() {
        let text = TransactionTests.mapLoom.replacing("Added", with: "Ajouté")
        let whole = Writes.read(text)
        #expect(Writes.line(whole).hasPrefix("geonode:X["))
        var wide: [UInt8] = [0xff, 0xfe]
        for unit in text.utf16 { wide += [UInt8(unit & 255), UInt8(unit >> 8)] }
        #expect(Writes.read(wide) == whole)
        let latin = text.unicodeScalars.map { UInt8($0.value) }
        #expect(Writes.line(Writes.read(latin)) == "everything")
        #expect(Writes.read(latin, type: "text/xml; charset=\"ISO-8859-1\"") == whole)
        #expect(Writes.line(Writes.read(wide, type: "text/xml; charset=utf-8")) == "everything")
    }

    @Test(
        "GeoWebCache's own truncations",
        arguments: [
            (
                "masstruncate", "<truncateLayer><layerName>geonode:X</layerName></truncateLayer>",
                "geonode:X tiles"
            ),
            (
                "masstruncate",
                "<truncateExtent><layerName>points</layerName><gridSetId>EPSG:4326</gridSetId><bounds><coords><double>-100</double><double>40</double><double>-99</double><double>41</double></coords></bounds></truncateExtent>",
                "*:points[-100.0 40.0 -99.0 41.0] tiles {EPSG:4326}"
            ),
            (
                "masstruncate",
                "<truncateExtent><layerName>p</layerName><gridSetId>odd</gridSetId><bounds><coords><double>1</double></coords></bounds></truncateExtent>",
                "*:p tiles"
            ),
            ("masstruncate", #"{"truncateLayer":{"layerName":"geonode:X"}}"#, "geonode:X tiles"),
            (
                "masstruncate",
                #"{"truncateExtent":{"layerName":"points","gridSetId":"EPSG:4326","#
                    + #""bounds":{"coords":{"double":[-100,40,-99,41]}}}}"#,
                "*:points[-100.0 40.0 -99.0 41.0] tiles {EPSG:4326}"
            ),
            (
                "masstruncate", #"{"truncateLayer":{"layerName":"a"},"truncateOrphans":{"a":1}}"#,
                "everything tiles"
            ),
            ("masstruncate", "<truncateAll/>", "everything tiles"),
            ("masstruncate", "<a", "everything tiles"),
            (
                "seed/geonode%3AX.xml",
                "<seedRequest><name>geonode:X</name><type>truncate</type></seedRequest>",
                "geonode:X tiles"
            ),
            (
                "seed/geonode:X.xml",
                "<seedRequest><srs><number>4326</number></srs><type>reseed</type><bounds><coords><double>1</double><double>2</double><double>3</double><double>4</double></coords></bounds></seedRequest>",
                "geonode:X[1.0 2.0 3.0 4.0] tiles {EPSG:4326}"
            ),
            ("seed/geonode:X.xml", "<seedRequest><type>seed</type></seedRequest>", "read"),
            (
                "seed/geonode:X.xml",
                "<seedRequest><srs><number>3857</number></srs><gridSetId>EPSG:4326</gridSetId><bounds><coords><double>1</double><double>2</double><double>3</double><double>4</double></coords></bounds></seedRequest>",
                "geonode:X tiles"
            ),
            (
                "seed/geonode:X.xml",
                "<seedRequest><srs><number>4326</number></srs><gridSetId>EPSG:4326</gridSetId><bounds><coords><double>1</double><double>2</double><double>3</double><double>4</double></coords></bounds></seedRequest>",
                "geonode:X[1.0 2.0 3.0 4.0] tiles {EPSG:4326}"
            ),
            (
                "seed/geonode:X.xml",
                "<seedRequest><type>truncate</type><gridSetId>EPSG:3857</gridSetId><zoomStart>2</zoomStart><zoomStop>5</zoomStop><format>image/png8</format><parameters><entry><string>STYLES</string><string>w:s</string></entry><entry><string>TIME</string><string/></entry></parameters></seedRequest>",
                "geonode:X tiles {EPSG:900913, 2-5, png8, w:s}"
            ),
            (
                // Tiles that the set has in common with an earlier one are the earlier one's.
                "seed/geonode:X.xml",
                "<seedRequest><type>truncate</type><gridSetId>GlobalCRS84Pixel</gridSetId><zoomStart>0</zoomStart><zoomStop>3</zoomStop></seedRequest>",
                "geonode:X tiles {EPSG:4326}; geonode:X tiles {GlobalCRS84Pixel, 0-3}"
            ),
            (
                // Of a set that nobody knows no tile says that it is none of it.
                "seed/geonode:X.xml",
                "<seedRequest><type>truncate</type><gridSetId>odd</gridSetId><zoomStart>0</zoomStart><zoomStop>3</zoomStop><format>image/odd</format></seedRequest>",
                "geonode:X tiles"
            ),
            (
                "seed/geonode:X.xml",
                "<seedRequest><type>truncate</type><zoomStart>3</zoomStart><zoomStop>1</zoomStop><parameters><entry><string>STYLES</string></entry></parameters></seedRequest>",
                "geonode:X tiles"
            ),
            (
                "masstruncate",
                "<truncateParameters><layerName>a:b</layerName><parameters><entry><string>STYLES</string><string></string></entry><entry><string>TIME</string><string>2016</string></entry></parameters></truncateParameters>",
                "a:b tiles {2016}"
            ),
            (
                "seed/a.json/geonode:X.xml",
                "<seedRequest><type>truncate</type></seedRequest>", "*:a.json tiles"
            ),
        ])
    func truncation(_ resource: String, _ body: String, _ expected: String) {
        #expect(Writes.line(Writes.read(body, to: "/geoserver/gwc/rest/\(resource)")) == expected)
        let bytes = Array(body.utf8)
        for end in 0...bytes.count {
            let read = Writes.read(bytes, to: "/geoserver/gwc/rest/\(resource)", ends: [end])
            #expect(Writes.line(read) == expected)
        }
    }

    @Test("new layers and rules of access name what they are about")
    func resources() {
        let types = "/geoserver/rest/workspaces/geonode/datastores/d/featuretypes"
        #expect(
            Writes.line(Writes.read("<featureType><name>X</name></featureType>", to: types))
                == "geonode:X; geonode:* caps; everything lists")
        #expect(Writes.line(Writes.read("{}", to: types)) == "geonode:* all")
        let rules = "/geoserver/rest/geofence/rules"
        let rule = "<Rule><workspace>geonode</workspace><layer>X</layer></Rule>"
        #expect(Writes.line(Writes.read(rule, to: rules)) == "geonode:X all hard")
        let wide = "<Rule><workspace>geonode</workspace><layer>*</layer></Rule>"
        #expect(Writes.line(Writes.read(wide, to: rules)) == "geonode:* all hard")
        #expect(Writes.line(Writes.read("<Rule/>", to: rules)) == "everything all hard")
    }

    @Test(
        "a rule of access in JSON, at GeoFence's own interface and in GeoServer's list is the same",
        arguments: [
            ("rest/geofence/rules", #"{"Rule":{"workspace":"geonode","layer":"X"}}"#, "geonode:X"),
            (
                "rest/geofence/rules.json",
                #" {"Rule": {"workspace": "geonode", "layer": "*", "access": "ALLOW"}}"#,
                "geonode:*"
            ),
            ("rest/geofence/rules", #"{"Rule":{"layer":"X"}}"#, "everything"),
            (
                "rest/geofence/rules", #"{"Rule":{"workspace":"geonode","layer":null}}"#,
                "everything"
            ),
            ("rest/geofence/rules", "[]", "everything"),
            (
                "geofence/rest/rules",
                "<rule><workspace>geonode</workspace><layer>X</layer></rule>", "geonode:X"
            ),
            ("geofence/rest/rules", "<rule/>", "everything"),
            ("rest/security/acl/layers.json", #"{"geonode.X.r": "A,B"}"#, "geonode:X"),
            (
                "rest/security/acl/layers", #"{"geonode.X.r":"","geonode.Y.w":"*"}"#,
                "geonode:X all; geonode:Y"
            ),
            ("rest/security/acl/layers", #"{"geonode.*.w":"A"}"#, "geonode:*"),
            ("rest/security/acl/layers", #"{"*.*.r":"A","geonode.X.r":"A"}"#, "everything"),
            ("rest/security/acl/layers", #"{"geonode.a.b.r":"A"}"#, "everything"),
            ("rest/security/acl/layers", #"{"geonode.X.r":"A""#, "everything"),
            ("rest/security/acl/layers", "", "everything"),
            (
                "rest/security/acl/layers.xml",
                #"<rules><rule resource="geonode.X.r">A</rule></rules>"#, "geonode:X"
            ),
            (
                "rest/security/acl/layers.xml",
                #"<rules><rule resource="geonode.X.r">A</rule><rule resource="*.*.r"/></rules>"#,
                "everything"
            ),
            ("rest/security/acl/layers.xml", "<rules/>", "everything"),
        ])
    func accessRules(_ path: String, _ body: String, _ expected: String) {
        let line = Writes.line(Writes.read(body, to: "/geoserver/\(path)"))
        #expect(line == "\(expected) all hard")
        guard path.hasPrefix("geofence") else { return }
        #expect(Writes.line(Writes.read(body, to: "/\(path)")) == "\(expected) all hard")
    }
}
