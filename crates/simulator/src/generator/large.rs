use crate::random::{Random, hex16};

/// A profile list with certificates, as one MDM device sends it: about 76 KB in one event.
pub(super) fn write(organization: &str, id: &[u8], timestamp: &[u8], random: &mut Random, out: &mut Vec<u8>) {
    let put = |text: &str, out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
    put(
        "{\"mdm_type\":\"apple\",\"request_type\":\"ProfileList\",\"command\":{\"request_type\":\"ProfileList\"},",
        out,
    );
    put("\"event_type\":\"mdm_command_result\",\"service\":\"mdm\",\"organization\":\"", out);
    put(organization, out);
    put("\",\"@version\":\"1\",\"error_chain\":null,\"id\":\"", out);
    out.extend_from_slice(id);
    put("\",\"profile_list\":[", out);
    for profile in 0..12 {
        put(if profile == 0 { "{" } else { ",{" }, out);
        put(
            "\"payload_removal_disallowed\":true,\"payload_verion\":1,\"is_encrypted\":false,\"payload_identifier\":",
            out,
        );
        put("\"com.example.profile.", out);
        out.extend_from_slice(&hex16(random.next()));
        put("\",\"payload_display_name\":\"Profile\",\"payload_content\":[],\"signer_certificates\":[", out);
        for certificate in 0..4 {
            put(if certificate == 0 { "\"MIID" } else { ",\"MIID" }, out);
            for _ in 0..97 {
                out.extend_from_slice(&hex16(random.next()));
            }
            put("==\"", out);
        }
        put("]}", out);
    }
    put("],\"status\":\"Acknowledged\",\"timestamp\":\"", out);
    out.extend_from_slice(timestamp);
    put("\"}", out);
}
