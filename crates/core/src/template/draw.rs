//! Random values that hang on a seed and a number alone, so that any of them can be drawn again.

/// Two numbers mixed to a third that looks unrelated to both (the finalizer of `SplitMix64`,
/// Steele, Lea and Flood 2014).
pub fn mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A seed of its own for each text, such as a scenario's name.
pub fn text_seed(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(mix(seed, text.len() as u64), |seed, byte| {
            mix(seed, u64::from(byte))
        })
}

/// A random whole number between two, both included.
pub(super) fn between(seed: u64, low: i64, high: i64) -> i64 {
    let span = high.abs_diff(low).saturating_add(1);
    // The high half of the product is uniform enough, and needs no division.
    let drawn = (u128::from(mix(seed, 0)) * u128::from(span)) >> 64;
    low.wrapping_add_unsigned(drawn as u64)
}

/// A random identifier (RFC 9562, version 4) in its 36 characters.
pub fn uuid(seed: u64) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(seed, 1).to_be_bytes());
    bytes[8..].copy_from_slice(&mix(seed, 2).to_be_bytes());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.into_iter().enumerate() {
        at += usize::from(matches!(index, 4 | 6 | 8 | 10));
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    text
}
