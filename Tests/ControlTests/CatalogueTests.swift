import Caching
import Testing

@testable import Control
@testable import Edge

@Suite("Writes: GeoServer's catalogue")
struct CatalogueTests {
    private static let documents = [
        "/namespaces.xml": """
        <namespaces><namespace><name>geonode</name><link href="x"/></namespace>\
        <namespace><name>a b</name></namespace></namespaces>
        """,
        "/namespaces/geonode.xml": """
        <namespace><prefix>geonode</prefix><uri>http://www.geonode.org/</uri>\
        <featureTypes/></namespace>
        """,
        "/namespaces/a%20b.xml": "<namespace><prefix>a b</prefix><uri>urn:a</uri></namespace>",
        "/layergroups.xml": "<layerGroups><layerGroup><name>base</name></layerGroup></layerGroups>",
        "/layergroups/base.xml": """
        <layerGroup><name>base</name><publishables><published type="layer">\
        <name>geonode:roads</name></published><published type="layerGroup">\
        <name>geonode:water</name></published></publishables></layerGroup>
        """,
        "/workspaces/geonode/layergroups.xml": """
        <layerGroups><layerGroup><name>water</name></layerGroup></layerGroups>
        """,
        "/workspaces/geonode/layergroups/water.xml": """
        <layerGroup><name>water</name><layers><layer><name>rivers</name></layer></layers>\
        <rootLayer><name>geonode:relief</name></rootLayer></layerGroup>
        """,
        "/workspaces/a%20b/layergroups.xml": "<layerGroups/>",
    ]

    private func read(
        _ documents: [String: String] = CatalogueTests.documents
    ) throws(MemberClient.Failure) -> WriteCatalogue {
        var reader = CatalogueReader { path throws(MemberClient.Failure) in
            guard let text = documents[path] else { throw MemberClient.Failure("it answered 404") }
            return Array(text.utf8)
        }
        return try reader.read()
    }

    @Test("namespaces, groups and their members, old and new")
    func whole() throws {
        let catalogue = try read()
        #expect(
            catalogue.workspaces == ["http://www.geonode.org/": "geonode", "urn:a": "a b"])
        #expect(
            catalogue.groups == [
                LayerName("base"): [LayerName("geonode:roads"), LayerName("geonode:water")],
                LayerName("geonode:water"): [
                    LayerName("geonode:rivers"), LayerName("geonode:relief"),
                ],
            ])
    }

    @Test("a namespace that isolated workspaces share is none of theirs")
    func isolated() throws {
        var documents = Self.documents
        documents["/namespaces/a%20b.xml"] = documents["/namespaces/geonode.xml"]
        #expect(try read(documents).workspaces == [:])
    }

    @Test(
        "styles that a group's document names draw the group; where it does not say all, any does",
        arguments: [
            ("<publishables><published><name>a:x</name></published></publishables>", [], false),
            (
                """
                <publishables><published><name>a:x</name></published><published type="layerGroup">\
                <name>g</name></published></publishables><styles><style/><style><name>w:s</name>\
                <workspace>w</workspace></style></styles>
                """, ["w:s"], false
            ),
            (
                """
                <layers><layer><name>x</name></layer></layers><styles><style>s</style>\
                <style><name>t</name></style><style><name>s</name></style></styles>
                """, ["s", "t"], false
            ),
            (
                """
                <rootLayer><name>a:x</name></rootLayer>\
                <rootLayerStyle><name>root</name></rootLayerStyle>
                """, ["root"], false
            ),
            // A style that says which layers it draws.
            (
                """
                <publishables><published/><published><name>a:x</name></published></publishables>\
                <styles><style><name>many</name></style><style/></styles>
                """, ["many"], true
            ),
            ("<publishables><null/></publishables>", [], true),
            (
                """
                <publishables><published><name>a:x</name></published></publishables>\
                <layerGroupStyles><layerGroupStyle><name>night</name></layerGroupStyle>\
                </layerGroupStyles>
                """, [], true
            ),
        ])
    func groupStyles(_ text: String, _ styles: [String], _ isUntold: Bool) throws {
        var documents = Self.documents
        documents["/layergroups/base.xml"] = "<layerGroup><name>base</name>\(text)</layerGroup>"
        let found = try read(documents).groupStyles
        let base = LayerName("base")
        #expect(Set(found.layers.keys) == Set(styles.map { LayerName($0) }))
        #expect(found.layers.values.allSatisfy { $0 == [base] })
        #expect(found.untold == (isUntold ? [base] : []))
    }

    @Test("one that is not whole is none", arguments: documents.keys.sorted())
    func parts(_ path: String) throws {
        for text in [nil, "<cut><short>"] {
            var documents = Self.documents
            documents[path] = text
            let given = documents
            #expect(throws: MemberClient.Failure.self) { try read(given) }
        }
    }

    @Test("what the configuration says of a group counts for more; a rule reaches all that show it")
    func merged() throws {
        var settings = WriteSettings()
        settings.groups[LayerName("base")] = []
        let board = CatalogueBoard()
        board.putInForce(try read(), from: nil)
        let merged = settings.with(board.known)
        #expect(merged.groups[LayerName("base")] == [])
        #expect(merged.context.workspaces["urn:a"] == "a b")
        let scope = WriteSettings().with(board.known)
            .expanded(WriteScope(.layer(LayerName("geonode:rivers")), .tiles))
        #expect(
            Set(scope.parts.map(\.target)) == [
                .layer(LayerName("geonode:rivers")), .layer(LayerName("geonode:water")),
                .layer(LayerName("base")),
            ])
    }

    @Test("until it is read any group may show a layer, where and as far as the write reaches")
    func unread() throws {
        var settings = WriteSettings()
        settings.groups[LayerName("own")] = [LayerName("a:x")]
        let scope = WriteScope(.layer(LayerName("a:x")), .tiles)
        // Nobody says where one is.
        let board = CatalogueBoard()
        #expect(settings.with(board.known).expanded(scope).parts.count == 2)
        let source = CatalogueSettings(origin: "maps")
        settings.catalogue = source
        let parts = settings.with(board.known).expanded(scope).parts
        #expect(parts.contains(WriteScope.Part(.everything, .tiles)))
        let style = WriteScope(.style(LayerName("s")), .drawn)
        #expect(settings.with(board.known).expanded(style) == style)
        board.putInForce(WriteCatalogue(), from: source)
        #expect(settings.with(board.known).expanded(scope).parts.count == 2)
        settings.catalogue?.origin = "others"
        #expect(settings.with(board.known).expanded(scope).parts == parts, "that of another server")
    }

    @Test("behind a write that may have changed it, until it was read anew from begin to end")
    func behind() {
        var settings = WriteSettings()
        let source = CatalogueSettings(origin: "maps")
        settings.catalogue = source
        let board = CatalogueBoard()
        let scope = WriteScope(.layer(LayerName("a:x")), .tiles)
        var isWide: Bool { settings.with(board.known).expanded(scope) != scope }
        func read(at now: Int64, meanwhile: () -> Void = {}) -> Bool {
            let isAsked = board.takeChange(at: now)
            meanwhile()
            board.putInForce(WriteCatalogue(), from: source)
            return isAsked
        }
        #expect(isWide)
        #expect(!read(at: 0))
        #expect(!isWide)
        board.noteChange()
        #expect(isWide)
        // A reading that fails leaves it so.
        #expect(board.takeChange(at: 1))
        #expect(isWide)
        #expect(!read(at: 2))
        #expect(!isWide)
        board.noteChange()
        #expect(read(at: 3) { board.noteChange() })
        #expect(isWide, "it changed while it was read")
        #expect(read(at: 4))
        #expect(!isWide)
        // It may go on until then.
        board.noteChange(until: 60)
        #expect(read(at: 5))
        #expect(isWide)
        board.noteChange(until: 70)
        #expect(read(at: 60))
        #expect(isWide)
        #expect(!board.takeChange(at: 69))
        #expect(read(at: 70))
        #expect(!isWide)
    }

    @Test("the file says whose catalogue it is, or none is read")
    func settings() {
        let origins = """
            origins: { maps: { members: ["http://127.0.0.1:1"] } }
            behaviors: [{ path: "*", class: pages }]

            """
        func catalogue(_ text: String) -> CatalogueSettings? {
            reading(origins + text).configuration.settings.writes.catalogue
        }
        #expect(catalogue("") == nil)
        let text = """
            writes:
              catalogue: { origin: maps, restPath: /maps/rest, interval: 1m, timeout: 3s }
            """
        let found = catalogue(text)
        #expect(found?.origin == "maps" && found?.restPath == "/maps/rest")
        #expect(found?.interval == 60_000 && found?.timeout == 3_000)
        #expect(
            findings(origins + "writes: { catalogue: { origin: mops } }\n").contains {
                $0.contains("no origin is named \"mops\"; did you mean \"maps\"?")
            })
        #expect(
            findings(origins + "writes: { catalogue: { interval: 1m } }\n").contains {
                $0.contains("does not say whose it is")
            })
    }
}
