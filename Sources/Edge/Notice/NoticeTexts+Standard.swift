extension NoticeTexts {
    /// What is said where no files say otherwise.
    public static let standard = NoticeTexts(
        language: "en", notice: known(standardNotice, isPage: false),
        page: known(standardPage, isPage: true))

    private static func known(_ text: String, isPage: Bool) -> NoticeTemplate {
        do { return try NoticeTemplate(text, isPage: isPage) } catch {
            fatalError("the edge's own notice, line \(error.line): \(error.problem)")
        }
    }
}

/// Fixed to the window's foot, so that it is seen whatever the page looks like and moves nothing in
/// it.
private let standardNotice = """
    <div id="mapedge-notice" role="alert" style="position:fixed;left:0;right:0;bottom:0;\
    z-index:2147483647;margin:0;padding:12px 16px;background:#8a4b00;color:#fff;\
    font:16px/1.4 sans-serif;text-align:center">The map service is not responding. Maps may be \
    out of date or incomplete. We are working on it.</div>

    """

private let standardPage = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="robots" content="noindex">
    <title>Not available just now</title>
    </head>
    <body style="margin:0;font:18px/1.5 sans-serif;color:#222">
    <main style="max-width:36em;margin:15vh auto;padding:0 1em">
    <h1>This page is not available just now</h1>
    <p>Please try again in a little while.</p>
    </main>
    {{notice}}
    </body>
    </html>

    """
