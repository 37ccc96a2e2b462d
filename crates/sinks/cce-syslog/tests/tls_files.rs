//! Files that TLS needs: every form of key is read, and what is wrong with a file is said with the way out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::sync::Arc;

use adr_core::{FailureKind, Retry};
use adr_sink_cce_syslog::CceSyslog;
use common::certificates::{Files, authority, self_signed};
use common::{Fixed, Plain, settings};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

fn build(tls: Value) -> Result<(), String> {
    let settings = settings(&["127.0.0.1:1".parse().unwrap()], json!({"tls": tls}));
    CceSyslog::new("cce", &settings, Arc::new(Fixed), Box::new(Plain::default())).map(drop).map_err(|failure| {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never), "{failure}");
        failure.message
    })
}

/// The PEM text of `der`.
fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        // Base64 without a crate for it: three bytes, four letters.
        for three in line.chunks(3) {
            let mut bits =
                three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
            let mut letters = [b'='; 4];
            for (place, letter) in letters.iter_mut().enumerate() {
                if place <= three.len() {
                    *letter =
                        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(bits >> 18) as usize & 63];
                }
                bits <<= 6;
            }
            text.push_str(str::from_utf8(&letters).unwrap());
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// The key inside a PKCS#8 text: its older form (PKCS#1, SEC1).
fn older_form(pkcs8: &[u8]) -> &[u8] {
    // SEQUENCE { INTEGER, SEQUENCE, OCTET STRING { the key } }
    let (_, mut rest) = element(element(pkcs8).0);
    rest = element(rest).1;
    element(rest).0
}

/// Content of the first DER element, and what stands after it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, head) = match der[1] {
        short @ 0..0x80 => (usize::from(short), 2),
        long => {
            let bytes = usize::from(long & 0x7f);
            (der[2..2 + bytes].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), 2 + bytes)
        }
    };
    (&der[head..head + length], &der[head + length..])
}

#[test]
fn keys_are_read_as_pkcs8_pkcs1_and_sec1() {
    let files = Files::new();
    for (key, older) in [
        (KeyPair::generate().unwrap(), "EC PRIVATE KEY"),
        (KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap(), "RSA PRIVATE KEY"),
    ] {
        let params = rcgen::CertificateParams::new(vec!["sender.example.com".to_owned()]).unwrap();
        let crt_file = files.write("crt.pem", params.self_signed(&key).unwrap().pem());
        let der = key.serialize_der();
        // Some tools write the curve's parameters before the key.
        let parameters = if older.starts_with("EC") { pem("EC PARAMETERS", &[6, 1, 0]) } else { String::new() };
        for text in [pem("PRIVATE KEY", &der), parameters + &pem(older, older_form(&der))] {
            let key_file = files.write("key.pem", text);
            assert_eq!(build(json!({"crt_file": crt_file, "key_file": key_file, "verify": false})), Ok(()), "{older}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_setting_and_the_way_out() {
    let (files, identity) = (Files::new(), self_signed(&["sender.example.com"], 2100, false));
    let crt = files.write("crt.pem", &identity.pem);
    let key = files.write("key.pem", &identity.key_pem);
    let nothing = files.write("empty", "nothing\n");
    let absent = Path::new("/nonexistent/ca.pem");
    let encrypted = files.write("encrypted.pem", pem("ENCRYPTED PRIVATE KEY", b"1234"));
    let old_encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let old_encrypted = files.write("old.pem", old_encrypted);
    let torn = files.write("torn.pem", &identity.key_pem[..80]);
    let strange = files.write("strange.pem", authority("x").sign(&["y.example.com"]).key_pem);
    let key_file = |path: &Path| json!({"crt_file": crt, "key_file": path, "verify": false});
    for (tls, setting, said) in [
        (json!({"ca_file": absent}), "`ca_file` /nonexistent/ca.pem", "cannot be read: No such file"),
        (json!({"ca_file": nothing}), "`ca_file`", "has no certificate: it must hold PEM"),
        (json!({"ca_file": key}), "`ca_file`", "has no certificate"),
        (json!({"ca_file": files.write("ca.der", &identity.der)}), "`ca_file`", "openssl x509 -inform der"),
        (
            json!({"ca_file": files.write("bad.pem", pem("CERTIFICATE", b"x"))}),
            "`ca_file`",
            "certificate 1 in it cannot be used",
        ),
        (json!({"ca_file": files.write("cut.pem", &identity.pem[..200])}), "`ca_file`", "broken PEM"),
        (json!({"crt_file": absent, "key_file": key, "verify": false}), "`crt_file`", "cannot be read"),
        (key_file(absent), "`key_file`", "cannot be read"),
        (key_file(&nothing), "`key_file`", "has no private key"),
        (key_file(&crt), "`key_file`", "has no private key"),
        (key_file(&encrypted), "`key_file`", "decrypt it with openssl pkey"),
        (key_file(&old_encrypted), "`key_file`", "decrypt it with openssl pkey"),
        (key_file(&torn), "`key_file`", "broken PEM"),
        (key_file(&strange), "`key_file`", "give the key that this certificate was made for"),
    ] {
        let message = build(tls.clone()).unwrap_err();
        assert!(message.contains(setting) && message.contains(said), "{tls}: {message}");
        let secret: Vec<&str> =
            identity.key_pem.lines().filter(|line| line.len() > 20 && !line.contains("---")).collect();
        assert!(secret.iter().all(|line| !message.contains(&line[..20])), "{message}");
    }
    assert_eq!(build(key_file(&key)), Ok(()));
}
