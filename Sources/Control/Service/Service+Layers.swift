import Edge
import Synchronization

// What the pools' own capabilities say of their layers.
extension Service {
    /// To be called when the store is open.
    func makeLayerKeeper(_ server: Server, _ directory: String) -> LayerKeeper {
        let store = state.withLock { $0.store }
        let memory = LayerMemory(directory: directory, isFresh: store?.beganEmpty ?? true)
        return LayerKeeper(
            server, observer, memory, GridSetMemory(directory: directory)
        ) { rules in
            store?.invalidateDurably(rules).isKept ?? true
        }
    }
}
