import CloudFront

@testable import Control

extension SignerRecord {
    /// A public key, and the group that it is in.
    static var samples: [SignerKind: [SignerRecord]] {
        let key = SignerRecord(
            id: "K2JCJMDEHXQW5F",
            config: .map([
                "CallerReference": .text("r"), "Name": .text("maps"),
                "EncodedKey": .text("-----BEGIN PUBLIC KEY-----\nAB+/\n-----END PUBLIC KEY-----\n"),
            ]))
        let group = SignerRecord(
            id: "k1",
            config: .map(["Name": .text("g"), "Items": ConfigNode(.list([.text(key.id)]))]))
        return [.publicKey: [key], .keyGroup: [group]]
    }
}
