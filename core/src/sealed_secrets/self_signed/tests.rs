use x509_cert::Certificate as Parsed;

use super::*;

/// A key and its certificate as the real controller's code made them (v0.40.0, Go 1.26).
fn vector(name: &str) -> (RsaPrivateKey, Certificate) {
    let path = format!(
        "{}/tests/vectors/sealed-secrets/{name}.pem",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read(path).unwrap();
    (
        RsaPrivateKey::from_pem(&text).unwrap(),
        Certificate::from_pem(&text).unwrap(),
    )
}

#[test]
fn the_certificate_is_the_real_controllers_byte_for_byte() {
    for (file, common_name) in [("generated-2048", ""), ("generated-2048-named", "hello")] {
        let (key, theirs) = vector(file);
        key.check_certificate(&theirs).unwrap();
        let parsed = Parsed::from_der(theirs.der()).unwrap();
        let digits = parsed.tbs_certificate().serial_number().as_bytes().to_vec();
        let digits = digits.strip_prefix(&[0]).unwrap_or(&digits);
        let mut serial = [0; 16];
        serial[16 - digits.len()..].copy_from_slice(digits);
        let request = CertificateRequest {
            common_name: common_name.to_owned(),
            not_before: theirs.not_before(),
            not_after: theirs.not_after(),
        };
        let ours = request.sign_with_serial(&key, &serial).unwrap();
        assert_eq!(ours, theirs, "{file}");
        assert_eq!(ours.der(), theirs.der(), "{file}");
        assert_eq!(
            theirs.not_after().0 - theirs.not_before().0,
            87_600 * 3600,
            "ten years by default"
        );
    }
}

#[test]
fn times_names_and_serials_are_written_as_go_does() {
    assert_eq!(time(Timestamp(0)).unwrap()[0], 0x17);
    // 2050-01-01 is the first GeneralizedTime.
    assert_eq!(time(Timestamp(2_524_607_999)).unwrap()[0], 0x17);
    assert_eq!(time(Timestamp(2_524_608_000)).unwrap()[0], 0x18);
    assert!(time(Timestamp(-1)).is_err() && time(Timestamp(i64::MAX)).is_err());
    assert_eq!(integer(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
    assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
    assert_eq!(integer(&[0; 16]), [2, 1, 0]);
    assert_eq!(name("a*").unwrap()[11], UTF8_STRING);
    assert_eq!(name("a b").unwrap()[11], PRINTABLE_STRING);
    assert!(name(&"x".repeat(65)).is_err());
}
