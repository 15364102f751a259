import Caching
import HTTP
import Testing

@Suite("Writes: transactions by parameters")
struct NamedTypesTests {
    private static let delete = "SERVICE=WFS&REQUEST=Transaction&OPERATION=Delete"

    private static let rows: [(String, String, String)] = [
        ("/geoserver/wfs", "&TYPENAME=geonode:X", "geonode:X"),
        ("/geoserver/wfs", "&TypeNames=geonode%3AX,topp:y", "geonode:X; topp:y"),
        ("/geoserver/wfs", "&typename=(geonode:X)(topp:y)", "geonode:X; topp:y"),
        ("/geoserver/wfs", "&TYPENAME=X", "*:X"),
        ("/geoserver/geonode/wfs", "&TYPENAME=X", "geonode:X"),
        ("/geoserver/geonode/wfs", "&TYPENAME=topp:X", "*:X"),
        // Of two servers take one or the other.
        ("/geoserver/wfs", "&TYPENAME=geonode:X&typenames=topp:y", "geonode:X; topp:y"),
        ("/geoserver/wfs", "&TYPENAME=f:X&NAMESPACE=xmlns(f=http://topp)", "*:X"),
        // Nobody knows which.
        ("/geoserver/wfs", "", "everything"),
        ("/geoserver/wfs", "&FEATUREID=1", "everything"),
        ("/geoserver/wfs", "&FEATUREID=X.1,garbage_id&FEATUREID=7", "everything"),
        // An id begins with its type, of whatever workspace.
        ("/geoserver/wfs", "&FEATUREID=X.1", "*:X"),
        ("/geoserver/geonode/wfs", "&FEATUREID=X.1,X.2", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=X.1", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=7", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=Y.1", "geonode:X; *:Y"),
        ("/geoserver/wfs", "&ResourceID=Y.1&TYPENAMES=geonode:X", "geonode:X; *:Y"),
        // MapLoom's question whether it may.
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=garbage_id", "nothing"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=garbage_id,X.1", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=garbage_id&FILTER=x", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X&FEATUREID=garbage_id&bbox=1,2,3,4", "geonode:X"),
        ("/geoserver/wfs", "&TYPENAME=geonode:a%20b", "everything"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X,%20topp:y+", "geonode:X; topp:y"),
        ("/geoserver/wfs", "&TYPENAME=", "everything"),
        ("/geoserver/wfs", "&TYPENAME=geonode:*", "everything"),
        ("/geoserver/wfs", "&TYPENAME=geonode:X,b%C3%A4", "everything"),
        ("/geoserver/wfs", "&TYPENAME=a:b:c", "everything"),
    ]

    @Test("what it names it touches, and where that is not told everything", arguments: rows)
    func named(_ path: String, _ parameters: String, _ expected: String) {
        let query = Self.delete + parameters
        #expect(Writes.line(Writes.recognised(.get, "\(path)?\(query)")) == expected)
        #expect(Writes.line(Writes.read(query, to: path)) == expected)
        #expect(Writes.line(Writes.read("", to: "\(path)?\(query)")) == expected)
    }

    @Test("what the query and the form name counts alike")
    func both() {
        let target = "/geoserver/wfs?\(Self.delete)&TYPENAME=geonode:X"
        #expect(Writes.line(Writes.read("TYPENAME=topp:y", to: target)) == "geonode:X; topp:y")
        #expect(Writes.line(Writes.read("--p\r\n\r\nTYPENAME=y", to: target)) == "everything")
    }

    @Test("a body that a server may read in place of the parameters is not overlooked")
    func bodies() {
        let target = "/geoserver/wfs?\(Self.delete)&TYPENAME=geonode:X"
        #expect(Writes.line(Writes.read("<GetFeature/>", to: target)) == "everything")
        #expect(Writes.line(Writes.recognised(.put, target)) == "everything")
    }
}
