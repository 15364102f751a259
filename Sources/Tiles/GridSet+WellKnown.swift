extension GridSet {
    /// The sets that GeoWebCache has from the start and OGC 07-057r7 Annex E defines.
    ///
    /// GeoWebCache's EPSG:900913 and Annex E's GoogleMapsCompatible differ by 8 mm at the edge of
    /// the world, and EPSG:4326 and GlobalCRS84Geometric not at all: either pair is one set. Where
    /// two sets have a tile in common, the earlier one gives the name.
    public static let wellKnown = [
        webMercator, degrees, globalPixel, globalScale, googleQuad,
    ]

    /// Half the circumference of the sphere of Web Mercator, in metres.
    static let mercatorEdge = 20_037_508.342789244

    /// The world of Google, OpenStreetMap and GeoWebCache's EPSG:900913.
    public static let webMercator = GridSet(
        name: "EPSG:900913",
        aliases: [
            "EPSG:3857", "EPSG:3785", "EPSG:102100", "EPSG:102113", "GoogleMapsCompatible",
            "WebMercatorQuad", "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
        ],
        code: 3857, isNorthingFirst: false,
        extent: BoundingBox(
            west: -mercatorEdge, south: -mercatorEdge, east: mercatorEdge, north: mercatorEdge),
        resolutions: halved(2 * mercatorEdge / 256, 31))

    /// Two tiles at level 0: GeoWebCache's EPSG:4326.
    public static let degrees = GridSet(
        name: "EPSG:4326",
        aliases: ["GlobalCRS84Geometric", "WorldCRS84Quad", "CRS:84"],
        code: 4326, isNorthingFirst: true, extent: world, resolutions: halved(180.0 / 256, 22))

    /// Annex E.2.
    public static let globalPixel = GridSet(
        name: "GlobalCRS84Pixel", aliases: ["urn:ogc:def:wkss:OGC:1.0:GlobalCRS84Pixel"],
        code: 4326, isNorthingFirst: true, extent: world, origin: .topLeft,
        resolutions: [
            2, 1, 0.5, 1.0 / 3, 1.0 / 6, 1.0 / 12, 1.0 / 30, 1.0 / 60, 1.0 / 120, 1.0 / 240,
            1.0 / 360, 1.0 / 720, 1.0 / 1200, 1.0 / 2400, 1.0 / 3600, 1.0 / 7200, 1.0 / 18000,
            1.0 / 36000,
        ])

    /// Annex E.1.
    public static let globalScale = GridSet(
        name: "GlobalCRS84Scale", aliases: ["urn:ogc:def:wkss:OGC:1.0:GlobalCRS84Scale"],
        code: 4326, isNorthingFirst: true, extent: world, origin: .topLeft,
        resolutions: [
            500e6, 250e6, 100e6, 50e6, 25e6, 10e6, 5e6, 2.5e6, 1e6, 5e5, 2.5e5, 1e5, 5e4, 2.5e4,
            1e4, 5e3, 2.5e3, 1e3, 5e2, 2.5e2, 1e2,
        ].map { $0 * 0.000_28 / 111_319.490_793_273_58 })

    /// Annex E.3: the whole square of 360 degrees at level 0.
    public static let googleQuad = GridSet(
        name: "GoogleCRS84Quad", aliases: ["urn:ogc:def:wkss:OGC:1.0:GoogleCRS84Quad"],
        code: 4326, isNorthingFirst: true,
        extent: BoundingBox(west: -180, south: -180, east: 180, north: 180), origin: .topLeft,
        resolutions: halved(360.0 / 256, 19))

    private static let world = BoundingBox(west: -180, south: -90, east: 180, north: 90)

    private static func halved(_ first: Double, _ count: Int) -> [Double] {
        (0..<count).map { first / Double(1 << $0) }
    }
}
