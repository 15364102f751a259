/// What the demo tells whoever started it.
enum DemoText {
    static func welcome(
        addresses: DemoAddresses, run: String, tileServers: [DemoTileServer]
    ) -> String {
        let edge = "http://\(addresses.edge.text)"
        let admin = "http://\(addresses.admin.text)"
        let groups = tileServers.map { "-\($0.group)" }
        return """

            The demo runs: two tile servers, a page application, and the edge in front of them.

              open  \(edge)/

              Tiles have orange borders (Miss: a tile server made them). Press "Ask for the same
              tiles again": green (Hit: the edge remembered them). The slider moves hurricanes
              through the season of 2005; each new time is new tiles.

              kill -- \(groups[0])

              stops tile server 1. The map goes on: tile server 2 makes all new tiles, and after
              \(DemoTileServer.absence) s the demo starts the first one again.

              kill -- \(groups.joined(separator: " "))

              stops both. What is cached is served as before; any other tile is a transparent
              image with status 503, so that nothing turns pink.

              curl \(admin)/status     origins and their members
              curl \(admin)/metrics    counters
              curl -sI \(edge)/static/leaflet.js    X-Cache and Cache-Status of one answer

              Configuration, logs and cache of this run are in \(run).

            Ctrl-C ends everything and removes that directory.

            """
    }
}
