import Testing

@testable import Edge

@Suite("Access log: URLs without what signs somebody in")
struct LoggedURLTests {
    private func shown(_ make: (UnsafeRawBufferPointer) -> LoggedURL, _ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { bytes in
            var (url, shown) = (make(bytes), "")
            while let piece = url.next() {
                shown += piece.isHidden ? "-" : String(decoding: piece.run, as: UTF8.self)
            }
            return shown
        }
    }

    @Test(
        "a referer has no user, password, query or fragment",
        arguments: [
            ("https://a.test/p?token=x", "https://a.test/p"),
            ("https://a.test/p#access_token=x", "https://a.test/p"),
            ("https://me:secret@a.test/p", "https://-@a.test/p"),
            ("https://me@a.test", "https://-@a.test"),
            ("https://me:a@b@a.test:80/@x", "https://-@a.test:80/@x"),
            ("//me:secret@a.test/", "//-@a.test/"), ("me:secret@a.test/", "-@a.test/"),
            ("https://me:secret@a.test;jsessionid=1/p", "https://-@a.test;jsessionid=-/p"),
            ("https://a.test/p;jsessionid=1?x", "https://a.test/p;jsessionid=-"),
            ("https://a.test/@b", "https://a.test/@b"), ("https://@a.test/", "https://@a.test/"),
            ("", ""), ("/", "/"), ("about:blank", "about:blank"), ("https://", "https://"),
        ])
    func referers(_ text: String, _ expected: String) {
        #expect(shown(LoggedURL.init(referer:), text) == expected)
    }

    @Test(
        "a path has no session",
        arguments: [
            ("/a/b", "/a/b"), ("/", "/"), ("", ""), ("/a;x=1/b", "/a;x=1/b"),
            ("/a;jsessionid=1F", "/a;jsessionid=-"),
            ("/a;JSESSIONID=1F/b;Token=2;c", "/a;JSESSIONID=-/b;Token=-;c"),
            ("/a;jsessionid=", "/a;jsessionid="), ("/a;", "/a;"), (";;;", ";;;"),
            ("/a;%6asessionid=1", "/a;%6asessionid=-"),
            ("/a%3Bjsessionid=1F", "/a%3Bjsessionid=-"),
            ("/%3b%41%3bJSESSIONID=1F/b", "/%3b%41%3bJSESSIONID=-/b"),
            ("/a;x=1%3Bjsessionid=1;c", "/a;x=1%3Bjsessionid=-;c"),
            ("/a%3Bx=1;jsessionid=1%3Bc", "/a%3Bx=1;jsessionid=-%3Bc"),
            ("/a%3", "/a%3"), ("/a%3B", "/a%3B"), ("/%", "/%"), ("/%3Bb=%2F%", "/%3Bb=%2F%"),
        ])
    func paths(_ text: String, _ expected: String) {
        #expect(shown(LoggedURL.init(path:), text) == expected)
    }

    @Test(
        "a parameter is known by its name, however it is spelled",
        arguments: [
            ("token=x", 5), ("TOKEN=x", 5), ("%74oken=x", 7), ("acc%65ss%5Ftoken=x", 16),
            ("refresh_token=x", 13), ("X-Amz-Security-Token=x", 20), ("code=xy", 4),
            ("Policy=x", 6), ("X-Amz-Credential=x", 16), ("AccessToken=x", 11), ("pwd=x", 3),
            ("csrfmiddlewaretoken=x", 19), ("bearer_token=x", 12), ("session_key=x", 11),
        ])
    func names(_ text: String, _ length: Int) {
        #expect(Array(text.utf8).withUnsafeBytes { SecretParameter.nameLength($0) } == length)
    }

    @Test(
        "and others are not",
        arguments: [
            "", "key", "key=", "tokens=x", "toke=xx", "layers=x", "%=xxxx", "%7=xxx", "%zz=xx",
            "%74oken", "to%6=xx", "\(String(repeating: "%61", count: 30))=x",
            "\(String(repeating: "a", count: 80))=x", "refresh\u{7F}token=x",
            "x\u{0D}amz-signature=x",
        ])
    func others(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { SecretParameter.nameLength($0) } == nil)
    }
}
