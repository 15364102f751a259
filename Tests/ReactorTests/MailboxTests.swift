import Glibc
import Reactor
import Synchronization
import Testing

@Suite("Mailbox")
struct MailboxTests {
    @Test func `messages come in the order of their posting, and once`() {
        let mailbox = Mailbox<Int>(capacity: 10, wake: .call {})
        for number in 0..<5 { #expect(mailbox.post(number)) }
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        #expect(batch == [0, 1, 2, 3, 4])
        batch.removeAll(keepingCapacity: true)
        mailbox.drain(into: &batch)
        #expect(batch.isEmpty)
    }

    @Test func `only a post into an empty box wakes the loop`() {
        let wakes = Count()
        let mailbox = Mailbox<Int>(capacity: 10, wake: .call { wakes.add() })
        for number in 0..<5 { #expect(mailbox.post(number)) }
        #expect(wakes.value == 1)
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        #expect(mailbox.post(5))
        #expect(wakes.value == 2)
    }

    @Test func `a full box refuses, and takes again once drained`() {
        let wakes = Count()
        let mailbox = Mailbox<Int>(capacity: 2, wake: .call { wakes.add() })
        #expect(mailbox.post(1) && mailbox.post(2))
        #expect(!mailbox.post(3))
        var batch: [Int] = []
        mailbox.drain(into: &batch)
        #expect(batch == [1, 2])
        #expect(mailbox.post(4))
        #expect(wakes.value == 2)
    }

    @Test func `a drain into a batch not yet dealt with ends the process`() async {
        await #expect(processExitsWith: .failure) {
            let mailbox = Mailbox<Int>(capacity: 2, wake: .call {})
            var batch = [1]
            mailbox.drain(into: &batch)
        }
    }

    @Test func `no message and no wake-up is lost between many senders and a loop`() throws {
        let senders = 3
        let messages = 10_000
        let event = try WakeEvent()
        let mailbox = Mailbox<Int>(capacity: 256, wake: .event(event))
        let result = ReceivedMessages()
        let loop = runLoop(named: "test.receiver", on: nil) {
            result.set(receive(senders * messages, from: mailbox, woken: event))
        }
        let threads = (0..<senders).map { sender in
            runLoop(named: "test.sender.\(sender)", on: nil) {
                for number in 0..<messages {
                    while !mailbox.post(sender * messages + number) { sched_yield() }
                }
            }
        }
        threads.forEach { $0.join() }
        loop.join()
        let received = result.list
        #expect(received.count == senders * messages)
        for sender in 0..<senders {
            let own = sender * messages..<(sender + 1) * messages
            #expect(received.filter { own.contains($0) } == Array(own))
        }
    }
}

/// A loop that only reads its mailbox; it gives up when it is not woken for 20 seconds.
private func receive(
    _ count: Int, from mailbox: Mailbox<Int>, woken event: WakeEvent
) -> [Int] {
    guard var network = try? LinuxNetwork(batchSize: 4),
        network.watch(event.descriptor, Token(slot: 0, generation: 0, kind: 1))
    else { return [] }
    let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 4)
    defer { events.deallocate() }
    var received: [Int] = []
    var batch: [Int] = []
    while received.count < count {
        let deadline = network.monotonicNow + 20_000_000_000
        if network.wait(until: deadline, into: events) == 0 { return received }
        mailbox.drain(into: &batch)
        received += batch
        batch.removeAll(keepingCapacity: true)
    }
    return received
}

private final class Count: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }

    func add() {
        number.add(1, ordering: .relaxed)
    }
}

private final class ReceivedMessages: Sendable {
    private let messages = Mutex<[Int]>([])

    var list: [Int] { messages.withLock { $0 } }

    func set(_ list: [Int]) {
        messages.withLock { $0 = list }
    }
}
