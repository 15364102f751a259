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
        ])
    func reads(_ body: String) {
        #expect(Writes.read(body) == .read)
    }

    @Test(
        "what is no read is a write",
        arguments: [
            ("request=Transaction&operation=Delete", "everything"),
            ("service=WPS&request=Execute&identifier=gs:Import", "everything all"),
            ("{\"a\":1}", "everything"),
            ("<soap:Envelope xmlns:soap='s'/>", "everything"), ("<Harvest/>", "everything"),
            (
                "<wps:Execute xmlns:wps='p' xmlns:ows='o'><ows:Identifier>gs:Import</ows:Identifier></wps:Execute>",
                "everything all"
            ),
            (
                "<e:Execute xmlns:e='p'><e:ResponseDocument storeExecuteResponse='true'/></e:Execute>",
                "everything all"
            ),
            ("<CreateStoredQuery/>", "everything features,caps"), ("<Get", "everything"),
        ])
    func writes(_ body: String, _ expected: String) {
        #expect(Writes.line(Writes.read(body)) == expected)
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
        for query in ["identifier=gs:Import", "identifier=a&StoreExecuteResponse=1", "status=true"]
        {
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
            "<GetFeature>&x;</GetFeature>", "<GetFeature>", "<GetFeature/><a/>", "\u{0}<a/>",
            "<?xml version='1.0' encoding='UTF-7'?><GetFeature/>",
            String(repeating: "<a>", count: 5_000), "<" + String(repeating: "a", count: 1_000),
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
                "*:points[-100.0 40.0 -99.0 41.0] tiles"
            ),
            (
                "masstruncate",
                "<truncateExtent><layerName>p</layerName><gridSetId>odd</gridSetId><bounds><coords><double>1</double></coords></bounds></truncateExtent>",
                "*:p tiles"
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
                "geonode:X[1.0 2.0 3.0 4.0] tiles"
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
                "geonode:X[1.0 2.0 3.0 4.0] tiles"
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

    @Test("what JSON and forms truncate is all of the layer, or everything")
    func json() {
        let seed = Writes.recognised(
            .post, "/geoserver/gwc/rest/seed/a:b.json", type: "application/json")
        #expect(Writes.line(seed) == "a:b tiles")
        let mass = Writes.recognised(.post, "/gwc/rest/masstruncate", type: "application/json")
        #expect(Writes.line(mass) == "everything tiles")
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
}
