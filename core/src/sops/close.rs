//! From plaintext to ciphertext, for the values that the selector names.

use rand_core::RngCore;

use super::cipher::{Cipher, DataKey};
use super::drawn::Drawn;
use super::error::SopsError;
use super::mac::Mac;
use super::metadata::Metadata;
use super::open::{Ciphertexts, Known};
use super::selector::{Selector, SelectorKind};
use super::value::Value;
use super::walk::{Form, Step, Walk};

/// What becomes of one step: the text of its ciphertext, or nothing.
pub(super) type Closed = Option<ClosedText>;

/// A ciphertext as text.
pub(super) struct ClosedText {
    pub(super) text: String,
    /// How it was written where it comes from, if it was there already.
    pub(super) form: Option<Form>,
}

impl From<Known> for ClosedText {
    fn from(Known { text, form }: Known) -> Self {
        let form = Some(form);
        Self { text, form }
    }
}

/// Closes the steps of a file, and puts time and MAC into its block.
///
/// Values that stand in `known` under their paths keep the ciphertexts that they have there. No parameter is a type: the
/// program is built for size, and what it would make of a generic function as well.
pub(super) fn close(
    steps: &[Step<'_>],
    metadata: &mut Metadata,
    selector: Option<&Selector>,
    key: &DataKey,
    known: &mut Ciphertexts,
    now: &str,
    rng: &mut dyn RngCore,
) -> Result<Vec<Closed>, SopsError> {
    let mut closing = Closing {
        cipher: Cipher::new(key),
        walk: Walk::new(selector),
        mac: Mac::new(metadata.mac_only_encrypted()),
        known,
        rng: Drawn::new(rng),
    };
    let mut texts = Vec::with_capacity(steps.len());
    let (mut leaves, mut selected_leaves) = (0, 0);
    for step in steps {
        texts.push(match step {
            Step::Open(key, _) => {
                closing.walk.open(key.as_deref());
                None
            }
            Step::Close => {
                closing.walk.close();
                None
            }
            Step::Comment(text, _) => closing.comment(text, selector)?,
            Step::Leaf(key, value, _) => {
                let selected = closing.walk.enter(key.as_deref());
                let text = value.as_ref().and_then(|value| {
                    leaves += 1;
                    selected_leaves += usize::from(selected);
                    closing.value(value, selected)
                });
                closing.walk.leave();
                text
            }
        });
    }
    if let Some(selector) = selector
        && leaves > 0
        && selected_leaves == 0
    {
        return Err(SopsError::NothingSelected {
            selector: selector.kind().name(),
        });
    }
    let Closing {
        cipher,
        mac,
        mut rng,
        ..
    } = closing;
    close_mac(&mac.finish(), metadata, &cipher, now, &mut rng)?;
    Ok(texts)
}

/// Puts the time and the MAC, closed for it, into the block.
pub(super) fn close_mac(
    mac: &str,
    metadata: &mut Metadata,
    cipher: &Cipher,
    now: &str,
    rng: &mut dyn RngCore,
) -> Result<(), SopsError> {
    let mac = cipher.close(&Value::text(mac), now, rng);
    metadata.set_mac(now, mac.to_text());
    metadata.last_modified()?;
    Ok(())
}

struct Closing<'a> {
    cipher: Cipher,
    walk: Walk<'a>,
    mac: Mac,
    known: &'a mut Ciphertexts,
    rng: Drawn<'a>,
}

impl Closing<'_> {
    fn value(&mut self, value: &Value, selected: bool) -> Closed {
        self.mac.count(value, selected);
        (selected && !value.is_never_closed()).then(|| self.text(value))
    }

    fn comment(&mut self, text: &str, selector: Option<&Selector>) -> Result<Closed, SopsError> {
        let selected = self.walk.comment(text);
        if !selected || text.is_empty() {
            return Ok(None);
        }
        let comment = Value::comment(text);
        let by_comments = selector.filter(|s| s.kind() == SelectorKind::UnencryptedCommentRegex);
        // Readers see the ciphertext as the comment: it must not select, or another one is drawn.
        for _ in 0..TRIES {
            let closed = self.text(&comment);
            if !by_comments.is_some_and(|selector| selector.hits_comment(&closed.text)) {
                return Ok(Some(closed));
            }
        }
        Err(SopsError::CommentRegex)
    }

    fn text(&mut self, value: &Value) -> ClosedText {
        let path = self.walk.path();
        match self.known.take(path, value) {
            Some(known) => known.into(),
            None => ClosedText {
                text: self.cipher.close(value, path, &mut self.rng).to_text(),
                form: None,
            },
        }
    }
}

const TRIES: usize = 16;
