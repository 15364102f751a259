import CloudFront
import HTTP
import Testing

@Suite("A document of the API, to nodes and back")
struct APIDocumentTests {
    private func read(_ text: String) throws(APIDocumentError) -> APIDocument {
        let bytes = Array(text.utf8)
        return try APIDocument(parsing: bytes.span.bytes, limits: APIDocument.limits)
    }

    private func text(_ text: String) -> ConfigNode { ConfigNode(.scalar(text)) }
    private func map(_ members: KeyValuePairs<String, ConfigNode>) -> ConfigNode {
        ConfigNode(.map(members.map { ConfigNode.Member($0.key, $0.value) }))
    }
    private func list(_ items: [ConfigNode], quantity: String) -> ConfigNode {
        map(["Quantity": text(quantity), "Items": ConfigNode(.list(items))])
    }

    private var batch: ConfigNode {
        map([
            "Paths": list([text("/a%20b?x=1&y=2"), text("/*")], quantity: "2"),
            "CallerReference": text("r1"),
        ])
    }

    @Test(
        "what clients send means the same in every spelling",
        arguments: [
            "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>"
                + "<Quantity>2</Quantity><Items><Path>/a%20b?x=1&amp;y=2</Path><Path>/*</Path>"
                + "</Items></Paths><CallerReference>r1</CallerReference></InvalidationBatch>",
            "<?xml version=\"1.0\"?>\n<cf:InvalidationBatch xmlns:cf='u'>\n  <cf:Paths>\n"
                + "    <cf:Quantity>2</cf:Quantity>\n    <cf:Items>\n"
                + "      <cf:Path><![CDATA[/a%20b?x=1&y=2]]></cf:Path>\n"
                + "      <!-- all --><cf:Path>/*</cf:Path>\n    </cf:Items>\n  </cf:Paths>\n"
                + "  <cf:CallerReference>r1</cf:CallerReference>\n</cf:InvalidationBatch>\n",
        ])
    func spellings(_ document: String) throws {
        let found = try read(document)
        #expect(found.root == "InvalidationBatch")
        #expect(found.node.placeless == batch.placeless)
    }

    @Test("children may stand in any order, and each knows its place")
    func order() throws {
        let node = try read(
            "<B><CallerReference>cli-1</CallerReference>\n<Paths><Items><Path>/*</Path></Items>"
                + "<Quantity>1</Quantity></Paths></B>"
        ).node
        #expect(node["CallerReference"]?.content == .scalar("cli-1"))
        #expect(node["Paths"]?["Quantity"]?.content == .scalar("1"))
        #expect(node["Paths"]?.line == 2 && node["Paths"]?.column == 1)
    }

    @Test("an empty element is an empty text, and empty Items an empty list")
    func empty() throws {
        let node = try read("<C><Comment /><Aliases><Quantity>0</Quantity><Items/></Aliases></C>")
            .node
        #expect(node["Comment"]?.content == .scalar(""))
        #expect(node["Aliases"]?["Items"]?.content == .list([]))
    }

    @Test("a list without a Quantity has members")
    func members() throws {
        let xml = "<C><P><member>1</member><member>2</member></P></C>"
        let document = try read(xml)
        #expect(document.node["P"]?.placeless == "[\"1\",\"2\"]")
        #expect(document.xml.hasSuffix("<P><member>1</member><member>2</member></P></C>"))
    }

    @Test("text keeps its white space where it is all there is")
    func whiteSpace() throws {
        let node = try read("<C><A> a\n</A><B>  </B></C>").node
        #expect(node["A"]?.content == .scalar(" a\n"))
        #expect(node["B"]?.content == .scalar("  "))
    }

    @Test(
        "what is no document of the API is refused",
        arguments: [
            ("<C><A/><A/></C>", "line 1, column 8: the element \"A\" is repeated"),
            ("<C>x<A/></C>", "line 1, column 1: the element \"C\" holds text beside elements"),
            (
                "<C><Items>x</Items></C>",
                "line 1, column 4: the element \"Items\" holds text beside elements"
            ),
            ("<C>", "line 1, column 4: the document ends before \"C\" does"),
            ("", "line 1, column 1: the document has no element"),
            (
                "<!DOCTYPE C><C/>",
                "line 1, column 1: a document type declaration is not allowed"
            ),
        ])
    func refusals(_ document: String, _ message: String) {
        do throws(APIDocumentError) {
            _ = try read(document)
            Issue.record("it was read")
        } catch {
            #expect(error.description == message)
        }
    }

    @Test("elements are counted, so that none can be too cheap for its sender")
    func many() {
        let items = String(repeating: "<P/>", count: 70_000)
        do throws(APIDocumentError) {
            _ = try read("<C><Items>\(items)</Items></C>")
            Issue.record("it was read")
        } catch {
            #expect(error.problem == "the document has more than 65536 elements")
        }
    }

    @Test("a node is written in the API's namespace, its items by their own names")
    func writing() {
        let node = map([
            "Aliases": list([], quantity: "0"),
            "Comment": text("a<b>&\"c\"\r\u{1}"),
            "DefaultCacheBehavior": map([
                "AllowedMethods": map([
                    "Quantity": text("1"), "Items": ConfigNode(.list([text("GET")])),
                    "CachedMethods": list([text("GET")], quantity: "1"),
                ])
            ]),
            "Absent": ConfigNode(.null),
            "Origins": list([map(["Id": text("o")])], quantity: "1"),
        ])
        #expect(
            APIDocument(root: "DistributionConfig", node).xml
                == "<?xml version=\"1.0\"?>\n<DistributionConfig "
                + "xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Aliases>"
                + "<Quantity>0</Quantity></Aliases>"
                + "<Comment>a&lt;b&gt;&amp;&quot;c&quot;&#13;\u{fffd}</Comment>"
                + "<DefaultCacheBehavior><AllowedMethods><Quantity>1</Quantity><Items>"
                + "<Method>GET</Method></Items><CachedMethods><Quantity>1</Quantity><Items>"
                + "<Method>GET</Method></Items></CachedMethods></AllowedMethods>"
                + "</DefaultCacheBehavior><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id>"
                + "</Origin></Items></Origins></DistributionConfig>")
    }

    @Test("what was written reads the same")
    func roundTrip() throws {
        let document = APIDocument(root: "InvalidationBatch", batch)
        #expect(try read(document.xml).node.placeless == batch.placeless)
    }
}

extension ConfigNode {
    /// The node as text, without its places.
    fileprivate var placeless: String {
        switch content {
        case .null: "null"
        case .scalar(let text): "\"\(text)\""
        case .list(let items): "[\(items.map(\.placeless).joined(separator: ","))]"
        case .map(let members):
            "{\(members.map { "\($0.key):\($0.value.placeless)" }.joined(separator: ","))}"
        }
    }
}
