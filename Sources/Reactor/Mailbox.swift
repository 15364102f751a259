public import Synchronization

/// Messages from any thread to one loop, in the order in which they were posted.
///
/// The only lock a loop shares. A post that finds the box empty wakes the loop; the others cost
/// no system call. Bounded: when it is full the sender is told, and nothing is queued.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline let capacity: Int
    @usableFromInline let wake: Wake
    @usableFromInline let messages: Mutex<[Message]>

    /// - Parameters:
    ///   - capacity: the most messages that may wait.
    ///   - wake: how the loop is told that the box is no longer empty.
    public init(capacity: Int, wake: Wake) {
        precondition(capacity > 0, "a mailbox without room")
        self.capacity = capacity
        self.wake = wake
        messages = Mutex([])
    }

    /// Queues a message.
    ///
    /// - Returns: false if the box is full; the message was not taken.
    @inlinable
    public func post(_ message: Message) -> Bool {
        let waiting = messages.withLock { queue in
            guard queue.count < capacity else { return 0 }
            queue.append(message)
            return queue.count
        }
        if waiting == 1 { wake.signal() }
        return waiting > 0
    }

    /// Takes all that waits, by exchanging arrays: no message is copied, and the two arrays serve
    /// for ever.
    ///
    /// - Parameter batch: must be empty; the caller empties it again with
    ///   `removeAll(keepingCapacity: true)`.
    @inlinable
    public func drain(into batch: inout [Message]) {
        precondition(batch.isEmpty, "the last batch was not dealt with")
        messages.withLock { swap(&$0, &batch) }
    }
}
