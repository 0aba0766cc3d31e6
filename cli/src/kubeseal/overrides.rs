//! kubectl's flags, put over what the kubeconfig says.

use http::{HeaderName, HeaderValue};
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};

use super::args::ClusterFlags;
use super::remote_error::ExchangeError;

/// Puts the flags over every cluster and user: only the chosen ones count.
pub(super) fn apply(kubeconfig: &mut Kubeconfig, flags: &ClusterFlags) {
    for named in &mut kubeconfig.clusters {
        cluster(named.cluster.get_or_insert_default(), flags);
    }
    for named in &mut kubeconfig.auth_infos {
        user(named.auth_info.get_or_insert_default(), flags);
    }
}

/// A kubeconfig of the flags alone, where they name a server.
pub(super) fn alone(flags: &ClusterFlags) -> Option<Kubeconfig> {
    flags.server.as_ref()?;
    let name = || "flags".to_owned();
    let mut kubeconfig = Kubeconfig {
        clusters: vec![NamedCluster {
            name: name(),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name(),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: name(),
            context: Some(Context {
                cluster: name(),
                user: Some(name()),
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        current_context: Some(name()),
        ..Kubeconfig::default()
    };
    apply(&mut kubeconfig, flags);
    Some(kubeconfig)
}

fn cluster(cluster: &mut Cluster, flags: &ClusterFlags) {
    let put = |field: &mut Option<String>, flag: &Option<String>| {
        if flag.is_some() {
            field.clone_from(flag);
        }
    };
    put(&mut cluster.server, &flags.server);
    put(&mut cluster.tls_server_name, &flags.tls_server_name);
    put(&mut cluster.proxy_url, &flags.proxy_url);
    if let Some(file) = &flags.certificate_authority {
        cluster.certificate_authority = Some(file.clone());
        cluster.certificate_authority_data = None;
    }
    if flags.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
    }
    if flags.disable_compression {
        cluster.disable_compression = Some(true);
    }
}

/// Who is named on the command line is who asks: other ways to say who that is are left out.
fn user(user: &mut AuthInfo, flags: &ClusterFlags) {
    if flags.token.is_some() || flags.username.is_some() {
        let impersonation = (
            user.impersonate.take(),
            user.impersonate_groups.take(),
            user.impersonate_uid.take(),
        );
        *user = AuthInfo::default();
        (
            user.impersonate,
            user.impersonate_groups,
            user.impersonate_uid,
        ) = impersonation;
    }
    if let Some(token) = &flags.token {
        user.token = Some(token.clone().into());
    } else if let Some(name) = &flags.username {
        user.username = Some(name.clone());
        user.password = Some(flags.password.clone().unwrap_or_default().into());
    }
    if let Some(file) = &flags.client_certificate {
        user.client_certificate = Some(file.clone());
        user.client_certificate_data = None;
    }
    if let Some(file) = &flags.client_key {
        user.client_key = Some(file.clone());
        user.client_key_data = None;
    }
    if let Some(name) = &flags.impersonate {
        user.impersonate = Some(name.clone());
    }
    if let Some(uid) = &flags.as_uid {
        user.impersonate_uid = Some(uid.clone());
    }
    if !flags.as_group.is_empty() {
        user.impersonate_groups = Some(flags.as_group.clone());
    }
}

/// Adds the headers of impersonation, which kube's client leaves to others.
///
/// # Errors
/// `Impersonation`: groups or a uid of nobody, a name that no header can hold.
pub(super) fn impersonate(config: &mut Config) -> Result<(), ExchangeError> {
    let user = &config.auth_info;
    let mut headers: Vec<(&'static str, &str)> = Vec::new();
    headers.extend(
        user.impersonate
            .as_deref()
            .map(|name| ("impersonate-user", name)),
    );
    headers.extend(
        user.impersonate_uid
            .as_deref()
            .map(|uid| ("impersonate-uid", uid)),
    );
    let groups = user.impersonate_groups.iter().flatten();
    headers.extend(groups.map(|group| ("impersonate-group", group.as_str())));
    if user.impersonate.is_none() && !headers.is_empty() {
        return Err(ExchangeError::Impersonation);
    }
    let headers: Result<Vec<_>, _> = headers
        .into_iter()
        .map(|(name, value)| {
            HeaderValue::from_str(value).map(|value| (HeaderName::from_static(name), value))
        })
        .collect();
    config
        .headers
        .extend(headers.map_err(|_| ExchangeError::Impersonation)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_beat_the_kubeconfig_and_a_token_beats_its_credentials() {
        let flags = ClusterFlags {
            server: Some("https://x".to_owned()),
            token: Some("t".to_owned()),
            impersonate: Some("jane".to_owned()),
            as_group: vec!["a".to_owned(), "b".to_owned()],
            ..ClusterFlags::default()
        };
        let kubeconfig = alone(&flags).expect("a server is named");
        assert_eq!(
            kubeconfig.clusters[0]
                .cluster
                .as_ref()
                .unwrap()
                .server
                .as_deref(),
            Some("https://x")
        );
        let mut user = AuthInfo {
            client_key: Some("key".to_owned()),
            impersonate_uid: Some("7".to_owned()),
            ..AuthInfo::default()
        };
        super::user(&mut user, &flags);
        assert!(user.client_key.is_none() && user.token.is_some());
        let mut config = Config::new("https://x".parse().unwrap());
        config.auth_info = user;
        impersonate(&mut config).unwrap();
        let headers: Vec<_> = config
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [
                "impersonate-user=jane",
                "impersonate-uid=7",
                "impersonate-group=a",
                "impersonate-group=b"
            ]
        );
        config.auth_info.impersonate = None;
        assert!(impersonate(&mut config).is_err());
        assert!(alone(&ClusterFlags::default()).is_none());
    }
}
