//! What comes from a target is fuzzed.

use http::HeaderValue;
use http::header::CONTENT_ENCODING;

use super::answer::{AnswerCheck, KeptAnswer};
use super::frames::{FrameReader, ReceivedFrame};
use super::http1_response::{AnswerProgress, AnswerReader};
use crate::plan::{AnswerRules, Take, TakeFrom};

/// More than the bodies and messages of a corpus have.
const LONGEST: u64 = 1 << 16;

/// What an answer says hangs on its bytes, not on how they were split.
///
/// # Panics
/// When it does.
pub fn http1_answer(bytes: &[u8]) {
    let (&[choice, size], bytes) = bytes.split_first_chunk().unwrap_or((&[0, 0], bytes));
    let read = |pieces: usize| {
        let mut reader = AnswerReader::new(choice & 1 == 1, LONGEST);
        let mut body = Vec::new();
        let mut used = 0;
        let mut end = None;
        for piece in bytes.chunks(pieces) {
            match reader.read(piece, &mut |data| body.extend_from_slice(data)) {
                Ok(AnswerProgress::More) => used += piece.len(),
                Ok(AnswerProgress::Done { used: last }) => {
                    assert!(last <= piece.len());
                    used += last;
                    end = Some(Ok(()));
                }
                Err(fault) => end = Some(Err(fault)),
            }
            if end.is_some() {
                break;
            }
        }
        assert!(body.len() as u64 <= LONGEST);
        if end != Some(Ok(())) {
            used = 0;
        }
        let ending = end.is_none().then(|| reader.eof());
        (end, used, body, reader.status(), ending)
    };
    assert_eq!(
        read(usize::from(size).max(1)),
        read(bytes.len().max(1)),
        "in pieces, and at once"
    );
}

/// Rules are applied to any body in any encoding: what they say of it is one bounded line, and a value that is taken is no
/// longer than allowed.
///
/// # Panics
/// When it is not so.
pub fn answer_rules(bytes: &[u8]) {
    let (&[choice], body) = bytes.split_first_chunk().unwrap_or((&[0], bytes));
    let encodings = ["identity", "gzip", "deflate", "br", "zstd", "gzip, br"];
    let encoding = encodings[usize::from(choice) % encodings.len()];
    let take = |name: &str, from: TakeFrom| Take {
        name: name.to_owned(),
        from,
    };
    let rules = AnswerRules {
        take: vec![
            take("field", TakeFrom::Field("a.0.b".to_owned())),
            take("text", TakeFrom::Text("a(.*?)b".to_owned())),
        ],
        ..AnswerRules::default()
    };
    let check = AnswerCheck::new(&rules).expect("rules").expect("some");
    let headers = [(CONTENT_ENCODING, HeaderValue::from_static(encoding))];
    let answer = KeptAnswer {
        headers: headers.into_iter().collect(),
        body: body.to_vec(),
    };
    match check.look(&answer, LONGEST, &Vec::new) {
        Ok(finding) => {
            let lengths = finding
                .taken
                .iter()
                .map(|(_, value)| value.to_string().len());
            assert!(
                lengths
                    .into_iter()
                    .all(|length| length as u64 <= 8 * LONGEST)
            );
        }
        Err(wrong) => {
            assert!(!wrong.said.contains('\n') && wrong.said.chars().count() < 400);
        }
    }
}

/// What frames say hangs on their bytes, not on how they were split, and no message is longer than allowed.
///
/// # Panics
/// When it is not so.
pub fn websocket_frames(bytes: &[u8]) {
    let (&[size], bytes) = bytes.split_first_chunk().unwrap_or((&[0], bytes));
    let read = |pieces: usize| {
        let mut reader = FrameReader::new(Vec::new(), LONGEST);
        let mut heard = Vec::new();
        for piece in bytes.chunks(pieces) {
            let read = reader.read(piece, &mut |one: ReceivedFrame<'_>| {
                if let ReceivedFrame::Text(text) = one {
                    assert!(text.len() as u64 <= LONGEST);
                }
                heard.push(format!("{one:?}"));
                None::<()>
            });
            if let Err(fault) = read {
                return (heard, Some(fault));
            }
        }
        (heard, None)
    };
    assert_eq!(
        read(usize::from(size).max(1)),
        read(bytes.len().max(1)),
        "in pieces, and at once"
    );
}
