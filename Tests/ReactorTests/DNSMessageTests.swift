import Reactor
import Testing

/// `_http._tcp.pool.example` with two services, their addresses sent along, by way of an alias.
private func poolResponse() -> [UInt8] {
    var message = DNSBytes(questions: 1, answers: 3, additional: 3)
    message.question("_http._TCP.Pool.example", .srv)
    // The question's name stands at 12, its part `Pool.example` 11 bytes farther.
    message.record(
        DNSBytes.name("", then: 12), DNSType.cname.rawValue, DNSBytes.name("real", then: 23),
        time: 90)
    let alias = 12 + 25 + 4 + 12
    let target = message.record(
        DNSBytes.name("", then: alias), DNSType.srv.rawValue,
        DNSBytes.service(10, 60, 8080, DNSBytes.name("one", then: 23)), time: 60)
    message.record(
        DNSBytes.name("", then: alias), DNSType.srv.rawValue,
        DNSBytes.service(20, 0, 8081, DNSBytes.name("two", then: 23)), time: 300)
    message.record(DNSBytes.name("", then: target + 6), DNSType.a.rawValue, [192, 0, 2, 1])
    message.record(
        DNSBytes.name("ONE", then: 23), DNSType.aaaa.rawValue,
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7])
    // EDNS: the root's name, type 41, the class is a size.
    message.record([0], 41, [1, 2, 3], kind: 4_096)
    return message.bytes
}

@Suite("DNS responses, RFC 1035 §4")
struct DNSMessageTests {
    @Test("services behind an alias, with their addresses")
    func pool() throws {
        let message = try readDNS(poolResponse())
        #expect(message.identifier == 0x1234)
        #expect(message.responseCode == .noError)
        #expect(!message.isTruncated)
        #expect(message.question == DNSQuestion(name: "_http._tcp.pool.example", type: 33))
        let found = message.services(of: "_HTTP._tcp.pool.example.")
        #expect(
            found.values == [
                DNSService(priority: 10, weight: 60, port: 8080, target: "one.pool.example"),
                DNSService(priority: 20, weight: 0, port: 8081, target: "two.pool.example"),
            ])
        #expect(found.timeToLive == 60)
        let addresses = message.additionalAddresses(of: found.values[0])
        #expect(
            addresses.values.map { $0.description } == ["192.0.2.1:8080", "[2001:db8::7]:8080"])
        #expect(addresses.timeToLive == 300)
        #expect(message.additionalAddresses(of: found.values[1]).values.isEmpty)
        #expect(message.additional.last?.data == .other(type: 41))
    }

    @Test("a response cut anywhere is truncated")
    func truncations() {
        let whole = poolResponse()
        for count in 0..<whole.count {
            #expect(refusal(Array(whole[..<count])) == .truncated, "\(count) bytes")
        }
        #expect(refusal(whole + [1, 2, 3]) == nil)
    }

    @Test("addresses follow aliases, and the shortest time holds")
    func addresses() throws {
        var message = DNSBytes(questions: 1, answers: 4)
        message.question("a.example", .a)
        message.record(DNSBytes.name("c.example"), 1, [10, 0, 0, 2], time: 40)
        message.record(DNSBytes.name("a.example"), 5, DNSBytes.name("b.example"), time: 70)
        message.record(DNSBytes.name("b.example"), 5, DNSBytes.name("C.EXAMPLE"), time: 50)
        message.record(DNSBytes.name("C.example"), 1, [10, 0, 0, 1], time: 60)
        let found = try readDNS(message.bytes).addresses(of: "A.example", port: 80)
        #expect(found.values.map { $0.description } == ["10.0.0.2:80", "10.0.0.1:80"])
        #expect(found.timeToLive == 40)
        #expect(try readDNS(message.bytes).addresses(of: "x.example", port: 80).values.isEmpty)
    }

    @Test("aliases in a ring come to an end")
    func ring() throws {
        var message = DNSBytes(answers: 2)
        message.record(DNSBytes.name("a"), 5, DNSBytes.name("b"))
        message.record(DNSBytes.name("b"), 5, DNSBytes.name("a"))
        let found = try readDNS(message.bytes).addresses(of: "a", port: 1)
        #expect(found == DNSAnswer(values: [], timeToLive: nil))
    }

    @Test("that there is no such name may be kept as long as the authority says")
    func negative() throws {
        for (minimum, time, expected) in [(30, 300, 30), (300, 20, 20)]
            as [(UInt32, UInt32, UInt32)]
        {
            var message = DNSBytes(flags: 0x8183, authorities: 1)
            let numbers = [UInt8](repeating: 1, count: 16) + [0, 0, UInt8(minimum >> 8)]
            message.record(
                DNSBytes.name("example"), 6,
                DNSBytes.name("ns") + DNSBytes.name("root") + numbers + [UInt8(minimum & 255)],
                time: time)
            let found = try readDNS(message.bytes)
            #expect(found.responseCode == .nameError)
            #expect(found.addresses(of: "a.example", port: 1).timeToLive == expected)
        }
    }

    @Test("flags and codes", arguments: 0...15)
    func codes(code: Int) throws {
        let names: [DNSMessage.ResponseCode] = [
            .noError, .formatError, .serverFailure, .nameError, .notImplemented, .refused,
        ]
        let message = try readDNS(DNSBytes(flags: 0x8200 | UInt16(code)).bytes)
        #expect(message.responseCode == (code < 6 ? names[code] : .other(UInt8(code))))
        #expect(message.isTruncated)
        #expect(refusal(DNSBytes(flags: UInt16(code)).bytes) == .notResponse)
    }

    @Test("a time with its top bit set is none")
    func times() throws {
        for (time, expected) in [(0x8000_0000, 0), (0x7FFF_FFFF, 0x7FFF_FFFF)]
            as [(UInt32, UInt32)]
        {
            var message = DNSBytes(answers: 1)
            message.record([0], 1, [1, 2, 3, 4], time: time)
            #expect(try readDNS(message.bytes).answers[0].timeToLive == expected)
        }
    }

    @Test("records of other types and classes are passed over")
    func others() throws {
        var message = DNSBytes(answers: 2)
        message.record([0], 16, [3, 65, 65, 65])
        message.record([0], 1, [1, 2], kind: 3)
        let answers = try readDNS(message.bytes).answers
        #expect(answers.map { $0.data } == [.other(type: 16), .other(type: 1)])
    }

    @Test("a record whose length is not its type's")
    func lengths() {
        for (type, content) in [
            (1, [1, 2, 3]), (1, [1, 2, 3, 4, 5]), (28, [UInt8](repeating: 0, count: 15)),
            (5, [0, 0]), (33, [0, 1, 0, 1, 0, 1, 0, 9]), (6, [UInt8](repeating: 0, count: 23)),
        ] as [(UInt16, [UInt8])] {
            var message = DNSBytes(answers: 1)
            message.record([0], type, content)
            #expect(refusal(message.bytes) == .badRecord(type: type))
        }
    }
}

@Suite("DNS names: compression with an end")
struct DNSNameTests {
    /// The error of a message whose one question has this name, which stands at 12.
    private func question(_ name: [UInt8]) -> Result<String, DNSError> {
        var message = DNSBytes(questions: 1)
        message.bytes += name + [0, 1, 0, 1]
        do throws(DNSError) {
            return .success(try readDNS(message.bytes).question?.name ?? "none")
        } catch {
            return .failure(error)
        }
    }

    @Test("pointers to themselves, forward, or around are refused")
    func loops() {
        #expect(question([0xC0, 12]) == .failure(.badName))
        #expect(question([0xC0, 14, 0]) == .failure(.badName))
        #expect(question([1, 97, 0xC0, 12]) == .failure(.badName))
        #expect(question([0xC0, 0xFF]) == .failure(.badName))
        #expect(question([0xFF, 0xFF]) == .failure(.badName))
        // A pair that lead to each other: the second name points before itself, that one forward.
        var message = DNSBytes(questions: 2)
        message.bytes += [0xC0, 18, 0, 1, 0, 1, 0xC0, 12, 0, 1, 0, 1]
        #expect(refusal(message.bytes) == .badName)
    }

    @Test("label kinds that are none")
    func labels() {
        for first: UInt8 in [0x40, 0x80, 0xBF] {
            #expect(question([first, 97, 0]) == .failure(.badName))
        }
    }

    @Test("a name has at most 255 bytes, a label 63")
    func lengths() {
        let label = [63] + [UInt8](repeating: 97, count: 63)
        let longest = label + label + label + [61] + [UInt8](repeating: 98, count: 61) + [0]
        guard case .success(let name) = question(longest) else {
            Issue.record("255 bytes are allowed")
            return
        }
        #expect(name.utf8.count == 253)
        let longer = label + label + label + [62] + [UInt8](repeating: 98, count: 62) + [0]
        #expect(question(longer) == .failure(.badName))
    }

    @Test("letters become lower case, and what is no host name's is escaped")
    func escapes() {
        #expect(question([0]) == .success(""))
        #expect(question([3, 65, 98, 45, 1, 122, 0]) == .success("ab-.z"))
        #expect(question([5, 46, 92, 32, 0, 200, 0]) == .success("\\.\\\\\\032\\000\\200"))
    }

    @Test("a long chain of pointers backwards is followed to its end")
    func chain() throws {
        // Each name is one label and a pointer to the one before.
        var message = DNSBytes(answers: 101)
        var previous = message.record([1, 97, 0], 5, [1, 98, 0])
        for _ in 0..<100 {
            previous = message.record([0xC0, 12], 5, [1, 99] + DNSBytes.name("", then: previous))
        }
        let answers = try readDNS(message.bytes).answers
        #expect(answers.count == 101)
        guard case .alias(let name) = answers[100].data else {
            Issue.record("no alias")
            return
        }
        #expect(name == String(repeating: "c.", count: 100) + "b")
    }

    @Test(
        "a chain of bare pointers is followed no further than a name can need",
        arguments: [127, 128])
    func bare(pointers: Int) throws {
        // A record whose data is a name and pointers that each lead to the one before.
        var message = DNSBytes(answers: 2)
        let start = message.bytes.count + 11
        var data: [UInt8] = [1, 97, 0]
        var previous = start
        for _ in 0..<pointers {
            let next = start + data.count
            data += [0xC0 | UInt8(previous >> 8), UInt8(previous & 0xFF)]
            previous = next
        }
        _ = message.record([0], 99, data)
        _ = message.record(
            [0xC0 | UInt8(previous >> 8), UInt8(previous & 0xFF)], 1, [192, 0, 2, 1])
        if pointers < 128 {
            #expect(try readDNS(message.bytes).answers.count == 2)
        } else {
            #expect(throws: DNSError.badName) { try readDNS(message.bytes) }
        }
    }

    @Test("random messages and random changes end in an error or a message")
    func fuzz() {
        var numbers = SeededNumbers(seed: 8)
        var parsed = 0
        for round in 0..<20_000 {
            var bytes = poolResponse()
            if round % 4 == 0 {
                let count = Int.random(in: 12...80, using: &numbers)
                bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
                bytes[2] |= 0x80
                for at in [4, 6, 8, 10] { bytes[at] = 0 }
            }
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                bytes[Int.random(in: 0..<bytes.count, using: &numbers)] =
                    UInt8.random(in: 0...255, using: &numbers)
            }
            guard let message = try? readDNS(bytes) else { continue }
            parsed += 1
            // Whatever it says, asking it ends.
            _ = message.services(of: message.question?.name ?? "")
            for record in message.answers { _ = message.addresses(of: record.name, port: 1) }
        }
        #expect(parsed > 1_000)
    }
}

@Suite("SRV: the order of RFC 2782")
struct DNSServiceTests {
    private func service(_ priority: UInt16, _ weight: UInt16, _ target: String) -> DNSService {
        DNSService(priority: priority, weight: weight, port: 80, target: target)
    }

    @Test("priorities come one after another, and nobody is lost")
    func priorities() {
        let services = [
            service(20, 0, "d"), service(10, 5, "a"), service(10, 0, "b"), service(5, 0, "z"),
            service(10, 5, "c"), service(1, 1, ""),
        ]
        for seed in 0..<200 {
            var numbers = SeededNumbers(seed: UInt64(seed))
            let ordered = DNSService.order(services, using: &numbers)
            #expect(ordered.map { $0.priority } == [5, 10, 10, 10, 20])
            #expect(Set(ordered.map { $0.target }) == ["a", "b", "c", "d", "z"])
            var again = SeededNumbers(seed: UInt64(seed))
            #expect(DNSService.order(services, using: &again) == ordered)
        }
    }

    @Test("the first place is shared by weight, a weight of 0 gets a little")
    func weights() {
        let services = [service(1, 0, "none"), service(1, 25, "quarter"), service(1, 75, "most")]
        var numbers = SeededNumbers(seed: 1)
        var firsts: [String: Int] = [:]
        for _ in 0..<10_100 {
            let first = DNSService.order(services, using: &numbers)[0]
            firsts[first.target, default: 0] += 1
        }
        // One draw of 101 is 0.
        #expect(40...180 ~= firsts["none"] ?? 0)
        #expect(2_300...2_700 ~= firsts["quarter"] ?? 0)
        #expect(7_250...7_750 ~= firsts["most"] ?? 0)
    }

    @Test("weights of 0 alone keep everybody")
    func zero() {
        var numbers = SeededNumbers(seed: 2)
        #expect(DNSService.order([], using: &numbers).isEmpty)
        let ordered = DNSService.order([service(1, 0, "a"), service(1, 0, "b")], using: &numbers)
        #expect(ordered.count == 2)
    }
}
