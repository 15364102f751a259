import Caching
import HTTP
import Testing

@Suite("Writes: what a WFS transaction touches")
struct TransactionTests {
    private func line(_ operations: String, version: String = "1.1.0") -> String {
        Writes.line(Writes.read(Writes.transaction(operations, version: version)))
    }

    /// `mapstory.md` N5, as MapLoom sends it.
    static let mapLoom =
        "<wfs:Transaction xmlns:wfs=\"http://www.opengis.net/wfs\" service=\"WFS\" version=\"1.0.0\""
        + " handle=\"Added 1 feature to X via MapLoom.\"><wfs:Insert handle=\"a\">"
        + "<feature:X xmlns:feature=\"http://www.geonode.org/\"><feature:the_geom>"
        + "<gml:Point xmlns:gml=\"http://www.opengis.net/gml\" srsName=\"urn:ogc:def:crs:EPSG::4326\">"
        + "<gml:coordinates decimal=\".\" cs=\",\" ts=\" \">-74.8,40.5</gml:coordinates></gml:Point>"
        + "</feature:the_geom></feature:X></wfs:Insert></wfs:Transaction>"

    static let probe =
        "<wfs:Update typeName=\"geonode:X\"><ogc:Filter><ogc:FeatureId fid=\"garbage_id\"/>"
        + "</ogc:Filter></wfs:Update>"

    @Test("MapLoom's insert is at its place, whichever axis it meant to be first")
    func insert() {
        let target = "/geoserver/geonode/X/wfs/WfsDispatcher"
        let expected = "geonode:X[40.5 -74.8 40.5 -74.8, -74.8 40.5 -74.8 40.5]"
        #expect(Writes.line(Writes.read(Self.mapLoom, to: target)) == expected)
        // Where the catalogue does not know the namespace, the path says the workspace; where it
        // does not know that either, it may be a global group's, and the layer of any.
        let bytes = Array(Self.mapLoom.utf8)
        let named = WriteContext(workspaces: ["u": "geonode"])
        #expect(Writes.line(Writes.read(bytes, to: target, context: named)) == expected)
        let none = WriteContext()
        #expect(Writes.line(Writes.read(bytes, to: target, context: none)).hasPrefix("*:X["))
        #expect(Writes.line(Writes.read(bytes, context: none)).hasPrefix("*:X["))
    }

    @Test(
        "in an encoding that servers may not heed a name of other letters is none",
        arguments: [
            ("text/xml", "geonode:\u{e9}"), ("text/xml; charset=UTF-8", "geonode:\u{e9}"),
            ("text/xml; charset=ISO-8859-1", "everything all"),
        ])
    func charset(_ type: String, _ expected: String) {
        for operation in [
            "<wfs:Delete typeName='f:\u{e9}'/>",
            "<wfs:Insert><f:\u{e9}><f:a>1</f:a></f:\u{e9}></wfs:Insert>",
        ] {
            let bytes = Array(Writes.transaction(operation).utf8)
            #expect(Writes.line(Writes.read(bytes, type: type)) == expected, "\(operation)")
        }
        let plain = Array(Writes.transaction("<wfs:Delete typeName='f:X'/>").utf8)
        #expect(Writes.line(Writes.read(plain, type: type)) == "geonode:X")
    }

    @Test("the probe touches nothing, alone or beside an edit")
    func probe() {
        #expect(line(Self.probe) == "nothing")
        #expect(line(Self.probe + Self.probe) == "nothing")
        #expect(line(Self.probe + Writes.insert(Self.point)) == "geonode:X[10.0 20.0 10.0 20.0]")
        let both = Self.probe.replacing(
            "</ogc:Filter>", with: "<ogc:FeatureId fid=\"X.1\"/></ogc:Filter>")
        #expect(line(both) == "geonode:X")
        let not = Self.probe.replacing(
            "<ogc:FeatureId fid=\"garbage_id\"/>",
            with: "<ogc:Not><ogc:FeatureId fid=\"garbage_id\"/></ogc:Not>")
        #expect(line(not) == "geonode:X")
    }

    @Test(
        "what is of a foreign namespace, or names two features, hides no write",
        arguments: [
            ("<wfs:Update x:typeName='f:X'>", "everything all"),
            ("<wfs:Update x:typeName='topp:Y' typeName='f:X'>", "geonode:X"),
        ])
    func foreign(_ start: String, _ expected: String) {
        func update(_ filter: String) -> String {
            line(
                "\(start)\(filter)</wfs:Update>".replacing(
                    " ", with: " xmlns:x='x' ", maxReplacements: 1))
        }
        let identifiers = [
            "<ogc:FeatureId x:fid='garbage_id' fid='X.1'/>", "<ogc:FeatureId x:fid='garbage_id'/>",
            "<ogc:FeatureId rid='garbage_id' fid='X.1'/>", "<ogc:FeatureId rid='garbage_id'/>",
            "<ogc:GmlObjectId x:id='garbage_id' gml:id='X.1'/>",
            "<ogc:GmlObjectId x:id='garbage_id'/>", "<ogc:GmlObjectId id='garbage_id'/>",
            "<x:FeatureId fid='garbage_id'/>",
            "<ogc:And><ogc:FeatureId fid='garbage_id'/></ogc:And>",
        ]
        for identifier in identifiers {
            #expect(update("<ogc:Filter>\(identifier)</ogc:Filter>") == expected, "\(identifier)")
        }
        let probe = "<ogc:FeatureId fid='garbage_id'/>"
        #expect(update("<x:Filter>\(probe)</x:Filter>") == expected)
    }

    @Test(
        "the probe in each version's words",
        arguments: [
            "<ogc:Filter><ogc:FeatureId fid='garbage_id'/></ogc:Filter>",
            "<ogc:Filter><ogc:GmlObjectId gml:id='garbage_id'/></ogc:Filter>",
            "<fes:Filter><fes:ResourceId rid='garbage_id'/></fes:Filter>",
        ])
    func probes(_ filter: String) {
        #expect(line("<wfs:Update typeName='f:X'>\(filter)</wfs:Update>") == "nothing")
    }

    @Test("an operator of a foreign namespace, or with its operands turned round, bounds nothing")
    func operands() {
        let box =
            "<gml:Envelope srsName='EPSG:4326'><gml:lowerCorner>1 2</gml:lowerCorner>"
            + "<gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>"
        let name = "<ogc:PropertyName>g</ogc:PropertyName>"
        func delete(_ filter: String, from layer: String = "f:X") -> String {
            line(
                "<wfs:Delete typeName='\(layer)' xmlns:x='x'><ogc:Filter>\(filter)</ogc:Filter>"
                    + "</wfs:Delete>")
        }
        let place = "[1.0 2.0 3.0 4.0]"
        #expect(delete("<ogc:Within>\(name)\(box)</ogc:Within>") == "geonode:X" + place)
        #expect(delete("<ogc:Within>\(box)\(name)</ogc:Within>") == "geonode:X")
        #expect(
            delete("<ogc:Within>\(box)\(name)</ogc:Within>", from: "topp:points")
                == "topp:points" + place)
        #expect(delete("<x:Within>\(name)\(box)</x:Within>") == "geonode:X")
        let foreign = box.replacing("srsName='EPSG:4326'", with: "x:srsName='EPSG:4326'")
        #expect(delete("<ogc:Within>\(name)\(foreign)</ogc:Within>") == "geonode:X")
    }

    static let point = "<gml:Point srsName='EPSG:4326'><gml:pos>10 20</gml:pos></gml:Point>"

    @Test(
        "geometries of GML 2 and 3",
        arguments: [
            (point, "[10.0 20.0 10.0 20.0]"),
            (
                "<gml:Point srsName='urn:ogc:def:crs:EPSG::4326'><gml:pos>20 10</gml:pos></gml:Point>",
                "[10.0 20.0 10.0 20.0]"
            ),
            (
                "<gml:LineString srsName='EPSG:4326'><gml:posList>1 2 3 4 5 0</gml:posList></gml:LineString>",
                "[1.0 0.0 5.0 4.0]"
            ),
            (
                "<gml:LineString srsName='EPSG:4326' srsDimension='3'><gml:posList>1 2 9 3 4 9</gml:posList></gml:LineString>",
                "[1.0 2.0 3.0 4.0]"
            ),
            (
                "<gml:LineString srsName='EPSG:4326'><gml:coordinates>1,2 3,4</gml:coordinates></gml:LineString>",
                "[1.0 2.0 3.0 4.0]"
            ),
            (
                "<gml:Point srsName='EPSG:4326'><gml:coordinates decimal=',' cs=' ' ts=';'>1,5 2,5;3 4</gml:coordinates></gml:Point>",
                "[1.5 2.5 3.0 4.0]"
            ),
            (
                "<gml:Point srsName='EPSG:4326'><gml:coord><gml:X>1</gml:X><gml:Y>2</gml:Y></gml:coord></gml:Point>",
                "[1.0 2.0 1.0 2.0]"
            ),
            (
                "<gml:Envelope srsName='EPSG:4326'><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>",
                "[1.0 2.0 3.0 4.0]"
            ),
            (
                "<gml:Box srsName='EPSG:4326'><gml:coordinates>1,2 3,4</gml:coordinates></gml:Box>",
                "[1.0 2.0 3.0 4.0]"
            ),
            (
                "<gml:MultiPoint srsName='EPSG:4326'><gml:pointMember><gml:Point><gml:pos>1 2</gml:pos></gml:Point></gml:pointMember><gml:pointMember><gml:Point><gml:pos>100 -20</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>",
                "[1.0 2.0 1.0 2.0, 100.0 -20.0 100.0 -20.0]"
            ),
            (
                "<gml:Polygon srsName='EPSG:4326'><gml:exterior><gml:Ring><gml:curveMember><gml:LineString><gml:posList>0 0 9 0</gml:posList></gml:LineString></gml:curveMember><gml:curveMember><gml:LineString><gml:posList>9 0 0 9 0 0</gml:posList></gml:LineString></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon>",
                "[0.0 0.0 9.0 9.0]"
            ),
            (
                "<gml:Point srsName='EPSG:3857'><gml:pos>1113194.907932736 0</gml:pos></gml:Point>",
                "[10.0 0.0 10.0 0.0]"
            ),
        ])
    func geometry(_ geometry: String, _ place: String) {
        #expect(line(Writes.insert(geometry)) == "geonode:X" + place)
    }

    @Test(
        "a geometry that is not understood may be anywhere in its layer",
        arguments: [
            "", "text", "<f:wkt>POINT(1 2)</f:wkt>", "<f:pos>1 2</f:pos>",
            "<gml:Point><gml:pos>1 2</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:2154'><gml:pos>1 2</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:pos>1</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:pos>1 nan</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:pos>1 0x10</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:pos>1 1e999</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:pos>1 200</gml:pos></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:coordinates>1;2</gml:coordinates></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:coordinates cs=' '>1 2</gml:coordinates></gml:Point>",
            "<gml:Point srsName='EPSG:4326'><gml:coordinates/></gml:Point>",
            "<gml:L srsName='EPSG:4326'><gml:posList>1 2 3</gml:posList></gml:L>",
            "<gml:L srsName='EPSG:4326' srsDimension='x'><gml:posList>1 2</gml:posList></gml:L>",
            "<gml:Arc srsName='EPSG:4326'><gml:posList>1 2 3 4 5 6</gml:posList></gml:Arc>",
            "<f:g xmlns:x='http://www.w3.org/1999/xlink' x:href='#p'/>",
            point + "<gml:Point srsName='EPSG:2154'><gml:pos>1 2</gml:pos></gml:Point>",
        ])
    func anywhere(_ geometry: String) {
        #expect(line(Writes.insert(geometry)) == "geonode:X", "\(geometry)")
    }

    @Test("edits on two continents are two boxes, and layers are kept apart")
    func apart() {
        let far = Self.point.replacing("10 20", with: "-100 40")
        #expect(
            line(
                Writes.insert(Self.point) + Writes.insert(far) + Writes.insert(far, into: "topp:Y"))
                == "geonode:X[10.0 20.0 10.0 20.0, -100.0 40.0 -100.0 40.0];"
                + " topp:Y[-100.0 40.0 -100.0 40.0]")
        let native = Self.point.replacing(" srsName='EPSG:4326'", with: "")
        #expect(
            line(Writes.insert(native, into: "topp:native")) == "topp:native[10.0 20.0 10.0 20.0]")
    }

    @Test("of features that were somewhere else before it is the whole layer")
    func moved() {
        let property =
            "<wfs:Property><wfs:Name>g</wfs:Name><wfs:Value>\(Self.point)</wfs:Value></wfs:Property>"
        let identifier = "<ogc:Filter><ogc:FeatureId fid='X.1'/></ogc:Filter>"
        #expect(
            line("<wfs:Update typeName='f:X'>\(property)\(identifier)</wfs:Update>") == "geonode:X")
        #expect(line("<wfs:Update typeName='f:X'>\(property)</wfs:Update>") == "geonode:X")
        #expect(line("<wfs:Delete typeName='topp:Y'>\(identifier)</wfs:Delete>") == "topp:Y")
        #expect(line("<wfs:Delete typeName='unbound:Y'/>") == "unbound:Y")
        #expect(line("<wfs:Delete typeName='Y'/>") == "*:Y")
        let replace =
            "<wfs:Replace><f:X><f:g>\(Self.point)</f:g></f:X><fes:Filter><fes:ResourceId rid='X.1'/></fes:Filter></wfs:Replace>"
        #expect(line(replace, version: "2.0.0") == "geonode:X")
    }

    @Test("a filter bounds the old place only if what it selects cannot reach beyond")
    func filters() {
        let box =
            "<gml:Envelope srsName='EPSG:4326'><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>"
        func delete(_ filter: String, from layer: String = "f:X") -> String {
            line("<wfs:Delete typeName='\(layer)'><ogc:Filter>\(filter)</ogc:Filter></wfs:Delete>")
        }
        func spatial(_ name: String) -> String {
            "<ogc:\(name)><ogc:PropertyName>g</ogc:PropertyName>\(box)</ogc:\(name)>"
        }
        let other =
            "<ogc:PropertyIsEqualTo><ogc:PropertyName>a</ogc:PropertyName><ogc:Literal>1</ogc:Literal></ogc:PropertyIsEqualTo>"
        let place = "[1.0 2.0 3.0 4.0]"
        #expect(delete(spatial("Within")) == "geonode:X" + place)
        #expect(delete(spatial("BBOX")) == "geonode:X")
        #expect(delete(spatial("BBOX"), from: "topp:points") == "topp:points" + place)
        #expect(delete(spatial("Intersects"), from: "topp:points") == "topp:points" + place)
        #expect(delete(spatial("Disjoint"), from: "topp:points") == "topp:points")
        #expect(delete(other) == "geonode:X")
        #expect(delete("<ogc:And>\(other)\(spatial("Within"))</ogc:And>") == "geonode:X" + place)
        #expect(delete("<ogc:Or>\(other)\(spatial("Within"))</ogc:Or>") == "geonode:X")
        #expect(delete("<ogc:Not>\(spatial("Within"))</ogc:Not>") == "geonode:X")
        let buffered = spatial("Within").replacing(
            box, with: "<ogc:Function name='buffer'>\(box)</ogc:Function>")
        #expect(delete(buffered) == "geonode:X")
        let update =
            "<wfs:Update typeName='f:X'><wfs:Property><wfs:Name>g</wfs:Name><wfs:Value>\(Self.point)</wfs:Value></wfs:Property><ogc:Filter>\(spatial("Within"))</ogc:Filter></wfs:Update>"
        #expect(line(update) == "geonode:X[1.0 2.0 3.0 4.0, 10.0 20.0 10.0 20.0]")
    }

    @Test(
        "what may do anything touches everything",
        arguments: [
            "<wfs:Native vendorId='x' safeToIgnore='true'/>", "<wfs:Insert/>",
            "<wfs:Unheard/>", "<wfs:Update/>", "<wfs:Delete typeName='schema-element(f:X)'/>",
            "<wfs:Delete typeName='f:X f:Y'/>", "<wfs:Delete typeName=''/>",
            "<wfs:Insert><f:C><gml:featureMember><f:X/></gml:featureMember></f:C></wfs:Insert>",
        ])
    func everything(_ operation: String) {
        #expect(line(Writes.insert(Self.point) + operation).hasPrefix("everything"))
    }

    @Test("collections of features are looked into")
    func collections() {
        let feature = "<f:X><f:g>\(Self.point)</f:g></f:X>"
        let collection =
            "<wfs:Insert><wfs:FeatureCollection><gml:boundedBy><gml:Box srsName='EPSG:4326'><gml:coordinates>0,0 90,80</gml:coordinates></gml:Box></gml:boundedBy><gml:featureMember>\(feature)</gml:featureMember></wfs:FeatureCollection></wfs:Insert>"
        #expect(line(collection) == "geonode:X[10.0 20.0 10.0 20.0]")
    }

    @Test("of many boxes those that are nearest to each other become one")
    func coarsened() {
        func points(_ count: Int, into layer: String) -> String {
            (0..<count).map { at in
                Writes.insert(
                    Self.point.replacing("10 20", with: "\(at % 170) \(at / 170)"), into: layer)
            }.joined()
        }
        #expect(line(points(256, into: "f:X")).hasPrefix("geonode:X["))
        for count in [257, 1_000] {
            #expect(line(points(count, into: "f:X")).hasPrefix("geonode:X[0.0 0.0 "))
        }
        let two = line(points(200, into: "f:X") + points(100, into: "topp:Y"))
        #expect(two.hasPrefix("geonode:X[") && two.contains("; topp:Y["))
        // One geometry, or a filter, may have as many as well.
        let members = (0..<300).map {
            "<gml:pointMember>\(Self.point.replacing("10 20", with: "\($0 % 90) 5"))"
                + "</gml:pointMember>"
        }
        let multi = "<gml:MultiPoint srsName='EPSG:4326'>\(members.joined())</gml:MultiPoint>"
        #expect(line(Writes.insert(multi, into: "f:X")).hasPrefix("geonode:X["))
        let many = (0..<70).map { "<wfs:Delete typeName='f:L\($0)'/>" }.joined()
        #expect(line(many) == "everything")
    }
}
