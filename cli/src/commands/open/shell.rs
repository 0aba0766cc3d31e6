//! Text that a POSIX shell reads back as it was.

/// True for what a shell takes for the name of a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `NAME='value'` and a newline.
pub(crate) fn assignment(name: &str, value: &str) -> String {
    format!("{name}='{}'\n", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_newlines_survive() {
        assert_eq!(assignment("A", "it's\n$HOME"), "A='it'\\''s\n$HOME'\n");
        assert!(
            is_variable("_A1") && !is_variable("1A") && !is_variable("tls.crt") && !is_variable("")
        );
    }
}
