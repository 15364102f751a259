import Caching
import HTTP
import Reactor

// What the edge answers to the scripts of pages: for sites that show the notice themselves.
extension LoopState where N: ~Copyable {
    /// Answers `notice.js` and `status.json` under the edge's own path; false for everything else.
    mutating func servesOwn(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let path = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
        let own = unsafe hot.ownPath
        guard path.count > own.count, head.method == .get || head.method == .head,
            unsafe path.prefix(own.count).elementsEqual(own)
        else { return false }
        let name = unsafe String(decoding: path.dropFirst(own.count), as: UTF8.self)
        var page = LocalPage(200, detail: "notice-script")
        page.result = .hit
        switch name {
        case "notice.js":
            page.content = Array(NoticeScript.text.utf8)
            page.mediaType = "text/javascript; charset=utf-8"
            page.cacheControl = "max-age=300"
        case "status.json":
            page.content = NoticeScript.status(
                since: notice.since, languages: snapshot.notices.languages, texts: notice.texts)
            page.mediaType = "application/json"
            let seconds = max(0, snapshot.notices.settings.sMaxage) / 1_000
            page.cacheControl = "max-age=0, s-maxage=\(seconds)"
        default: return false
        }
        let behavior = unsafe hot.match(path, scratch: scratch.fields)
        let facts = unsafe RequestFacts(head, bytes: bytes.bytes)
        let exchange = unsafe makeExchange(
            slot, bytes, behavior, facts, Decision(.serve, .fresh))
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        count(.hit)
        answer(exchange, page)
        return true
    }
}

/// What pages load, and what that asks.
enum NoticeScript {
    /// The state of things: whether there is a notice, since when, and what it says.
    static func status(since: Int64?, languages: [String], texts: [[UInt8]]) -> [UInt8] {
        guard let since else { return Array("{\"degraded\":false}\n".utf8) }
        let notices = zip(languages, texts).map { language, text in
            "\(quoted(language)):\(quoted(String(decoding: text, as: UTF8.self)))"
        }
        let json =
            "{\"degraded\":true,\"since\":\(since),\"notices\":{"
            + "\(notices.joined(separator: ","))}}\n"
        return Array(json.utf8)
    }

    /// A JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Asks at once and each half minute, while the page is looked at, shows the notice in the
    /// reader's language, and takes it away again.
    static let text = """
        (function () {
          "use strict";
          var me = document.currentScript, shown = null;
          var url = (me ? me.src : "/.mapedge/notice.js").replace(/notice\\.js.*$/, "status.json");
          function choose(notices) {
            var asked = navigator.languages || [navigator.language || ""], names = [], i, j, k;
            for (k in notices) { names.push(k); }
            for (i = 0; i < asked.length; i++) {
              var parts = String(asked[i]).toLowerCase().split("-");
              for (j = parts.length; j > 0; j--) {
                if (notices[parts.slice(0, j).join("-")]) {
                  return notices[parts.slice(0, j).join("-")];
                }
              }
            }
            return notices[names[0]] || "";
          }
          function show(html) {
            if (shown && shown.mapedgeText === html) { return; }
            if (shown) { shown.parentNode.removeChild(shown); shown = null; }
            if (!html || !document.body) { return; }
            shown = document.createElement("div");
            shown.mapedgeText = html;
            shown.innerHTML = html;
            document.body.appendChild(shown);
          }
          function ask() {
            if (document.hidden) { return; }
            var request = new XMLHttpRequest();
            request.open("GET", url);
            request.onload = function () {
              var status = null;
              try { status = JSON.parse(request.responseText); } catch (e) { return; }
              show(status.degraded ? choose(status.notices || {}) : "");
            };
            request.send();
          }
          ask();
          setInterval(ask, 30000);
        })();

        """
}
