use std::ffi::OsString;

use super::*;

fn parse(toml: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let read = || {
        let mut settings = Settings::from_toml(toml, "test.toml")?;
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        settings.override_from(variables)?;
        if settings.text("data_dir")?.is_none() {
            settings.set_text("data_dir", "/nowhere", "--data-dir");
        }
        Config::from_settings(&settings)
    };
    read().map_err(|failure: Failure| failure.to_string())
}

#[test]
fn an_empty_configuration_is_complete() {
    let config = parse("", &[]).unwrap();
    assert_eq!(
        config
            .listen
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        DEFAULT_LISTEN
    );
    assert_eq!(
        config.operator_listen.unwrap().to_string(),
        DEFAULT_OPERATOR_LISTEN
    );
    assert_eq!(config.account.as_str(), DEFAULT_ACCOUNT);
    assert_eq!(config.region.as_str(), DEFAULT_REGION);
    assert!(config.regions.len() > 20);
    assert_eq!(config.trash_days, 7);
    assert_eq!(config.low_disk_bytes, 256 << 20);
    assert!(!config.testing && !config.log_json);
}

#[test]
fn every_key_is_taken_from_the_file() {
    let config = parse(
        r#"
        data_dir = "/d"
        listen = ["0.0.0.0:1", "localhost:2"]
        operator_listen = "off"
        domain = "Registry.Example"
        public_url = "https://registry.example/"
        trusted_proxies = ["10.0.0.0/8"]
        regions = ["eu-north-1", "home"]
        region = "home"
        account = "000000000001"
        compat = "extended"
        [log]
        format = "json"
        level = "debug"
        [limits]
        connections = 10
        connections_per_address = 3
        header_seconds = 5
        idle_seconds = 6
        body_idle_seconds = 7
        request_seconds = 8
        transfer_seconds = 9
        drain_seconds = 11
        buffered_mib = 64
        [trash]
        days = 0
        [storage]
        low_disk_mib = 1
        [testing]
        enabled = true
        [tls]
        cert = "/t/server.pem"
        key = "/t/server.key"
        [outbound]
        ca_file = "/t/ca.pem"
        allow_private = true
        [oidc]
        jwks = ["https://idp.example/team=/t/jwks.json"]
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(
        config
            .listen
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["0.0.0.0:1", "127.0.0.1:2"]
    );
    assert_eq!(config.operator_listen, None);
    assert_eq!(config.site.domain.as_deref(), Some("registry.example"));
    assert_eq!(
        config.public_url.as_deref(),
        Some("https://registry.example")
    );
    assert_eq!(config.region.as_str(), "home");
    assert_eq!(config.limits.connections_per_address, Some(3));
    assert_eq!(config.limits.drain.as_secs(), 11);
    assert_eq!(config.limits.buffered_bytes, 64 << 20);
    assert_eq!((config.trash_days, config.low_disk_bytes), (0, 1 << 20));
    assert!(config.testing && config.log_json);
    let files = config.tls.unwrap();
    assert_eq!(files.cert, Path::new("/t/server.pem"));
    assert_eq!(files.key, Path::new("/t/server.key"));
    assert_eq!(config.outbound_ca.unwrap(), Path::new("/t/ca.pem"));
    assert!(config.outbound_private);
    assert_eq!(config.oidc_keys, [key_file()]);
}

fn key_file() -> KeyFile {
    KeyFile {
        issuer: "https://idp.example/team".to_owned(),
        path: "/t/jwks.json".into(),
    }
}

#[test]
fn an_issuer_has_one_file_with_its_keys() {
    let refused = |value: &str| {
        let variable = ("WHARFINGER_OIDC_JWKS", value);
        parse("", &[variable]).unwrap_err()
    };
    for value in [
        "x",
        "https://a.example",
        "https://a.example=",
        "https://=/x",
        "http://a=/x",
        "=/x",
    ] {
        assert_eq!(
            refused(value),
            format!(
                "oidc.jwks: `{value}` is not an issuer and a file such as https://idp.example=/etc/jwks.json"
            )
        );
    }
    assert_eq!(
        refused("https://a.example=/x, https://a.example=/y"),
        "oidc.jwks: `https://a.example` has more than one file"
    );
    let both = [(
        "WHARFINGER_OIDC_JWKS",
        "https://a.example=/x=y,https://b.example=/z",
    )];
    let config = parse("", &both).unwrap();
    let paths: Vec<_> = config
        .oidc_keys
        .iter()
        .map(|file| file.path.clone())
        .collect();
    assert_eq!(paths, [Path::new("/x=y"), Path::new("/z")]);
    assert!(!config.outbound_private);
}

#[test]
fn a_certificate_and_its_key_are_set_together() {
    let refused = |toml: &str| parse(toml, &[]).unwrap_err();
    assert_eq!(
        refused("tls.cert = '/c'"),
        "tls.cert is set without tls.key"
    );
    assert_eq!(refused("tls.key = '/k'"), "tls.key is set without tls.cert");
    assert_eq!(
        refused("outbound.ca_files = '/c'"),
        "test.toml: unknown key `outbound.ca_files`; did you mean `outbound.ca_file`?"
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let refused = |toml: &str| parse(toml, &[]).unwrap_err();
    assert_eq!(
        refused("lisen = []"),
        "test.toml: unknown key `lisen`; did you mean `listen`?"
    );
    assert_eq!(
        refused("[log]\nfromat = 'json'"),
        "test.toml: unknown key `log.fromat`; did you mean `log.format`?"
    );
    assert_eq!(
        refused("[database]\nurl = 'x'"),
        "test.toml: unknown key `database.url`"
    );
    assert!(refused("listen = ").starts_with("test.toml: "));
}

#[test]
fn the_environment_wins_over_the_file_and_lists_have_commas() {
    let variables = [
        ("WHARFINGER_LISTEN", "127.0.0.1:1, [::1]:1"),
        ("WHARFINGER_LOG_FORMAT", "text"),
        ("WHARFINGER_TESTING_ENABLED", "true"),
        ("WHARFINGER_TRASH_DAYS", "3"),
        ("WHARFINGER_DATA_DIR", ""),
        ("OTHER", "x"),
    ];
    let config = parse("listen = ['127.0.0.1:9']\nlog.format = 'json'", &variables).unwrap();
    assert_eq!(config.listen.len(), 2);
    assert!(!config.log_json && config.testing);
    assert_eq!(config.trash_days, 3);
    assert_eq!(
        parse("", &[("WHARFINGER_LISEN", "x")]).unwrap_err(),
        "unknown environment variable WHARFINGER_LISEN; did you mean `WHARFINGER_LISTEN`?"
    );
}

#[test]
fn a_bad_value_names_where_it_stands_and_what_would_do() {
    let refused = |toml: &str| parse(toml, &[]).unwrap_err();
    assert_eq!(
        refused("trash.days = -1"),
        "test.toml: trash.days: must be a whole number from 0 to 3650"
    );
    assert_eq!(
        refused("trash.days = 1.5"),
        "test.toml: trash.days: must be a whole number from 0 to 3650"
    );
    assert_eq!(
        refused("log.format = 'xml'"),
        "test.toml: log.format: `xml` must be one of text, json"
    );
    assert_eq!(
        refused("listen = 5"),
        "test.toml: listen: must be a list of strings"
    );
    assert_eq!(
        refused("testing.enabled = 1"),
        "test.toml: testing.enabled: must be true or false"
    );
    assert!(refused("listen = ['4640']").contains("`4640` is not an address"));
    assert!(refused("listen = []").contains("at least one"));
    assert!(refused("account = '1'").starts_with("test.toml: account: `1`"));
    assert!(refused("region = 'mars-1'").contains("not among"));
    let refused = parse("", &[("WHARFINGER_TRASH_DAYS", "x")]).unwrap_err();
    assert_eq!(
        refused,
        "WHARFINGER_TRASH_DAYS: trash.days: must be a whole number from 0 to 3650"
    );
}

#[test]
fn compat_is_extended_unless_strict_is_asked_for() {
    assert_eq!(parse("", &[]).unwrap().compat, Compat::Extended);
    assert_eq!(
        parse("compat = 'extended'", &[]).unwrap().compat,
        Compat::Extended
    );
    assert_eq!(
        parse("compat = 'strict'", &[]).unwrap().compat,
        Compat::Strict
    );
    assert_eq!(
        parse("compat = 'exact'", &[]).unwrap_err(),
        "test.toml: compat: `exact` must be one of extended, strict"
    );
}
