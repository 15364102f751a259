import Caching
import Testing

@testable import Control
@testable import Edge

/// A server whose documents may change, and what it was asked.
private final class Documents {
    var texts: [String: String] = [:]
    var asked: [String] = []

    func put(_ styles: [String: String]) {
        let items = styles.keys.sorted().map { "<layer><name>\($0)</name><link/></layer>" }
        texts["/layers.xml"] = "<layers>\(items.joined())</layers>"
        for (layer, style) in styles {
            let name = layer.split(separator: ":").last ?? ""
            let path = "/layers/\(layer.replacing(":", with: "%3A")).xml"
            texts[path] = """
                <layer><name>\(name)</name><type>VECTOR</type><defaultStyle><name>\(style)</name>\
                </defaultStyle></layer>
                """
        }
    }

    func ask(_ path: String) throws(MemberClient.Failure) -> [UInt8] {
        asked.append(path)
        guard let text = texts[path] else { throw MemberClient.Failure("it answered 404") }
        return Array(text.utf8)
    }
}

@Suite("Writes: default styles, read layer by layer")
struct DefaultStyleTests {
    // MARK: documents

    private func read(_ documents: Documents) throws(MemberClient.Failure) -> DefaultStyles {
        var reading = DefaultStyleReading()
        repeat {
            try reading.step { path throws(MemberClient.Failure) in try documents.ask(path) }
        } while !reading.isFresh
        return reading.styles
    }

    /// As GeoServer 2.2, 2.8 and 2.2x write them.
    @Test(
        "a layer's document, by versions",
        arguments: [
            ("<name>x</name><defaultStyle><name>line</name></defaultStyle>", "line"),
            (
                """
                <name>x</name><path>/</path><type>VECTOR</type><defaultStyle><name>a:line</name>\
                <workspace>a</workspace><link rel="alternate" href="h" type="application/xml"/>\
                </defaultStyle><styles class="linked-hash-set"><style><name>other</name></style>\
                </styles><resource class="featureType"><name>a:x</name></resource>
                """, "a:line"
            ),
            (
                """
                <name>a:x</name><defaultStyle><name>line</name><workspace>a</workspace>\
                </defaultStyle>
                """, "a:line"
            ),
            (
                """
                <name>x</name><defaultStyle><name>line</name><workspace><name>a</name></workspace>\
                </defaultStyle>
                """, "a:line"
            ),
            ("<name>x</name><defaultStyle>a:line</defaultStyle>", "a:line"),
            ("<name>x</name><defaultStyle/>", ""), ("<name>x</name>", ""),
        ])
    func shapes(_ text: String, _ style: String) throws {
        let documents = Documents()
        documents.put(["a:x": ""])
        documents.texts["/layers/a%3Ax.xml"] = "<layer>\(text)</layer>"
        let found = try read(documents)
        #expect(found.layers == (style.isEmpty ? [:] : [LayerName(style): [LayerName("a:x")]]))
        #expect(found.untold == (style.isEmpty ? [LayerName("a:x")] : []))
        #expect(found.count == 1)
    }

    @Test(
        "a list of layers",
        arguments: [
            ("<layers/>", 0), ("<layers>\n</layers>", 0),
            ("<layers><layer><name>a:x</name></layer></layers>", 1),
            ("<layers><layer><name>x</name></layer></layers>", 1),
            // Namesakes of which one can be asked for; a page for signing in; half of one.
            ("<layers><layer><name>x</name></layer><layer><name>x</name></layer></layers>", nil),
            ("<html><body/></html>", nil), ("<layers><layer>", nil), (#"{"layers": ""}"#, nil),
            ("", nil),
        ] as [(String, Int?)])
    func lists(_ text: String, _ count: Int?) throws {
        let documents = Documents()
        documents.put(["a:x": "s", "x": "s"])
        documents.texts["/layers.xml"] = text
        guard let count else {
            #expect(throws: MemberClient.Failure.self) { try read(documents) }
            return
        }
        #expect(try read(documents).count == count)
    }

    @Test("no document is believed that is another's, none, too long, or one of too many")
    func limits() throws {
        let documents = Documents()
        func refuses(_ text: String?, at path: String = "/layers/a%3Ax.xml") {
            documents.put(["a:x": "s"])
            documents.texts[path] = text
            #expect(throws: MemberClient.Failure.self, "\(text?.prefix(80) ?? "")") {
                try read(documents)
            }
        }
        for text in [
            nil, "", "<layer/>", "<layer><name>y</name></layer>",
            "<layer><name>b:x</name></layer>", "<html><name>x</name></html>",
        ] {
            refuses(text)
        }
        let filling = String(repeating: "<a>b</a>", count: ResourceValues.byteLimit / 8)
        refuses("<layer><name>x</name>\(filling)</layer>")
        func list(_ count: Int) -> String {
            let items = (0..<count).map { "<layer><name>a:layer\($0)</name></layer>" }
            return "<layers>\(items.joined())</layers>"
        }
        documents.asked = []
        refuses(list(DefaultStyleReading.layerLimit + 1), at: "/layers.xml")
        #expect(documents.asked == ["/layers.xml"])
        // As many are read, and the list of them is longer than other documents may be.
        documents.texts["/layers.xml"] = list(DefaultStyleReading.layerLimit)
        var reading = DefaultStyleReading()
        try reading.step { path throws(MemberClient.Failure) in try documents.ask(path) }
        #expect(!reading.isComplete)
    }

    // MARK: the course of reading

    /// An edge's board, and the keeper's course without its thread.
    private final class Life {
        let documents = Documents()
        let board: CatalogueBoard
        let source = CatalogueSettings(origin: "maps")
        var course = DefaultStyleCourse()
        var now: Int64 = 0

        init(_ styles: [String: String], hasLeft: Bool = false) {
            board = CatalogueBoard(hasLeft: hasLeft)
            documents.put(styles)
            board.putInForce(WriteCatalogue(), from: source)
        }

        /// One look; false: it has failed.
        @discardableResult
        func look(after milliseconds: Int64 = 250) -> Bool {
            now += milliseconds
            let news = course.look(at: now, board.takeRestyled(at: now), interval: 300_000) {
                path throws(MemberClient.Failure) in try documents.ask(path)
            }
            switch news {
            case nil: return true
            case .whole(let styles): board.putInForce(styles, from: source)
            case .failed:
                board.putInForce(nil, from: source)
                return false
            }
            return true
        }

        /// What a write to the style touches of pictures beside what names it; nil: all that do not
        /// tell their style.
        func layers(
            drawnBy style: String, isOver: Bool = true, by hold: CatalogueHold? = nil
        ) -> Set<String>? {
            var settings = WriteSettings()
            settings.catalogue = source
            let scope = settings.with(board.known.known(to: hold))
                .expanded(WriteScope(.style(LayerName(style)), .tiles), isOver: isOver)
            var found: Set<String> = []
            for part in scope.parts {
                switch part.target {
                case .layer(let name): found.insert(name.description)
                case .namedStyle(let name): #expect(name == LayerName(style))
                default: return nil
                }
            }
            return found
        }
    }

    private static let styles = ["a:x": "s", "a:y": "t", "b:z": "a:s"]

    @Test("a style's write is narrow from when all layers are read, and not before")
    func whole() {
        let life = Life(Self.styles.merging(["b:w": "t"]) { $1 })
        #expect(life.layers(drawnBy: "s") == nil)
        life.look()
        #expect(life.documents.asked.count == DefaultStyleCourse.documentsInLook)
        #expect(life.layers(drawnBy: "s") == nil, "it is under way")
        life.look()
        // A bare name may be any workspace's.
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
        #expect(life.layers(drawnBy: "a:s") == ["a:x", "b:z"])
        #expect(life.layers(drawnBy: "b:s") == ["a:x"])
        #expect(life.layers(drawnBy: "none") == [])
        #expect(life.layers(drawnBy: "s", isOver: false) == nil, "it may still go on")
        life.look()
        #expect(life.documents.asked.count == 5, "nothing is read without need")
    }

    @Test("a layer that was written is read anew, and no other one")
    func layer() {
        let life = Life(Self.styles)
        life.look()
        life.documents.asked = []
        // It is so at once, whatever the next look finds.
        life.documents.put(["a:x": "s", "a:y": "s", "a:new": "s", "b:z": "a:s"])
        life.board.noteStyleChange(.layer(LayerName("a:y")))
        #expect(life.layers(drawnBy: "s") == nil)
        life.look()
        #expect(life.layers(drawnBy: "s") == ["a:x", "a:y", "a:new", "b:z"])
        #expect(
            life.documents.asked == ["/layers.xml", "/layers/a%3Anew.xml", "/layers/a%3Ay.xml"])
        life.board.noteStyleChange(.none)
        #expect(life.layers(drawnBy: "s") != nil)
        // Renamed, and taken away.
        life.documents.put(["a:x2": "t", "b:z": "a:s"])
        life.board.noteStyleChange(.layer(LayerName("x")))
        life.look()
        #expect(life.layers(drawnBy: "s") == ["b:z"] && life.layers(drawnBy: "t") == ["a:x2"])
    }

    @Test("a style that is deleted, a reload or what is not understood: all are read anew")
    func all() {
        let life = Life(Self.styles)
        life.look()
        life.documents.asked = []
        life.board.noteStyleChange(.any)
        #expect(life.layers(drawnBy: "s") == nil)
        life.look()
        #expect(life.layers(drawnBy: "s") != nil && life.documents.asked.count == 4)
        for number in 0...RestyledLayers.nameLimit {
            life.board.noteStyleChange(.layer(LayerName("n\(number)")))
        }
        life.look()
        #expect(life.documents.asked.count == 8, "so many names are all")
    }

    @Test("names of styles are in doubt while a write is under way that may change one, and behind")
    func doubt() {
        let board = CatalogueBoard()
        #expect(board.knowsStyles(of: 0) && !board.knowsStyles(of: 1))
        var first = board.hold(CatalogueChange(isOfGroups: false, isOfStyles: true))
        var second = board.hold(CatalogueChange(isOfGroups: false, isOfStyles: true))
        #expect(first != nil && !board.knowsStyles(of: 0))
        first = nil
        #expect(second != nil && !board.knowsStyles(of: 0))
        // Neither of them has done anything.
        second = nil
        #expect(board.knowsStyles(of: 0))
        let other = board.hold(CatalogueChange(isOfGroups: true, isOfStyles: false))
        #expect(other != nil && board.knowsStyles(of: 0))
        board.noteStyleChange(.layer(LayerName("a:x")))
        #expect(!board.knowsStyles(of: 0) && board.knowsStyles(of: 1))
    }

    @Test("a write that passes while it is read, and one that may still go on")
    func meanwhile() {
        let life = Life(Self.styles.merging(["b:w": "t"]) { $1 })
        life.look()
        life.documents.put(["a:x": "t", "a:y": "t", "b:z": "a:s", "b:w": "t"])
        life.board.noteStyleChange(.layer(LayerName("a:x")))
        #expect(life.layers(drawnBy: "s") == nil)
        life.documents.asked = []
        life.look()
        #expect(life.layers(drawnBy: "s") == ["b:z"])
        // The first one had been read, and is once more.
        #expect(
            life.documents.asked == ["/layers.xml", "/layers/a%3Ax.xml", "/layers/b%3Az.xml"])
        // Between a reading and what is made of it.
        let news = life.course.look(at: life.now, RestyledLayers(areAll: true), interval: 1) {
            path throws(MemberClient.Failure) in try life.documents.ask(path)
        }
        #expect(news == nil)
        life.board.noteStyleChange(.layer(LayerName("a:x")))
        life.board.putInForce(DefaultStyles(), from: life.source)
        #expect(life.board.known.areStylesBehind)
        for _ in 0..<4 { life.look() }
        #expect(life.layers(drawnBy: "s") != nil)

        life.board.noteStyleChange(.layer(LayerName("a:x")), until: life.now + 60_000)
        life.look(after: 59_000)
        #expect(life.layers(drawnBy: "s") == nil)
        life.documents.asked = []
        life.look(after: 1_000)
        #expect(life.layers(drawnBy: "s") != nil)
        #expect(life.documents.asked == ["/layers.xml", "/layers/a%3Ax.xml"])
    }

    @Test("while a write is under way that may change one, only that goes by what was read")
    func underWay() {
        let life = Life(Self.styles)
        life.look()
        func hold(groups: Bool = false, styles: Bool = true) -> CatalogueHold? {
            life.board.hold(CatalogueChange(isOfGroups: groups, isOfStyles: styles))
        }
        #expect(hold(styles: false) == nil)
        for ofGroups in [false, true] {
            var first = hold(groups: ofGroups, styles: !ofGroups)
            #expect(first != nil && life.layers(drawnBy: "s") == nil)
            #expect(life.layers(drawnBy: "s", by: first) == ["a:x", "b:z"])
            var second = hold()
            #expect(life.layers(drawnBy: "s", by: first) == nil)
            // What is read meanwhile may be what was before it.
            life.board.noteStyleChange(.layer(LayerName("a:x")))
            life.look()
            #expect(life.layers(drawnBy: "s") == nil)
            first = nil
            #expect(life.layers(drawnBy: "s") == nil)
            second = nil
            #expect(first == nil && second == nil)
            #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
        }
    }

    @Test("writes that an edge before this one has left under way may go on for two hours")
    func left() {
        let life = Life(Self.styles, hasLeft: true)
        for _ in 0..<3 { life.look() }
        #expect(life.layers(drawnBy: "s") == nil)
        life.look(after: 7_199_000)
        #expect(life.layers(drawnBy: "s") == nil)
        life.documents.asked = []
        for _ in 0..<4 { life.look() }
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
        #expect(life.documents.asked.count >= 4, "all are read anew")
    }

    @Test("what a layer shows by another style that it names stays; of a group all goes")
    func otherStyles() {
        var catalogue = WriteCatalogue()
        catalogue.groups = [LayerName("g"): [LayerName("a:x")]]
        catalogue.groupStyles.layers = [LayerName("s"): [LayerName("h")]]
        let life = Life(Self.styles)
        life.board.putInForce(catalogue, from: life.source)
        life.look()
        var settings = WriteSettings()
        settings.catalogue = life.source
        settings.styles = [LayerName("c:s"): [LayerName("a:own")]]
        let scope = settings.with(life.board.known)
            .expanded(WriteScope(.style(LayerName("s")), .drawn))
        func touches(_ layer: String, _ style: String?, _ kind: EntryKinds = .tiles) -> Bool {
            scope.touches(
                layer: LayerName(layer), box: nil, style: style.map { LayerName($0) }, kind: kind)
        }
        for kind in [EntryKinds.tiles, .legends] {
            #expect(touches("a:x", nil, kind) && touches("a:x", "s", kind))
            #expect(!touches("a:x", "t", kind) && !touches("a:y", nil, kind))
            #expect(touches("a:y", "s", kind) && touches("b:z", "a:s", kind))
        }
        #expect(touches("g", "t") && touches("h", "t") && touches("a:own", "t"))
        #expect(touches("a:y", nil, .featureInfo) && touches("a:y", nil, .capabilities))
    }

    @Test("one that cannot be read makes all wide, is tried again later, and then is untold alone")
    func failed() {
        let life = Life(Self.styles)
        life.documents.texts["/layers/a%3Ay.xml"] = nil
        #expect(!life.look())
        #expect(life.layers(drawnBy: "s") == nil)
        life.documents.asked = []
        life.look(after: 4_999)
        #expect(life.documents.asked.isEmpty)
        life.look(after: 1)
        #expect(life.documents.asked == ["/layers.xml", "/layers/a%3Ay.xml", "/layers/b%3Az.xml"])
        #expect(life.layers(drawnBy: "s") == ["a:x", "a:y", "b:z"])
        #expect(life.layers(drawnBy: "none") == ["a:y"])
        // It is so whatever is written meanwhile, and until it can be read.
        life.board.noteStyleChange(.layer(LayerName("a:y")))
        life.look()
        #expect(life.layers(drawnBy: "none") == ["a:y"])
        life.documents.put(Self.styles)
        for _ in 0..<2 { life.look(after: 300_000) }
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
        // Of a list that cannot be read nothing is known.
        life.documents.texts["/layers.xml"] = nil
        life.documents.asked = []
        #expect(!life.look(after: 300_000))
        #expect(life.layers(drawnBy: "s") == nil)
        life.look(after: 4_999)
        #expect(life.documents.asked.count == 1)
        #expect(!life.look(after: 1))
        life.look(after: 9_999)
        #expect(life.documents.asked.count == 2, "later and later")
        life.documents.put(Self.styles)
        life.look(after: 1)
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
    }

    @Test("at the interval all is read once more; what was known holds until that has failed")
    func interval() {
        let life = Life(Self.styles.merging(["b:w": "t"]) { $1 })
        for _ in 0..<2 { life.look() }
        life.documents.asked = []
        life.look(after: 299_999)
        #expect(life.documents.asked.isEmpty)
        // Past the edge.
        life.documents.put(["a:x": "t", "a:y": "s", "b:z": "a:s", "b:w": "t"])
        life.look(after: 1)
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z"])
        // A write passes, whose layer goes before the others.
        life.board.noteStyleChange(.layer(LayerName("b:w")))
        life.look()
        #expect(life.layers(drawnBy: "s")?.contains("b:z") == true)
        for _ in 0..<2 { life.look() }
        #expect(life.layers(drawnBy: "s") == ["a:y", "b:z"])
        // Such a write does not put the next one off.
        life.board.noteStyleChange(.layer(LayerName("b:w")))
        life.look(after: 200_000)
        life.documents.texts["/layers.xml"] = nil
        #expect(!life.look(after: 100_000))
        #expect(life.layers(drawnBy: "s") == nil)
    }

    // MARK: what is made of it

    @Test("groups go with styles that their documents name, and with those that nobody tells")
    func groups() {
        var catalogue = WriteCatalogue()
        catalogue.groups = [LayerName("g"): [LayerName("a:y")], LayerName("h"): [LayerName("g")]]
        catalogue.groupStyles.layers = [LayerName("s"): [LayerName("g")]]
        catalogue.groupStyles.untold = [LayerName("own")]
        let life = Life(Self.styles)
        life.board.putInForce(catalogue, from: life.source)
        #expect(life.layers(drawnBy: "s") == nil)
        life.look()
        #expect(life.layers(drawnBy: "s") == ["a:x", "b:z", "g", "h", "own"])
        #expect(life.layers(drawnBy: "t") == ["a:y", "g", "h", "own"])
        #expect(life.layers(drawnBy: "none") == ["own"])
        // Groups that may be others.
        life.board.noteChange()
        #expect(life.layers(drawnBy: "s") == nil)
    }

    @Test("the configuration has the last word of the styles that it names; other kinds stay wide")
    func configured() {
        var life = Life(Self.styles)
        life.look()
        var settings = WriteSettings()
        settings.catalogue = life.source
        settings.styles = [LayerName("a:s"): [LayerName("a:own")]]
        let known = settings.with(life.board.known)
        func targets(_ style: String) -> [WriteScope.Target] {
            known.expanded(WriteScope(.style(LayerName(style)), .tiles)).parts.map(\.target)
        }
        #expect(targets("a:s") == [.namedStyle(LayerName("a:s")), .layer(LayerName("a:own"))])
        #expect(targets("s").contains(.layer(LayerName("a:own"))))
        #expect(targets("s").contains(.layer(LayerName("a:x"))))
        let drawn = known.expanded(WriteScope(.style(LayerName("t")), .drawn))
        #expect(drawn.parts[0].target == .style(LayerName("t")))
        #expect(drawn.parts[0].kinds == [.featureInfo, .capabilities, .pages])
        #expect(drawn.parts.dropFirst().allSatisfy { $0.kinds == [.tiles, .legends] })
        // That of another server says nothing, nor does one that shows no layers.
        settings.catalogue?.origin = "others"
        let wide = WriteScope(.style(LayerName("t")), .drawn)
        #expect(settings.with(life.board.known).expanded(wide) == wide)
        life = Life([:])
        life.look()
        #expect(life.layers(drawnBy: "t") == nil)
    }

    @Test("a style of more layers than a scope names touches no more than it did")
    func many() {
        let layers = (0..<WriteScope.partLimit).map { ("a:l\($0)", "s") }
        let life = Life(Dictionary(uniqueKeysWithValues: layers + [("a:x", "t")]))
        for _ in 0..<20 { life.look() }
        #expect(life.layers(drawnBy: "t") == ["a:x"])
        var settings = WriteSettings()
        settings.catalogue = life.source
        let scope = WriteScope(.style(LayerName("s")), .drawn)
        #expect(settings.with(life.board.known).expanded(scope) == scope)
    }
}
