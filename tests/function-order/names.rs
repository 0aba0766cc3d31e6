//! Names of functions as patterns that another build of the same code matches too.

/// One pattern for each function, without repetition, in the same order.
pub(crate) fn patterns(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names
        .iter()
        .filter(|name| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.$".contains(c))
        })
        .map(|name| pattern(name))
        .filter(|pattern| seen.insert(pattern.clone()))
        .collect()
}

/// Leaves out what changes with compiler, features and versions: hashes, and the prefix of aws-lc's symbols.
fn pattern(name: &str) -> String {
    let name = name.split(".llvm.").next().unwrap_or(name);
    if name.starts_with("_ZN") {
        let hash = name.rfind(HASH).unwrap_or(name.len());
        return format!("{}{HASH}*", &name[..hash]);
    }
    if name.starts_with("_R") {
        return format!("{}*", without_crate_hashes(name));
    }
    match name.strip_prefix("aws_lc_") {
        Some(versioned) => {
            let function = versioned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
            format!("aws_lc_*_{function}")
        }
        None => name.to_owned(),
    }
}

/// `Cs` HASH `_` is how a crate begins in the newer form of names.
fn without_crate_hashes(name: &str) -> String {
    let mut parts = name.split("Cs");
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        pattern.push_str("Cs");
        match part.split_once('_') {
            Some((hash, rest))
                if hash.len() > 5 && hash.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                pattern.push_str("*_");
                pattern.push_str(rest);
            }
            _ => pattern.push_str(part),
        }
    }
    pattern
}

/// Before the sixteen digits that end an older name.
const HASH: &str = "17h";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_versions_are_left_out() {
        for (name, expected) in [
            ("_ZN5bulla4main17h9875c0c076d0a3caE", "_ZN5bulla4main17h*"),
            (
                "_ZN10bulla_core4seal17he647fef39c2f2dd5E.llvm.1180",
                "_ZN10bulla_core4seal17h*",
            ),
            (
                "_RNvNtCsjrHSEGnQ3l9_3std3env7args_os",
                "_RNvNtCs*_3std3env7args_os*",
            ),
            (
                "_RNvMs2_NtCslNYArtu3iFV_5alloc7raw_vec4growCsduwmD7cSIQq_5gimli.llvm.1524",
                "_RNvMs2_NtCs*_5alloc7raw_vec4growCs*_5gimli*",
            ),
            ("aws_lc_0_47_0_RSA_encrypt", "aws_lc_*_RSA_encrypt"),
            ("rand_bytes_impl.part.0", "rand_bytes_impl.part.0"),
        ] {
            assert_eq!(pattern(name), expected);
        }
    }

    #[test]
    fn a_pattern_is_named_once_and_nothing_that_a_script_cannot_hold() {
        let names = ["b", "a", "b", "a(b)"].map(str::to_owned);
        assert_eq!(patterns(names.into()), ["b", "a"]);
    }
}
