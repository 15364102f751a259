import ArgumentParser
import Control

/// `mapedge truncate`
struct Truncate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the stored tiles of a layer stale, now and for good.",
        discussion: """
            Tiles of the layer, and maps of several layers with it, in all spellings, styles, \
            zoom levels and moments, are asked of the tile servers again at their next request. \
            With --bbox only those that show something of the box, and a margin around it \
            (writes.margin); with --zoom, --time or --style only those whose request does not say \
            that they are others. The command returns when that is in force and on disk, however \
            many tiles there are.

              mapedge truncate geonode:roads
              mapedge truncate geonode:roads --bbox=-10,40,10,60
              mapedge truncate geonode:roads --zoom 12-18 --time 2016-05 --style line

            GeoWebCache's own interface is answered at the admin port as well: POST \
            /geoserver/gwc/rest/masstruncate and .../seed/LAYER.xml with type truncate.
            """)

    @OptionGroup var options: AdminOptions

    @Option(
        // South of the equator and before our era values begin with a minus.
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only tiles that show something of this box, in degrees; over the antimeridian with "
                + "WEST beyond EAST.",
            valueName: "WEST,SOUTH,EAST,NORTH"))
    var bbox: String?

    @Option(
        help: ArgumentHelp(
            "Only tiles of these levels of their own grid set; and pictures that are no tiles.",
            valueName: "FIRST-LAST"))
    var zoom: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only what shows something of this time, or does not say which time it shows.",
            valueName: "TIME"))
    var time: String?

    @Option(
        help: ArgumentHelp(
            "Only what is drawn in this style, or in the default one, which may be it.",
            valueName: "WORKSPACE:NAME"))
    var style: String?

    @Argument(
        help: ArgumentHelp(
            "The layer; without a workspace, those of that name in any.",
            valueName: "WORKSPACE:NAME"))
    var layer: String

    func run() throws {
        let client = try options.client()
        do {
            print(
                try client.truncate(
                    layer, ["bbox": bbox, "zoom": zoom, "time": time, "style": style]))
        } catch {
            throw Failure.running(error)
        }
    }
}
