import COpenSSL
import Glibc

extension TLSCertificate {
    /// Reads a certificate that OpenSSL holds; it is not kept.
    init(_ certificate: OpaquePointer, file: String) {
        self.file = file
        names = unsafe Self.names(of: certificate)
        subject = unsafe Self.subject(of: certificate)
        var time = unsafe tm()
        let isRead = unsafe ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time)
        expiresAt = unsafe isRead == 1 ? Int64(timegm(&time)) * 1_000 : .max
    }

    private static func names(of certificate: OpaquePointer) -> [String] {
        guard
            let found = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
        else { return [] }
        let list = OpaquePointer(found)
        defer { unsafe COpenSSL_free_names(list) }
        var names: [String] = []
        let count = unsafe COpenSSL_name_count(list)
        for index in 0..<count {
            var kind: Int32 = 0
            guard let name = unsafe COpenSSL_name(list, index),
                let value = unsafe GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS
            else { continue }
            let text = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = unsafe UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            names.append(unsafe String(decoding: bytes, as: UTF8.self).lowercased())
        }
        return names
    }

    static func subject(of certificate: OpaquePointer) -> String {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(memory) }
        _ = unsafe X509_NAME_print_ex(
            memory, X509_get_subject_name(certificate), 0, COpenSSL_name_flags())
        var room = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe BIO_read(memory, &room, Int32(room.count))
        return String(decoding: room.prefix(Int(max(0, count))), as: UTF8.self)
    }
}
