//! Expressions in Go's syntax for readers outside of templates, that only ask whether one matches.

use regex_automata::nfa::thompson::{self, NFA, WhichCaptures, pikevm};
use regex_automata::util::pool::Pool;

use super::syntax::{self, Wrong};

/// A compiled expression. What Go would refuse is refused; what Go takes means the same here.
pub(crate) struct Expression {
    machine: pikevm::PikeVM,
    caches: Pool<pikevm::Cache, Box<dyn Fn() -> pikevm::Cache + Send + Sync>>,
}

/// Why a text is not an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpressionFault {
    /// Go refuses it too.
    #[error("this is not a regular expression of RE2, which Go uses")]
    Syntax,
    /// It exceeds a bound.
    #[error("the regular expression is too large")]
    Limit,
}

impl Expression {
    /// Compiles `pattern`.
    pub(crate) fn new(pattern: &str) -> Result<Self, ExpressionFault> {
        if pattern.len() > super::PATTERN_BYTES {
            return Err(ExpressionFault::Limit);
        }
        let parsed = syntax::parse(pattern).map_err(|wrong| match wrong {
            Wrong::Syntax => ExpressionFault::Syntax,
            Wrong::Limit => ExpressionFault::Limit,
        })?;
        let config = thompson::Config::new()
            .nfa_size_limit(Some(NFA_BYTES))
            .which_captures(WhichCaptures::None);
        let nfa = NFA::compiler()
            .configure(config)
            .build_from_hir(&parsed.hir)
            .map_err(|_| ExpressionFault::Limit)?;
        let machine = pikevm::PikeVM::new_from_nfa(nfa).map_err(|_| ExpressionFault::Limit)?;
        let maker = machine.clone();
        let caches: Box<dyn Fn() -> pikevm::Cache + Send + Sync> =
            Box::new(move || maker.create_cache());
        Ok(Self {
            machine,
            caches: Pool::new(caches),
        })
    }

    /// True when it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.machine.is_match(&mut self.caches.get(), text)
    }
}

const NFA_BYTES: usize = 10 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_go_means() {
        for (pattern, text, matches) in [
            ("^(data|stringData)$", "data", true),
            ("^(data|stringData)$", "metadata", false),
            (r"\d", "٣", false),
            (r"\Qa.b\E", "xa.by", true),
            ("a{", "a{", true),
            ("[a&&b]", "&", true),
            ("(?i)PASS", "db_password", true),
        ] {
            let expression = Expression::new(pattern).expect(pattern);
            assert_eq!(expression.is_match(text), matches, "{pattern} {text}");
        }
        for pattern in ["(", "(?!x)", "a**", "[b-a]", r"\8"] {
            assert_eq!(
                Expression::new(pattern).err(),
                Some(ExpressionFault::Syntax),
                "{pattern}"
            );
        }
    }
}
