import Caching
import HTTP
import Testing

@Suite("Writes: which requests change what is stored")
struct WriteRequestTests {
    @Test(
        "GeoServer's configuration",
        arguments: [
            (Method.put, "/geoserver/rest/reload", "everything all"),
            (.post, "/geoserver/rest/reset", "everything all"),
            (.put, "/geoserver/rest/settings.xml", "everything all"),
            (.put, "/geoserver/rest/services/wms/settings", "everything all"),
            (.put, "/geoserver/rest/services/wms/workspaces/geonode/settings", "geonode:* all"),
            (.put, "/geoserver/rest/styles/point.xml", "body"),
            (.put, "/gs/rest/styles/alice-42-0-simple-point-X.xml", "body"),
            (.delete, "/geoserver/rest/styles/point.xml", "style point drawn"),
            (.post, "/geoserver/rest/workspaces/a/styles", "body"),
            (
                .post, "/gs/rest/styles?name=alice-42-0-simple-point-X",
                "style alice-42-0-simple-point-X drawn"
            ),
            (.post, "/geoserver/rest/styles", "body"),
            (.delete, "/geoserver/rest/workspaces/topp/styles/pop", "style topp:pop drawn"),
            (.put, "/geoserver/rest/layers/geonode%3AX.xml", "geonode:X all"),
            (.put, "/rest/layers/geonode:X", "geonode:X all"),
            (.put, "/geoserver/rest/layers/X.json", "*:X all"),
            (.delete, "/geoserver/rest/layergroups/world", "*:world all"),
            (.put, "/geoserver/rest/workspaces/topp/layergroups/g", "topp:g all"),
            (
                .put, "/geoserver/rest/workspaces/geonode/datastores/ds/featuretypes/X.xml",
                "geonode:X all"
            ),
            (.delete, "/geoserver/rest/workspaces/a/coveragestores/cs/coverages/c", "a:c all"),
            (
                .delete,
                "/geoserver/rest/workspaces/a/coveragestores/cs/coverages/c/index/granules/1",
                "a:c all"
            ),
            (.put, "/geoserver/rest/workspaces/a/datastores/ds/file.shp", "a:* all"),
            (.put, "/geoserver/rest/workspaces/a/datastores/ds.xml", "a:* all"),
            (.post, "/geoserver/rest/workspaces/a/datastores", "read"),
            (.delete, "/geoserver/rest/workspaces/a", "a:* all"),
            (.put, "/geoserver/rest/namespaces/a", "a:* all"),
            (.post, "/geoserver/rest/workspaces", "everything caps,lists"),
            (.put, "/geoserver/rest/workspaces/a/templates/header.ftl", "a:* all"),
            (.put, "/geoserver/rest/templates/header.ftl", "everything all"),
            (.put, "/geoserver/rest/resource/styles/icon.png", "everything all"),
            (.put, "/geoserver/rest/resource/workspaces/a/styles/icon.png", "a:* all"),
            (.post, "/geoserver/rest/imports", "read"),
            (.post, "/geoserver/rest/imports?exec=true", "everything all"),
            (.post, "/geoserver/rest/imports/3", "everything all"),
            (.post, "/geoserver/rest/imports/3?async=true", "everything all"),
            (.post, "/geoserver/rest/imports/3/tasks", "read"),
            (.put, "/geoserver/rest/imports/3", "read"),
            (.put, "/geoserver/rest/imports/3/tasks/0", "read"),
            (.delete, "/geoserver/rest/geofence/rules/id/7", "everything all hard"),
            (.delete, "/geoserver/rest/security/acl/layers/geonode.X.r", "geonode:X all hard"),
            (.delete, "/geoserver/rest/security/acl/layers/geonode.*.r", "geonode:* all hard"),
            (.delete, "/geoserver/rest/security/acl/layers/*.*.w", "everything all hard"),
            (.delete, "/geoserver/rest/security/acl/layers", "everything all hard"),
            (.put, "/geoserver/rest/unheard/of", "everything all"),
            (.put, "/geoserver/rest/about/x", "read"),
            (.post, "/geoserver/web/wicket/page", "everything all hard"),
            (.post, "/geoserver/geofence/rules", "everything all hard"),
            (.put, "/geoserver/x/permissions", "everything all hard"),
            (.put, "/geoserver/rest/workspaces/a.xml/layers/b.json.xml", "a.xml:b.json all"),
            (.put, "/geoserver/rest/workspaces/a/styles/b.sld", "body"),
            (.post, "/geoserver/j_spring_security_check", "read"),
            (.post, "/geoserver/elsewhere", "everything all"),
            (.get, "/geoserver/rest/about/version.xml", "read"),
            (.get, "/geoserver/rest/layers.xml", "read"),
            (.patch, "/geoserver/ogc/features/v1/collections/geonode:X/items/X.1", "geonode:X"),
        ] as [(HTTP.Method, String, String)])
    func configuration(_ method: HTTP.Method, _ target: String, _ expected: String) {
        #expect(Writes.line(Writes.recognised(method, target)) == expected, "\(target)")
    }

    @Test(
        "GeoWebCache, GeoGig and the site",
        arguments: [
            (Method.post, "/geoserver/gwc/rest/layers/geonode:X.xml", "geonode:X tiles,caps"),
            (.delete, "/geoserver/gwc/rest/layers/geonode%3AX", "geonode:X tiles,caps"),
            (.put, "/geoserver/gwc/rest/diskquota.xml", "read"),
            (.post, "/geoserver/gwc/rest/reload", "everything tiles,caps"),
            (.put, "/geoserver/gwc/rest/gridsets/x.xml", "everything tiles,caps"),
            (.get, "/geoserver/gwc/rest/seed.json", "read"),
            (.post, "/geoserver/gwc/rest/seed", "read"),
            (.get, "/geoserver/geogig/repos/X/log?output_format=JSON&_dc=1", "read"),
            (.get, "/geoserver/geogig/repos/X/beginTransaction", "read"),
            (.get, "/geoserver/geogig/repos/X/merge?branch=b", "everything"),
            (.post, "/geoserver/geogig/repos/X/merge.json", "everything"),
            (.post, "/geoserver/geogig/repos/X/unheard", "everything"),
            (.post, "/mapstories/save", "everything pages,lists"),
            (
                .post, "/story/9/delete",
                "/story/9 pages; /maps pages; /mapstory pages; /uploaded/thumbs pages; "
                    + "/thumbs pages; everything lists"
            ),
            (
                .put, "/maps/9/data",
                "/maps/9 pages; /story pages; /mapstory pages; /uploaded/thumbs pages; "
                    + "/thumbs pages; everything lists"
            ),
            (.post, "/layers/42/replace", "everything; everything lists"),
            (
                .post, "/storyteller/bob/edit",
                "/storyteller/bob pages; /uploaded/thumbs pages; /thumbs pages; "
                    + "/uploaded/avatars pages; /media/avatars pages; everything lists"
            ),
            (.post, "/layers/geonode:X/replace", "geonode:X; everything lists"),
            (.post, "/layers/geonode:X/append", "geonode:X; everything lists"),
            (.post, "/layers/geonode%3AX/remove", "geonode:X; everything lists"),
            (.post, "/layers/upload", "everything caps,pages,lists"),
            (.post, "/layers/append", "everything all"),
            (.post, "/layers/replace", "everything all"),
            (.post, "/layers/thumbnail", "everything pages,lists"),
            (.post, "/layers/geonode:X/thumbnail", "geonode:X pages; everything lists"),
            (.post, "/layers/geonode:X/metadata", "geonode:X caps,pages; everything lists"),
            (.post, "/layers/metadata", "everything caps,pages,lists"),
            (.post, "/layers/download", "read"), (.post, "/layers/notify-download", "read"),
            (.post, "/oauth2/token/", "read"), (.post, "/login/facebook/", "read"),
            (.post, "/api/base/search/", "read"), (.post, "/layers/acls", "read"),
            (.post, "/geofence/rest/rules", "body"),
            (.post, "/groups/g/permissions/", "everything all hard"),
            (.get, "/layers/geonode:X/permissions", "read"),
            (.post, "/comments/post/", "everything pages,lists"),
            (.post, "/dialogos/comment/4/2/", "everything pages,lists"),
            (.post, "/ratings/4/2/rate/", "everything pages,lists"),
            (.post, "/favorite/layer/5/add", "everything pages,lists"),
            (
                .post, "/favorite/map/5/add",
                "/maps/5 pages; /story pages; /mapstory pages; /uploaded/thumbs pages; "
                    + "/thumbs pages; everything lists"
            ),
            (.put, "/importer-api/data-layers/3/configure/", "everything all"),
            (.post, "/importer-api/data/", "everything lists"),
            (.post, "/accounts/login", "read"), (.post, "/ajax/hitcount/", "read"),
            (.get, "/layers/geonode:X", "read"), (.head, "/", "read"),
            (.patch, "/api/base/3/", "everything pages,lists"),
        ] as [(HTTP.Method, String, String)])
    func site(_ method: HTTP.Method, _ target: String, _ expected: String) {
        #expect(Writes.line(Writes.recognised(method, target)) == expected, "\(target)")
    }

    @Test(
        "a form of a group, a journal or a document is about its own page and the lists",
        arguments: ["organizations", "teams", "initiatives", "journal", "groups", "documents"])
    func pages(_ kind: String) {
        let line = Writes.line(Writes.recognised(.post, "/\(kind)/a/edit"))
        #expect(line.hasPrefix("/\(kind)/a pages; "), "\(line)")
        #expect(line.hasSuffix("everything lists"), "\(line)")
        #expect(!line.contains("everything pages"), "\(line)")
    }

    private static let server = "/proxy/?url=http%3A%2F%2Fgeoserver%3A8080%2Fgeoserver%2F"

    @Test(
        "what goes through the site's own proxy is what it asks the server for",
        arguments: [
            (Method.post, server + "wfs", "body"), (.post, server + "geonode%2Fows", "body"),
            (.post, server + "wfs%3Fservice%3DWFS&x=1", "body"),
            (.put, server + "rest%2Fstyles%2FS.xml", "body"),
            (.put, server + "rest%2Flayers%2Fgeonode%253AX.xml", "geonode:X all"),
            (.post, "/proxy?url=/geoserver/rest/styles%3Fname%3DS", "style S drawn"),
            (.post, "/de/proxy/?a=b&url=https://h/geoserver/rest/reload%23a", "everything all"),
            (.get, server + "geogig%2Frepos%2FX%2Fmerge", "everything"),
            (.get, server + "wfs%3FREQUEST%3DGetFeature", "read"),
            (.get, server + "rest%2Fstyles", "read"),
            (.post, "/proxy/", "read"), (.post, "/proxy/?url=", "read"),
            (.post, "/proxy/?url=http://h/layers/geonode:X/replace", "read"),
            (.post, "/proxy/?url=http://h", "read"), (.get, "/proxy/?url=http://h/a", "read"),
            // A proxy behind the proxy is nobody's.
            (.post, "/proxy/?url=/proxy/?url=/geoserver/rest/reload", "read"),
        ] as [(HTTP.Method, String, String)])
    func proxied(_ method: HTTP.Method, _ target: String, _ expected: String) {
        var context = Writes.context
        context.languages = ["de"]
        let read = Writes.recognised(method, target, context: context)
        #expect(Writes.line(read) == expected, "\(target)")
    }

    @Test("whoever shows no credentials changes nothing by forms of the server's own")
    func anonymous() {
        for target in [
            "/geoserver/web/wicket/page", "/geoserver/web/", "/geoserver/", "/geoserver/elsewhere",
            "/geoserver/geofence/rules", "/geoserver/pdf/create.json",
        ] {
            #expect(Writes.recognised(.post, target, hasCredentials: false) == .read)
            guard case .write(let write) = Writes.recognised(.post, target) else {
                Issue.record("\(target) is no write")
                continue
            }
            #expect(write.response == .status)
        }
        // This one has them in its form, and hands a service's answer back.
        for hasCredentials in [true, false] {
            let read = Writes.recognised(
                .post, "/geoserver/TestWfsPost", hasCredentials: hasCredentials)
            #expect(read == .write(ObservedWrite(.everything, response: .doubtful)))
        }
        #expect(Writes.recognised(.get, "/geoserver/TestWfsPost") == .read)
        // What has an answer that says so is believed.
        let style = Writes.recognised(.delete, "/geoserver/rest/styles/a", hasCredentials: false)
        #expect(Writes.line(style) == "style a drawn")
    }

    @Test(
        "which layers may have another default style behind it",
        arguments: [
            (Method.put, "/geoserver/rest/layers/a:x.xml", "text/xml", .layer(LayerName("a:x"))),
            (.put, "/geoserver/rest/layers/x", "text/xml", .layer(LayerName("x"))),
            (.delete, "/geoserver/rest/layers/a:x", "", .any),
            (
                .post, "/geoserver/rest/layers/a:x/styles?default=true", "text/xml",
                .layer(LayerName("a:x"))
            ),
            (
                .put, "/geoserver/rest/workspaces/a/datastores/d/featuretypes/x", "text/xml",
                .layer(LayerName("a:x"))
            ),
            (
                .delete, "/geoserver/rest/workspaces/a/datastores/d/featuretypes/x", "",
                .layer(LayerName("a:x"))
            ),
            (.put, "/geoserver/rest/styles/s", "application/vnd.ogc.sld+xml; charset=UTF-8", .none),
            (
                .put, "/geoserver/rest/workspaces/a/styles/s.sld", "Application/VND.ogc.se+xml",
                .none
            ),
            (.put, "/geoserver/rest/styles/s", "application/zip", .none),
            (.delete, "/geoserver/rest/styles/s", "application/vnd.ogc.sld+xml", .any),
            (.post, "/geoserver/rest/styles?name=s", "application/vnd.ogc.sld+xml", .none),
            (.delete, "/geoserver/rest/security/acl/layers", "application/xml", .none),
            (.post, "/geoserver/rest/ruleCache/invalidate", "", .none),
            (.put, "/geoserver/rest/reload", "", .any), (.put, "/geoserver/rest/reset", "", .any),
            (.delete, "/geoserver/rest/workspaces/a", "", .any),
            (.put, "/geoserver/rest/workspaces/a/datastores/d/file.shp", "application/zip", .any),
            (.post, "/geoserver/rest/imports/3", "", .any),
            (.post, "/geoserver/web/?wicket", "application/x-www-form-urlencoded", .any),
            (.post, "/layers/a:x/style/manage", "text/html", .any),
        ] as [(Method, String, String, ObservedWrite.Restyled)])
    func restyled(
        _ method: Method, _ target: String, _ type: String, _ expected: ObservedWrite.Restyled
    ) {
        guard case .write(let write) = Writes.recognised(method, target, type: type) else {
            Issue.record("\(target) is no write")
            return
        }
        #expect(write.restyled == expected, "\(method) \(target) \(type)")
    }

    @Test("what goes on after its answer says so")
    func deferred() {
        for target in [
            "/geoserver/rest/imports/3?async=true", "/geoserver/rest/imports?exec=true&async",
            "/geoserver/rest/imports/3?async=false", "/layers/geonode:X/append",
            "/layers/append", "/layers/upload",
        ] {
            guard case .write(let write) = Writes.recognised(.post, target) else {
                Issue.record("\(target) is no write")
                continue
            }
            #expect(write.isDeferred)
        }
    }

    @Test("an import says which one it is, and when it is over at its answer")
    func imports() {
        func write(_ target: String) -> ObservedWrite? {
            guard case .write(let write) = Writes.recognised(.post, target) else { return nil }
            return write
        }
        let awaited = write("/geoserver/rest/imports/3.json")
        #expect(awaited?.job == ImportJob(id: "3") && awaited?.isDeferred == false)
        // Where there is none of that number one is made, and not run.
        #expect(awaited?.scopeIfNew?.isEmpty == true)
        let made = write("/geoserver/rest/imports?exec=true&async=true")
        #expect(made?.job == ImportJob() && made?.isDeferred == true && made?.scopeIfNew == nil)
        #expect(write("/geoserver/rest/reload")?.job == nil)
    }

    @Test(
        "whose state is asked for",
        arguments: [
            ("/geoserver/rest/imports/3", "3"), ("/geoserver/rest/imports/3.json", "3"),
            ("/gs/rest/imports/3", "3"), ("/rest/imports/12/", "12"),
            ("/geoserver/rest/imports", nil),
            ("/geoserver/rest/imports/3/tasks/0", nil), ("/geoserver/imports/3", nil),
            ("/api/v2/executionrequest/8f-0c", "8f-0c"), ("/x/en/api/v2/executionrequest/8", "8"),
            ("/api/v2/resource-service/execution-status/8f-0c/", "8f-0c"),
            ("/api/v2/executionrequest", nil), ("/api/executionrequest/8", nil),
        ] as [(String, String?)])
    func asked(_ path: String, _ id: String?) {
        #expect(ImportJob.asked(Array(path.utf8).span.bytes, Writes.context) == id)
        let location = Array("http://h:8080\(path)?x=1".utf8)
        #expect(ImportJob.made(at: location.span.bytes) == id)
    }

    @Test(
        "a comment, a rating or a favourite is about the page that it was sent from",
        arguments: [
            ("/layers/geonode:X", "geonode:X pages; everything lists"),
            ("/en/layers/geonode%3AX/viewer", "geonode:X pages; everything lists"),
            ("/documents/7", "/documents/7 pages; /en/documents/7 pages; everything lists"),
            ("/layers/42", "everything pages,lists"), ("/layers/", "everything pages,lists"),
            ("/search/", "everything pages,lists"), ("/", "everything pages,lists"),
            ("/storyteller/bob", "everything pages,lists"),
        ])
    func remarks(_ page: String, _ expected: String) {
        var context = Writes.context
        context.languages = ["en"]
        for target in ["/comments/comment/12/3/", "/en/ratings/4/2/rate/"] {
            let found = Writes.recognised(.post, target, from: page, context: context)
            #expect(Writes.line(found) == expected, "\(target) from \(page)")
        }
        let other = Writes.recognised(
            .post, "/favorite/layer/7/add", from: "/maps/5", context: context)
        #expect(Writes.line(other) == "everything pages,lists")
        // Of any other write it says nothing.
        let save = Writes.recognised(.post, "/mapstories/save", from: page, context: context)
        #expect(Writes.line(save) == "everything pages,lists")
    }

    private let portraits =
        "/uploaded/thumbs pages; /thumbs pages; /uploaded/avatars pages; /media/avatars pages; "

    @Test("the site's prefix, and a language behind it, say nothing of what is written")
    func prefixes() {
        var context = Writes.context
        (context.site, context.languages) = (["/portal", "/layers"], ["en", "pt-br"])
        func line(_ target: String) -> String {
            Writes.line(Writes.recognised(.post, target, context: context))
        }
        for place in ["/portal", "/portal/en", "/portal/PT-br"] {
            #expect(line("\(place)/layers/geonode:X/replace") == "geonode:X; everything lists")
            #expect(line("\(place)/accounts/login/") == "read")
            #expect(
                line("\(place)/people/bob") == "/portal/people/bob pages; "
                    + "/portal/en/people/bob pages; /portal/pt-br/people/bob pages; "
                    + portraits + "everything lists")
        }
        // A site that is told by its parts has no prefix.
        #expect(line("/layers/geonode:X/replace") == "geonode:X; everything lists")
        #expect(line("/elsewhere/layers/geonode:X/replace") == "read")
        #expect(line("/portal/de/layers/geonode:X/replace") == "everything pages,lists")
        #expect(line("/portal") == "everything pages,lists")
        // A page stands below each of several prefixes.
        (context.site, context.languages) = (["/en", "/de"], [])
        let pages = "/en/people/bob pages; /de/people/bob pages; \(portraits)everything lists"
        #expect(line("/en/people/bob") == pages && line("/de/people/bob") == pages)
        (context.site, context.languages) = (["/", "/portal"], ["en"])
        #expect(
            line("/portal/people/bob") == "/people/bob pages; /en/people/bob pages; "
                + "/portal/people/bob pages; /portal/en/people/bob pages; \(portraits)everything lists"
        )
        // Too many places to name them.
        (context.site, context.languages) = (["/"], (0..<7).map { "l\($0)" })
        #expect(line("/people/bob").hasSuffix("/l6/people/bob pages; \(portraits)everything lists"))
        context.languages.append("l7")
        #expect(line("/people/bob") == "everything pages,lists")
    }

    @Test("segments are read as the server does")
    func segments() {
        for target in [
            "/geoserver/rest/styles/../layers/geonode:X", "//geoserver//rest/./layers/geonode:X",
            "/geoserver;jsessionid=1/rest;a=b/layers/geonode:X;c",
            "/x/geoserver/%72est/layers/geonode:X",
        ] {
            #expect(Writes.line(Writes.recognised(.put, target)) == "geonode:X all", "\(target)")
        }
    }

    @Test("a transaction in the query is one by any method")
    func query() {
        let target = "/geoserver/geonode/wfs?service=WFS&ReQuest=%54ransaction&operation=Delete"
        #expect(Writes.line(Writes.recognised(.get, target)) == "geonode:*")
        for name in ["%20Transaction", "transaction+", "Transaction%0D%0A", "++Transaction%20"] {
            let blank = "/geoserver/geonode/wfs?request=\(name)"
            #expect(Writes.line(Writes.recognised(.get, blank)) == "geonode:*", "\(name)")
        }
        for name in ["%2520Transaction", "Trans%20action", "%2", "%20", "+"] {
            #expect(Writes.recognised(.get, "/geoserver/wfs?request=\(name)") == .read)
        }
        let two = "/geoserver/wfs?request=GetFeature&request=Transaction"
        #expect(Writes.line(Writes.recognised(.get, two)) == "everything")
        let process = "/geoserver/wps?request=Execute&identifier=gs:Import"
        #expect(Writes.line(Writes.recognised(.get, process)) == "everything all")
        // `group` may be a global layer group, which has a virtual service as a workspace has.
        let group = target.replacing("geonode", with: "group")
        #expect(Writes.line(Writes.recognised(.get, group)) == "everything")
        let plain = "/geoserver/wps?request=Execute&identifier=gs:Bounds"
        #expect(Writes.recognised(.get, plain) == .read)
        #expect(Writes.recognised(.get, "/geoserver/wfs?request=GetFeature") == .read)
    }

    @Test("any path, query and type is recognised without a trap")
    func noise() {
        var state: UInt64 = 7
        let words = [
            "geoserver", "rest", "gwc", "layers", "..", "%2e%2e", ";", "%", "%2", "a:b", ":",
            ".xml",
            "workspaces", "styles", "security", "acl", "é", "", "geogig", "wfs", "seed", "*.*.r",
        ]
        for _ in 0..<3_000 {
            var path = ""
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                path += "/" + words[Int(state >> 33) % words.count]
            }
            for method in [Method.get, .post, .put, .delete] {
                _ = Writes.recognised(method, path + "?" + path, type: path)
            }
        }
    }
}
