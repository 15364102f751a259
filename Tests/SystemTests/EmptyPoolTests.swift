import Testing
import WireTesting

/// Source: CloudFront, "HTTP 502 status code (Bad Gateway)": it cannot connect to the origin.
@Suite("A distribution's origin in whose pool nobody is")
struct EmptyPoolTests {
    private static let export = """
        { "DistributionConfig": { "CallerReference": "empty", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [
            { "Id": "one", "DomainName": "one.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          "CacheBehaviors": { "Quantity": 2, "Items": [
            { "PathPattern": "/maps/*", "TargetOriginId": "one",
              "ViewerProtocolPolicy": "allow-all",
              "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" },
            { "PathPattern": "/pages/*", "TargetOriginId": "one",
              "ViewerProtocolPolicy": "allow-all",
              "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } ] },
          "DefaultCacheBehavior": {
            "TargetOriginId": "one", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } } }
        """

    @Test("502 as CloudFront has it; maps and pages with a class keep their 503")
    func answers() throws {
        let directory = try TemporaryDirectory()
        // Nobody listens there, so that the question fails at once.
        let resolver = try directory.write(
            "resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: ["--distribution", try directory.write("dist.json", Self.export)],
            configuration: """
                origins:
                  one:
                    discover: { dns: gone.invalid., port: 1 }
                behaviors:
                  - { path: "/maps/*", class: tiles }
                  - { path: "/pages/*", class: pages }

                """,
            directory: directory, environment: ["MAPEDGE_RESOLV_CONF=\(resolver)"])
        let plain = try edge.get("/a", "Accept: text/html")
        #expect(plain.status == 502)
        #expect(plain["X-Cache"] == "Error from cloudfront")
        let map = try edge.get(
            "/maps/wms?SERVICE=WMS&REQUEST=GetMap&VERSION=1.1.1&LAYERS=a&STYLES=&SRS=EPSG:4326"
                + "&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png")
        #expect(map.status == 503 && map["Content-Type"] == "image/png")
        let page = try edge.get("/pages/a", "Accept: text/html")
        #expect(page.status == 503 && page["Content-Type"]?.hasPrefix("text/html") == true)
    }
}
