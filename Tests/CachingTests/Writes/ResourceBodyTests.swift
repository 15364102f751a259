import Caching
import HTTP
import Testing

@Suite("Writes: what documents of the configuration are about")
struct ResourceBodyTests {
    @Test(
        "a document about a style restyles nothing unless it has another name or workspace from it",
        arguments: [
            ("s", "<style><name>s</name><filename>t.sld</filename></style>", "style s drawn", true),
            ("s", "<style><filename>t.sld</filename></style>", "style s drawn", true),
            ("a:s", "<style><name>s</name></style>", "style a:s drawn", true),
            (
                "a:s", "<style><name>s</name><workspace><name>a</name></workspace></style>",
                "style a:s drawn", true
            ),
            ("s", #"{"style": {"name": "s", "filename": "t.sld"}}"#, "style s drawn", true),
            ("s", "<style><name>t</name></style>", "style s drawn, style t drawn", false),
            ("a:s", "<style><name>t</name></style>", "style a:s drawn, style a:t drawn", false),
            ("s", #"{"style": {"name": "t"}}"#, "style s drawn, style t drawn", false),
            (
                "s", "<style><name>s</name><workspace><name>a</name></workspace></style>",
                "style s drawn, style a:s drawn", false
            ),
            (
                "s", #"{"style": {"workspace": {"name": "a"}}}"#, "style s drawn, style a:s drawn",
                false
            ),
            // It is no such document, or not to be told.
            ("s", "", "style s drawn", false), ("s", "<s/>", "style s drawn", false),
            ("s", "<style><name>s</name>", "style s drawn", false),
            ("s", "<layer><name>s</name></layer>", "style s drawn", false),
            ("s", "<style><name>s</name><name>t</name></style>", "style s drawn", false),
            ("s", #"{"style": {"name": "s"}"#, "style s drawn", false),
            ("s", "name=s", "style s drawn", false), ("s", "{}", "style s drawn", false),
        ])
    func styleDocument(_ style: String, _ text: String, _ scope: String, _ isSame: Bool) {
        let name = LayerName(style)
        let place = name.workspace.map { "/workspaces/\($0)" } ?? ""
        guard
            case .body(let body, let unread) = Writes.recognised(
                .put, "/geoserver/rest\(place)/styles/\(name.name).xml", type: "application/xml")
        else {
            Issue.record("its body is not read")
            return
        }
        var reader = WriteBodyReader(body, unread: unread, context: Writes.context)
        let bytes = Array(text.utf8)
        reader.take(bytes.span.bytes)
        guard case .write(let write) = reader.finish() else {
            Issue.record("it is no write")
            return
        }
        let lines = write.scope.parts.map { part in
            Writes.line(WriteScope(part.target, part.kinds))
        }
        #expect(lines.joined(separator: ", ") == scope)
        #expect(write.restyled == (isSame ? .none : .any))
    }

    @Test("a style that is made in a workspace hides one of all workspaces from who names it")
    func newStyle() {
        func scope(
            _ body: String, _ type: String = "text/xml",
            to target: String = "/geoserver/rest/workspaces/a/styles"
        ) -> WriteScope? {
            guard case .write(let write) = Writes.read(Array(body.utf8), to: target, type: type)
            else { return nil }
            #expect(write.restyled == .none)
            return write.scope
        }
        let new = WriteScope(.everything, [.legends, .capabilities])
        let hiding = WriteScope(.namedStyle(LayerName("a:s")), .drawn)
        #expect(scope("<style><name>s</name><filename>s.sld</filename></style>") == hiding)
        #expect(scope(#"{"style": {"name": "s"}}"#, "application/json") == hiding)
        #expect(scope("<style><filename>s.sld</filename></style>") == new)
        #expect(scope("<style>") == new)
        #expect(
            scope("<style><name>s</name></style>", to: "/geoserver/rest/styles.xml")
                == WriteScope(.namedStyle(LayerName("s")), .drawn))
        // Which one it is nobody can tell, but what is drawn is drawn without it.
        let text = Writes.recognised(
            .post, "/geoserver/rest/styles", type: "application/vnd.ogc.sld+xml")
        #expect(text == .write(ObservedWrite(new, restyled: .none)))
        // It was not there when its answer says that it is new.
        guard case .write(let named) = Writes.recognised(.post, "/gs/rest/styles?name=s") else {
            Issue.record("it is no write")
            return
        }
        #expect(named.scopeIfNew == WriteScope(.namedStyle(LayerName("s")), .drawn))
    }

    @Test("a layer that is made is the only one that has a style it had not")
    func newLayer() {
        let target = "/geoserver/rest/workspaces/a/datastores/d/featuretypes"
        func restyled(_ body: String) -> ObservedWrite.Restyled? {
            guard case .write(let write) = Writes.read(Array(body.utf8), to: target) else {
                return nil
            }
            return write.restyled
        }
        #expect(
            restyled("<featureType><name>x</name></featureType>") == .layer(LayerName("a:x")))
        #expect(restyled("<featureType><title>x</title></featureType>") == .any)
        #expect(restyled("<featureType><name>x</name>") == .any)
        #expect(restyled(#"{"featureType": {"name": "x"}}"#) == .layer(LayerName("a:x")))
    }

    @Test(
        "a layer or group that is made is read from JSON as from XML",
        arguments: [
            (
                "workspaces/a/datastores/d/featuretypes", #"{"featureType":{"name":"x"}}"#,
                "a:x; a:* caps; everything lists"
            ),
            (
                "workspaces/a/coveragestores/c/coverages.json",
                #"{"coverage": {"name": "x", "dimensions": {"coverageDimension":"#
                    + #" [{"name": "RED", "range": {"min": 0, "max": 255}}, {"name": "GREEN"}]}}}"#,
                "a:x; a:* caps; everything lists"
            ),
            (
                "layergroups",
                #"{"layerGroup": {"name": "g", "mode": "SINGLE", "publishables": {"published":"#
                    + #" [{"@type": "layer", "name": "a:x"}, {"@type": "layer", "name": "a:y"}]},"#
                    + #" "styles": {"style": [{"name": "s"}, ""]}}}"#,
                "*:g; everything caps; everything lists"
            ),
            // It is none, or not to be told.
            ("layergroups", #"{"layerGroup":{"title":"g"}}"#, "everything all"),
            ("layergroups", #"{"layerGroup":{"name":"g"}"#, "everything all"),
            ("layergroups", #"{"layerGroup":{"name":["g","h"]}}"#, "everything all"),
            ("layergroups", #"{"layerGroup":{"name":"g"},"a":{"name":"h"}}"#, "everything all"),
            ("layergroups", "name=g", "everything all"),
        ])
    func newFromJSON(_ place: String, _ body: String, _ scope: String) {
        let bytes = Array(body.utf8)
        let target = "/geoserver/rest/\(place)"
        for end in 0...bytes.count {
            let read = Writes.read(bytes, to: target, ends: [end], type: "application/json")
            #expect(Writes.line(read) == scope)
        }
    }

    @Test("a feature type with hundreds of attributes is named like any other")
    func manyAttributes() {
        let attributes = (0..<300).map { number in
            "<attribute><name>a\(number)</name><minOccurs>0</minOccurs></attribute>"
        }
        let body =
            "<featureType><name>x</name><attributes>\(attributes.joined())</attributes>"
            + "</featureType>"
        let target = "/geoserver/rest/workspaces/a/datastores/d/featuretypes"
        #expect(Writes.line(Writes.read(body, to: target)) == "a:x; a:* caps; everything lists")
    }
}
