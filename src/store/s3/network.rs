//! The way of requests: through the proxy, and with the trust in certificates, that the environment sets for every client of AWS.

use std::{env, fs, io};

use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::error::{Error, Result};

/// The variable for a file of certificates.
const BUNDLE: &str = "AWS_CA_BUNDLE";

/// A client that keeps so many connections to each host. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are as for curl.
pub(super) fn http_client(connections: usize) -> Result<SharedHttpClient> {
    let context = TlsContext::builder().with_trust_store(trusted()?).build();
    let context = context.map_err(|error| Error::storage("setting up TLS for S3", io::Error::other(error)))?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .pool_max_idle_per_host(connections)
            .proxy_config(proxy())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    }))
}

/// The proxies of the environment. `NO_PROXY=*` is of addresses too, which the library's own reading of it leaves out.
fn proxy() -> ProxyConfig {
    let is_all = |name| env::var(name).is_ok_and(|hosts| hosts.split(',').any(|host| host.trim() == "*"));
    if ["NO_PROXY", "no_proxy"].into_iter().any(is_all) { ProxyConfig::disabled() } else { ProxyConfig::from_env() }
}

/// The machine's authorities, or instead of them those of the file that `AWS_CA_BUNDLE` names.
fn trusted() -> Result<TrustStore> {
    let Some(path) = env::var_os(BUNDLE).filter(|path| !path.is_empty()) else { return Ok(TrustStore::default()) };
    let unusable = |error: io::Error| {
        let path = path.display();
        Error::storage(
            format_args!("cannot use {BUNDLE}={path} (set it to a PEM file of the certificates to trust, or unset it)"),
            error,
        )
    };
    let pem = fs::read(&path).map_err(unusable)?;
    check(&pem).map_err(|fault| unusable(io::Error::new(io::ErrorKind::InvalidData, fault)))?;
    Ok(TrustStore::empty().with_pem_certificate(pem))
}

/// Refuses certificates at which the SDK would panic.
fn check(pem: &[u8]) -> Result<(), String> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| format!("it is not PEM: {error}"))?;
    match RootCertStore::empty().add_parsable_certificates(certificates) {
        (0, 0) => Err("it has no certificate".into()),
        (_, 0) => Ok(()),
        (good, bad) => Err(format!("{bad} of its {} certificates cannot be read", good + bad)),
    }
}
