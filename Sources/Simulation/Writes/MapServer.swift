import Caching

/// A map server's end of one connection.
final class MapServer: RequestPeer {
    private let site: MapSite
    private let place: Int

    /// - Parameter place: which of them it is.
    init(_ site: MapSite, _ place: Int) { (self.site, self.place) = (site, place) }

    private var world: World { site.world }

    override func misunderstood(_ link: Link, _ reason: String) {
        site.violate("a map server was sent \(reason)")
    }

    override func asked(_ link: Link, _ request: MessageReader.Message) {
        world.note("server has \(request.head.start)", 20)
        if let number = request.head["x-write"].flatMap({ Int($0) }) {
            return write(link, site.edits[number])
        }
        let question = MapQuestion(request.head.start[1])
        let fetch = RunningFetch(link)
        let isNamed = question.isNamed(request.head)
        // What is asked for in somebody's name is drawn for each.
        if question.request == "getmap", !isNamed {
            site.began(fetch, request.head.start[1], question)
        }
        let dice = world.dice
        if dice.chance(site.hasFaults ? site.habits.silences : 0) { return }
        let isCut = dice.chance(site.hasFaults ? site.habits.resets : 0)
        // What is drawn is what there is at some moment before the answer.
        world.after(dice.delay(site.habits.thinking)) { [self] in
            let number = site.drawnNumber(by: place)
            let maySee = isNamed && site.sabotage != .ignoresCredentials
            let made = answer(question, number, maySee || site.sabotage == .forgetsWhoAsks)
            world.after(dice.delay(site.habits.thinking)) { [self] in
                guard !link.isOver else { return }
                if isCut { return link.peerReset() }
                link.peerSend(made)
                fetch.end = link.peerSent
                readOn(link)
            }
        }
    }

    // MARK: reads

    private func answer(
        _ question: MapQuestion, _ number: Int, _ isNamed: Bool
    ) -> [UInt8] {
        var layers = question.layers("LAYERS")
        for name in ["LAYER", "TYPENAME"] { layers += question.layers(name) }
        guard isNamed || !site.model.hides(layers) else {
            return message(
                "application/vnd.ogc.se_xml;charset=UTF-8",
                Array(
                    ("<ServiceExceptionReport version=\"1.1.1\"><ServiceException"
                        + " code=\"LayerNotDefined\">Could not find layer</ServiceException>"
                        + "</ServiceExceptionReport>").utf8))
        }
        func json(_ name: String) -> [UInt8] {
            message(
                "application/json",
                Array(
                    ("{\"type\": \"FeatureCollection\", \"number\": \(number), \"name\": "
                        + "\"\(name)\", \"features\": []}").utf8))
        }
        switch question.request {
        case "getmap":
            let shift = site.sabotage == .mixesPlaces && world.dice.chance(20) ? 1 : 0
            guard let picture = question.picture(number, shift: shift) else {
                return message("text/plain", Array("what?".utf8), status: 400)
            }
            return message("image/png", picture)
        case "getlegendgraphic":
            let layers = question.layers("LAYER")
            let view = MapView(
                kind: .legend, layers: layers,
                style: question.style("STYLE", layers))
            let side = SimulatedGrids.side
            return message(
                "image/png",
                NumberedPicture.draw(width: side, height: side, number: number) { _, _ in
                    view.identity
                })
        case "getfeature":
            return json(MapView(kind: .features, layers: question.layers("TYPENAME")).name)
        case "getfeatureinfo":
            guard let box = question.box else { return json("") }
            let layers = question.layers("QUERY_LAYERS")
            let style = question.style("STYLES", layers)
            return json("info " + MapView.pictureName(layers, style, question.time, box))
        default:
            return message(
                "application/vnd.ogc.wms_xml",
                Array(
                    ("<WMS_Capabilities version=\"1.3.0\" updateSequence=\"\(number)\"><Service/>"
                        + "<Capability/></WMS_Capabilities>").utf8))
        }
    }

    private func message(_ type: String, _ body: [UInt8], status: Int = 200) -> [UInt8] {
        // Of a picture about which nothing is said the edge knows how long it is good.
        let isSilent = type == "image/png" && !site.habits.saysLifetime
        let lifetime = isSilent ? "" : "Cache-Control: max-age=3600\r\n"
        return Array(
            ("HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\n\(lifetime)"
                + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
    }

    // MARK: writes

    /// How a write goes.
    private enum Course {
        case done, refused, failed, forbidden, nothing
        case lost, late, reset, resetBefore, garbage, cut, broken
    }

    private func write(_ link: Link, _ edit: MapEdit) {
        site.arrived(edit)
        if site.cluster != nil, edit.version == nil, place != 0 {
            site.violate("edit \(edit.number) went to \(place)")
        }
        let dice = world.dice
        var course = Course.done
        if dice.chance(25) { course = dice.pick([.refused, .failed, .forbidden, .nothing]) }
        if site.hasFaults, dice.chance(site.habits.writeFaults) {
            course = dice.pick([.lost, .late, .reset, .resetBefore, .garbage, .cut, .broken])
            // GeoWebCache says of a truncation by its status whether it was done.
            if course == .broken, edit.isDeferred { course = .failed }
        }
        if site.sabotage == .forgetsRepeats { course = .late }
        let isDone = site.isDone(edit)
        if isDone { course = .done }
        // Of what others may go by its writer may be the last to be told.
        let isTold = !(course == .done && edit.mayChangeCatalogue && dice.chance(60))
        world.note("edit \(edit.number) \(course)", 26)
        settle(edit, course)
        switch course {
        case .done, .reset, .garbage, .cut, .broken, .lost:
            if isDone { break }
            world.after(dice.delay(100...400_000)) { [self] in site.commit(edit) }
        case .late:
            // It goes on behind the edge's own answer, and is over before the edge repeats.
            world.after(UInt64(dice.pick(4_000...20_000)) * 1_000_000) { [self] in
                site.commit(edit)
            }
        case .refused, .failed, .forbidden, .nothing:
            if site.sabotage == .deniesWrites { site.commit(edit) }
        case .resetBefore: break
        }
        world.after(400_000_000 + dice.delay(100...(isTold ? 200_000 : 2_200_000))) { [self] in
            guard !link.isOver else { return }
            answer(link, edit, course)
        }
    }

    /// What the edge has to take it for, unless its writer does not listen any more.
    private func settle(_ edit: MapEdit, _ course: Course) {
        guard edit.outcome == .open else { return }
        switch course {
        case .done: edit.outcome = .done
        case .forbidden: edit.outcome = .refused
        case .refused, .failed, .nothing:
            edit.outcome = edit.isDivisible ? .unknown : .refused
        default: edit.outcome = .unknown
        }
    }

    private func answer(_ link: Link, _ edit: MapEdit, _ course: Course) {
        let isTransaction = edit.version != nil
        let success = isTransaction ? AnswerText.success(edit) : ""
        switch course {
        case .done: send(link, AnswerText.type(edit), success)
        case .refused, .failed, .forbidden, .nothing: refuse(link, edit, course)
        case .lost, .late: return
        case .reset, .resetBefore: return link.peerReset()
        case .garbage: send(link, "text/html", "<html><body>What was that?")
        case .broken: send(link, "text/html", "<html>500</html>", status: 500)
        case .cut:
            let half = message("text/xml", Array((success + "          ").utf8))
            link.peerSend(Array(half.dropLast(8)))
            return link.peerClose()
        }
        readOn(link)
    }

    private func refuse(_ link: Link, _ edit: MapEdit, _ course: Course) {
        guard edit.version != nil else {
            return send(link, "text/plain", "no", status: world.dice.pick([403, 404, 405, 409]))
        }
        switch course {
        case .refused: send(link, "application/xml", AnswerText.exception(edit))
        case .failed: send(link, AnswerText.type(edit), AnswerText.failure(edit))
        case .nothing where edit.version == "1.1.0":
            send(link, AnswerText.type(edit), AnswerText.counts(0))
        default: send(link, "text/plain", "no", status: 403)
        }
    }

    private func send(_ link: Link, _ type: String, _ body: String, status: Int = 200) {
        link.peerSend(message(type, Array(body.utf8), status: status))
    }
}

/// What a WFS answers to a transaction.
private enum AnswerText {
    private static let names =
        "xmlns:wfs=\"http://www.opengis.net/wfs\" xmlns:ogc=\"http://www.opengis.net/ogc\""

    static func type(_ edit: MapEdit) -> String {
        edit.version == "1.0.0" ? "text/xml; subtype=gml/2.1.2" : "application/xml"
    }

    static func success(_ edit: MapEdit) -> String {
        edit.version == "1.0.0" ? older("SUCCESS") : counts(1)
    }

    static func failure(_ edit: MapEdit) -> String {
        edit.version == "1.0.0" ? older("FAILED") : exception(edit)
    }

    private static func older(_ status: String) -> String {
        "<wfs:WFS_TransactionResponse version=\"1.0.0\" \(names)><wfs:TransactionResult>"
            + "<wfs:Status><wfs:\(status)/></wfs:Status></wfs:TransactionResult>"
            + "</wfs:WFS_TransactionResponse>"
    }

    static func counts(_ number: Int) -> String {
        "<wfs:TransactionResponse version=\"1.1.0\" \(names)><wfs:TransactionSummary>"
            + "<wfs:totalInserted>0</wfs:totalInserted><wfs:totalUpdated>\(number)"
            + "</wfs:totalUpdated><wfs:totalDeleted>0</wfs:totalDeleted>"
            + "</wfs:TransactionSummary></wfs:TransactionResponse>"
    }

    static func exception(_ edit: MapEdit) -> String {
        edit.version == "1.0.0"
            ? "<ServiceExceptionReport version=\"1.2.0\"><ServiceException>read-only"
                + "</ServiceException></ServiceExceptionReport>"
            : "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows\" version=\"1.0.0\">"
                + "<ows:Exception exceptionCode=\"NoApplicableCode\"/></ows:ExceptionReport>"
    }
}
