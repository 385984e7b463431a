//! Certificates for development, as `wharfinger tls dev` makes them, and TLS as a client speaks it.

use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Options;
use super::tools::{self, Checked as _};

/// The files of `wharfinger tls dev`.
#[derive(Debug, Clone)]
pub(crate) struct Dev {
    /// What clients trust.
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Dev {
    /// The files in a directory.
    pub(crate) fn at(directory: &Path) -> Self {
        Self {
            ca: directory.join("ca.pem"),
            cert: directory.join("server.pem"),
            key: directory.join("server.key"),
        }
    }

    /// What makes `serve` use them.
    pub(crate) fn flags(&self) -> [String; 4] {
        let path = |path: &Path| path.display().to_string();
        [
            "--tls-cert".to_owned(),
            path(&self.cert),
            "--tls-key".to_owned(),
            path(&self.key),
        ]
    }
}

/// Makes certificates in the data directory, in the environment of the server that will use them.
pub(crate) fn dev(options: &Options, data_dir: &Path, names: &[String]) -> Dev {
    let mut command = Command::new(tools::wharfinger());
    command.args(["tls", "dev", "--data-dir"]).arg(data_dir);
    command.envs(options.env.iter().cloned());
    if let Some(at) = options.args.iter().position(|a| a == "--config") {
        command.args(&options.args[at..at + 2]);
    }
    for name in names {
        command.args(["--name", name]);
    }
    command.checked();
    Dev::at(&data_dir.join("tls"))
}

/// A client that trusts the authorities of a file, and offers these protocols.
pub(crate) fn client(ca: &Path, protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).expect("a readable authority") {
        let added = roots.add(certificate.expect("a certificate"));
        added.expect("an authority");
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// TLS over a connected socket, shaken hands, for the host of `host:port`.
pub(crate) fn over(
    mut socket: TcpStream,
    authority: &str,
    config: Arc<ClientConfig>,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let (host, _) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let host = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    connection.complete_io(&mut socket)?;
    Ok(StreamOwned::new(connection, socket))
}
