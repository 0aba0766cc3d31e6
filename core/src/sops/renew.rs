//! An encrypted file in which a few values are new, or all of them are to be closed with another key.

use rand_core::RngCore;
use zeroize::Zeroizing;

use super::cipher::{Cipher, ClosedValue, DataKey};
use super::close::{Closed, ClosedText};
use super::drawn::Drawn;
use super::error::{At, SopsError};
use super::mac::Mac;
use super::open::{Ciphertexts, open_value};
use super::selector::Selector;
use super::value::{Kind, Value};
use super::walk::{Form, Step, Walk};

/// What is renewed in a file.
pub(super) struct Renewal<'r> {
    pub(super) selector: Option<&'r Selector>,
    pub(super) only_encrypted: bool,
    /// The key that the values are closed with.
    pub(super) key: &'r DataKey,
    /// Another key that all of them are closed with from now on.
    pub(super) new_key: Option<&'r DataKey>,
    /// Where plaintext was put.
    pub(super) fresh: Option<&'r At>,
    /// True where quotes of what stands there are those of the file, and none that the plaintext needs.
    pub(super) quoted: bool,
}

impl Renewal<'_> {
    /// Closes what is new, and counts everything; the result is the text of the MAC, not yet closed.
    ///
    /// Values at the fresh path keep the ciphertexts that stand for them in `known`.
    pub(super) fn close(
        &self,
        steps: &[Step<'_>],
        known: &mut Ciphertexts,
        rng: &mut dyn RngCore,
    ) -> Result<(Vec<Closed>, Zeroizing<String>), SopsError> {
        let old = Cipher::new(self.key);
        let new = self.new_key.map(Cipher::new);
        let rng = &mut Drawn::new(rng);
        let mut walk = Walk::new(self.selector);
        let mut mac = Mac::new(self.only_encrypted);
        let mut texts = Vec::with_capacity(steps.len());
        for step in steps {
            texts.push(match step {
                Step::Open(key, _) => {
                    walk.open(key.as_deref());
                    None
                }
                Step::Close => {
                    walk.close();
                    None
                }
                Step::Comment(text, _) => {
                    let closed = new
                        .as_ref()
                        .and_then(|new| renewed_comment(text, &walk, &old, new, rng));
                    walk.comment(text);
                    closed
                }
                Step::Leaf(key, value, _) => {
                    let selected = walk.enter(key.as_deref());
                    let mut comment = false;
                    let closed = match value {
                        None => None,
                        Some(value) if self.is_fresh(&walk) => {
                            mac.count(value, selected);
                            let closes = selected && !value.is_never_closed();
                            let cipher = new.as_ref().unwrap_or(&old);
                            closes.then(|| self.fresh(value, &walk, cipher, known, rng))
                        }
                        Some(value) => {
                            let opened = open_value(value, selected, &walk, &old, &mut mac)?;
                            opened.and_then(|value| {
                                comment = value.kind() == Kind::Comment;
                                let new = new.as_ref()?;
                                Some(text(new.close(&value, walk.path(), rng)))
                            })
                        }
                    };
                    match comment {
                        true => walk.leave_comment(),
                        false => walk.leave(),
                    }
                    closed
                }
            });
        }
        Ok((texts, mac.finish()))
    }

    fn fresh(
        &self,
        value: &Value,
        walk: &Walk<'_>,
        cipher: &Cipher,
        known: &mut Ciphertexts,
        rng: &mut dyn RngCore,
    ) -> ClosedText {
        // What is known was closed with the key of before: under a new one nothing of it opens.
        let known = match self.new_key {
            None => known.take(walk.path(), value),
            Some(_) => None,
        };
        match known {
            Some(known) => known.into(),
            None => ClosedText {
                form: (!self.quoted).then_some(Form::Bare),
                ..text(cipher.close(value, walk.path(), rng))
            },
        }
    }

    fn is_fresh(&self, walk: &Walk<'_>) -> bool {
        self.fresh.is_some_and(|at| walk.is_below(at))
    }
}

fn renewed_comment(
    comment: &str,
    walk: &Walk<'_>,
    old: &Cipher,
    new: &Cipher,
    rng: &mut dyn RngCore,
) -> Closed {
    let closed: ClosedValue = comment.trim().parse().ok()?;
    walk.paths_around().find_map(|path| {
        let opened = old.open(&closed, path).ok()?;
        (opened.kind() == Kind::Comment).then(|| text(new.close(&opened, path, rng)))
    })
}

fn text(closed: ClosedValue) -> ClosedText {
    ClosedText {
        text: closed.to_text(),
        form: None,
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use crate::manifest::Path;

    use super::super::open::Known;
    use super::super::walk::Shape;
    use super::*;

    #[test]
    fn no_ciphertext_of_the_old_key_is_taken_under_a_new_one() {
        let [old, new] = [(); 2].map(|()| DataKey::generate(&mut OsRng));
        let value = Value::text(b"hunter2");
        let form = Form::Bare;
        let mut walk = Walk::new(None);
        walk.open(None);
        walk.enter(Some("a"));
        let closed = Cipher::new(&old).close(&value, walk.path(), &mut OsRng);
        let steps = [
            Step::Open(None, Shape::Mapping),
            Step::Leaf(Some("a".into()), Some(value.clone()), form),
            Step::Close,
        ];
        let path = At::first(Path::from(["a"]));
        for new_key in [None, Some(&new)] {
            let mut known = Ciphertexts::default();
            let text = closed.to_string();
            known.add(walk.path(), &value, Known { text, form });
            let renewal = Renewal {
                selector: None,
                only_encrypted: false,
                key: &old,
                new_key,
                fresh: Some(&path),
                quoted: false,
            };
            let (texts, _) = renewal
                .close(&steps, &mut known, &mut OsRng)
                .expect("it closes");
            let text = texts[1].as_ref().expect("a ciphertext").text.clone();
            assert_eq!(text == closed.to_string(), new_key.is_none());
            let parsed: ClosedValue = text.parse().expect("a ciphertext");
            let opened = Cipher::new(new_key.unwrap_or(&old)).open(&parsed, walk.path());
            assert!(opened.is_ok_and(|opened| opened == value));
        }
    }
}
