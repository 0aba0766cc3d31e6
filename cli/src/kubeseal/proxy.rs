//! Which proxy the environment names, as Go programs read it.

use http::Uri;

/// The proxy for a URL; nothing for loopback, and for what `NO_PROXY` lists: hosts, domains with what is below
/// them, addresses, each also with a port, or `*`.
pub(super) fn of(uri: &Uri, variable: impl Fn(&str) -> Option<String>) -> Option<Uri> {
    let host = uri
        .host()?
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase();
    if host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
    {
        return None;
    }
    let either = |upper: &str, lower: &str| {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        set(upper).or_else(|| set(lower))
    };
    let excepted = either("NO_PROXY", "no_proxy").unwrap_or_default();
    let port = uri
        .port_u16()
        .unwrap_or(if uri.scheme_str() == Some("http") {
            80
        } else {
            443
        });
    if excepted
        .split(',')
        .any(|pattern| matches(pattern.trim(), &host, port))
    {
        return None;
    }
    let proxy = match uri.scheme_str() {
        Some("http") => either("HTTP_PROXY", "http_proxy"),
        _ => either("HTTPS_PROXY", "https_proxy"),
    }?;
    let proxy = if proxy.contains("://") {
        proxy
    } else {
        format!("http://{proxy}")
    };
    proxy.parse().ok()
}

fn matches(pattern: &str, host: &str, port: u16) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let (name, wanted) = match pattern.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => (name, digits.parse::<u16>().ok()),
        _ => (pattern.as_str(), None),
    };
    if name == "*" {
        return true;
    }
    if name.is_empty() || wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    let name = name.trim_start_matches('*');
    match name.strip_prefix('.') {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.')),
        None => {
            host == name
                || host
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_gos() {
        let environment = |name: &str| match name {
            "https_proxy" => Some("proxy.example:3128".to_owned()),
            "HTTP_PROXY" => Some("http://plain.example:80".to_owned()),
            "NO_PROXY" => Some("internal, .corp.example,10.0.0.1,ports.example:8443".to_owned()),
            _ => None,
        };
        let proxy = |url: &str| of(&url.parse().unwrap(), environment).map(|uri| uri.to_string());
        let https = Some("http://proxy.example:3128/".to_owned());
        for (url, expected) in [
            ("https://a.example/", https.clone()),
            (
                "http://a.example/",
                Some("http://plain.example:80/".to_owned()),
            ),
            ("https://localhost/", None),
            ("https://127.0.0.1:1/", None),
            ("https://[::1]/", None),
            ("https://internal/", None),
            ("https://x.internal/", None),
            ("https://xinternal/", https.clone()),
            ("https://a.corp.example/", None),
            ("https://corp.example/", https.clone()),
            ("https://10.0.0.1/", None),
            ("https://ports.example:8443/", None),
            ("https://ports.example/", https),
        ] {
            assert_eq!(proxy(url), expected, "{url}");
        }
        assert_eq!(
            of(&"https://a/".parse().unwrap(), |name| {
                (name == "NO_PROXY" || name == "HTTPS_PROXY").then(|| "*".to_owned())
            }),
            None
        );
    }
}
