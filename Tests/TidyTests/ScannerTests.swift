import Testing

@Suite("The rules' own reading of Swift")
struct ScannerTests {
    @Test(
        "comments and texts are blanked, code in interpolations is kept",
        arguments: [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (#"a("b{")"#, #"a(    )"#),
            (#"a("b\"{")"#, #"a(      )"#),
            (#"a("\(b { c })")"#, #"a(   b { c }  )"#),
            (##"a(#"b"{"#)"##, #"a(       )"#),
            ("a\"\"\"\n{\n\"\"\" b", "a   \n \n    b"),
        ])
    func blanks(_ text: String, _ code: String) {
        #expect(SwiftScanner.code(of: text) == code)
    }

    @Test("a function ends at the brace that closes it; a requirement has no body")
    func findsFunctions() {
        let file = SourceFile(
            path: "Sources/X/Y.swift",
            text: """
                protocol P {
                    func required(a: Int)
                    init()
                }
                struct S {
                    public mutating func long(
                        a: Int = { 1 }()
                    ) -> Int
                    where T: P {
                        if a > 0 { return "}" }
                    }
                    private static func short() {}
                }
                """)
        #expect(
            FunctionSpans.all(in: file) == [
                FunctionSpan(name: "long", start: 5, lines: 6),
                FunctionSpan(name: "short", start: 11, lines: 1),
            ])
    }
}
