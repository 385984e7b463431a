//! `wharfinger serve`: wires the parts, announces the address, and ends calmly.
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, Rlimit};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use wharf_http::edge::{Edge, Handler, Phase, Plain, Transport};
use wharf_http::outcome::Sink;
use wharf_http::{
    AccessLog, App, Audit, Flush, Format, Operator, PrometheusHandle, RequestMetrics,
};
use wharf_registry::{OutboundSettings, Service, Settings};
use wharf_watch::audit;

use crate::cli::Serve;
use crate::config::Config;
use crate::credentials::{self, Running};
use crate::data_dir::DataDir;
use crate::listen::{bind_all, reachable};
use crate::quick_start::QuickStart;
use crate::shutdown::Signals;
use crate::{Failure, Outcome, admin, log, outbound, say, tls};

/// Time for the store to close after the last request.
const CLOSE: Duration = Duration::from_secs(10);

/// How often histograms are folded, so that they do not grow between scrapes.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Runs the registry until a signal ends it.
pub(crate) fn serve(args: &Serve) -> Outcome {
    let config = Config::for_serve(args)?;
    log::start(config.log_json, &config.log_level)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if args.allow_testing && !config.testing {
        tracing::warn!(
            "--allow-testing has no effect without testing.enabled in the configuration"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let result = runtime.block_on(run(&config));
    // Whatever still runs was given its time, or is not wanted any more.
    runtime.shutdown_background();
    result
}

/// Microseconds since 1970 by the wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary alone reads the clock"
)]
fn wall() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Seconds since 1970 by the wall clock.
pub(crate) fn wall_seconds() -> i64 {
    wall() / 1_000_000
}

async fn run(config: &Config) -> Outcome {
    let mut signals = Signals::listen()?;
    allow_open_files();
    let metrics = wharf_http::install_metrics()
        .map_err(|error| Failure::new(format!("cannot start metrics: {error}")))?;
    let served = match &config.tls {
        Some(files) => Some(files.clone().serve(config.site.public_host())?),
        None => None,
    };
    let outbound = outbound::settings(config)?;
    let data_dir = DataDir::lock(&config.data_dir)?;
    let main = bind_all("listen", &config.listen).await?;
    let operator = match config.operator_listen {
        Some(address) => bind_all("operator_listen", &[address]).await?,
        None => Vec::new(),
    };
    let service = open(config, &data_dir, outbound).await?;
    let socket = admin::server::bind(data_dir.path())?;
    let (phase, heard) = watch::channel(Phase::Serving);
    let (mut sinks, flush) = sinks(config)?;
    let audit = audit_log(config, &data_dir, &mut sinks)?;
    announce(config, &main, &operator)?;

    let mut beside = JoinSet::new();
    beside.spawn(admin::server::serve(socket, service.clone()));
    beside.spawn(upkeep(metrics.clone()));
    let background = service.start_background();
    let app = App::new(service.clone(), config.site.clone(), &config.limits);
    let app = match served {
        Some(served) => {
            let transport = served.tls.clone();
            beside.spawn(tls::watch(served, tls::hangup()?));
            start(app, config, (main, transport), sinks, &heard)
        }
        None => start(app, config, (main, Plain), sinks, &heard),
    };
    let operator_sinks = vec![Arc::new(RequestMetrics) as Arc<dyn Sink>];
    let console = start(
        Operator::new(service.clone(), metrics),
        config,
        (operator, Plain),
        operator_sinks,
        &heard,
    );

    signals.next().await;
    tracing::info!(
        seconds = config.limits.drain.as_secs(),
        "stopping: running requests may end"
    );
    phase.send_replace(Phase::Draining);
    let drained = async {
        tokio::join!(app.drained(), console.drained());
    };
    tokio::select! {
        () = end(config, &service, background, drained) => {}
        () = signals.next() => return Err(Failure::new("ended by a second signal")),
    }
    beside.shutdown().await;
    flush.wait();
    if let Some(log) = audit {
        log.close();
    }
    Ok(())
}

/// Gives requests their time, then the store its own.
async fn end(
    config: &Config,
    service: &Service,
    background: Vec<JoinHandle<()>>,
    drained: impl Future<Output = ()>,
) {
    if tokio::time::timeout(config.limits.drain, drained)
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
    let closed = async {
        service.shutdown().await;
        for task in background {
            // A task that panicked has logged so; there is nothing to wait for.
            drop(task.await);
        }
    };
    if tokio::time::timeout(CLOSE, closed).await.is_err() {
        tracing::warn!("the store did not close in time");
    }
}

async fn open(
    config: &Config,
    data_dir: &DataDir,
    outbound: OutboundSettings,
) -> Result<Service, Failure> {
    let root_credentials = credentials::load_or_create(
        data_dir.path(),
        config.account.as_str(),
        config.region.as_str(),
    )?;
    let settings = Settings {
        data_dir: data_dir.path().to_owned(),
        account: config.account.clone(),
        region: config.region.clone(),
        regions: config.regions.clone(),
        root_credentials,
        wall,
        allow_testing: config.testing,
        compat: config.compat,
        trash_days: config.trash_days,
        low_disk_bytes: config.low_disk_bytes,
        byte_budget: config.limits.buffered_bytes,
        outbound,
        oidc_keys: config.oidc_keys.clone(),
    };
    Service::open(settings).await.map_err(|error| {
        let cause = match error {
            wharf_registry::Error::Internal { cause }
            | wharf_registry::Error::Unavailable { cause } => cause,
            other => other.message(),
        };
        Failure::new(format!(
            "cannot open {}: {cause}",
            data_dir.path().display()
        ))
    })
}

/// The access log and the metrics, and what waits for the log's last line.
fn sinks(config: &Config) -> Result<(Vec<Arc<dyn Sink>>, Flush), Failure> {
    let format = if config.log_json {
        Format::Json
    } else {
        Format::Text
    };
    let (access, flush) = AccessLog::start(format, std::io::stderr())
        .map_err(|error| Failure::new(format!("cannot start the access log: {error}")))?;
    Ok((vec![Arc::new(access), Arc::new(RequestMetrics)], flush))
}

/// The audit log, unless there is to be none, and its sink.
fn audit_log(
    config: &Config,
    data_dir: &DataDir,
    sinks: &mut Vec<Arc<dyn Sink>>,
) -> Result<Option<audit::Log>, Failure> {
    let wanted = &config.audit;
    if !wanted.enabled {
        return Ok(None);
    }
    let options = audit::Options {
        segment_bytes: wanted.segment_bytes,
        retention_days: wanted.retention_days,
        wall: Arc::new(wall),
    };
    let log = audit::Log::open(&crate::audit::directory(data_dir.path()), options)
        .map_err(|error| Failure::new(format!("cannot open the audit log: {error}")))?;
    let sink = Audit::new(log.clone(), wanted.blob_reads, wanted.wait);
    sinks.push(Arc::new(sink));
    Ok(Some(log))
}

/// Lifts the soft bound on open files to the hard one: `limits.connections` counts sockets, and the store opens files.
fn allow_open_files() {
    let bound = rustix::process::getrlimit(Resource::Nofile);
    let lifted = Rlimit {
        current: bound.maximum,
        maximum: bound.maximum,
    };
    if let Err(error) = rustix::process::setrlimit(Resource::Nofile, lifted) {
        tracing::debug!(%error, "the bound on open files stays as it is");
    }
}

/// Serves one handler on its listeners, each in its own task.
fn start<H: Handler, T: Transport + Clone>(
    handler: H,
    config: &Config,
    (listeners, transport): (Vec<TcpListener>, T),
    sinks: Vec<Arc<dyn Sink>>,
    phase: &watch::Receiver<Phase>,
) -> Arc<Edge<H>> {
    let edge = Edge::new(handler, config.limits.clone(), sinks, wall, phase.clone());
    for listener in listeners {
        let listening = Arc::clone(&edge).run(listener, transport.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "ends at the phase's change; `drained` waits for its connections"
        )]
        tokio::spawn(listening);
    }
    edge
}

async fn upkeep(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(METRICS_UPKEEP);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}

/// Tells where the registry is: on standard output, and in the data directory for `wharfinger env`.
fn announce(config: &Config, main: &[TcpListener], operator: &[TcpListener]) -> Outcome {
    let secure = config.tls.is_some();
    let scheme = if secure { "https" } else { "http" };
    let url = |listener: &TcpListener| {
        let bound = listener
            .local_addr()
            .map_err(|error| Failure::new(format!("a listener has no address: {error}")))?;
        Ok::<_, Failure>((reachable(bound), format!("{scheme}://{bound}")))
    };
    let bound: Vec<_> = main.iter().map(url).collect::<Result<_, _>>()?;
    let operator: Vec<_> = operator.iter().map(url).collect::<Result<_, _>>()?;
    let Some((first, _)) = bound.first() else {
        return Err(Failure::new("nothing to listen on"));
    };
    let endpoint = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("{scheme}://{first}"));
    let operator_url = operator
        .first()
        .map(|(address, _)| format!("http://{address}"));
    let running = Running {
        endpoint: endpoint.clone(),
        listen: bound.iter().map(|(_, url)| url.clone()).collect(),
        operator: operator_url.clone(),
        ca: config.tls.as_ref().and_then(tls::Files::authority),
        pid: std::process::id(),
    };
    if let Err(failure) = credentials::write_running(&config.data_dir, &running) {
        // Only `env` misses it. A full disk must not keep what is stored from being served.
        tracing::warn!("{failure}");
    }
    let mut text = String::new();
    for (_, url) in &bound {
        text.extend(["listening on ", url, "\n"]);
    }
    let program = std::env::current_exe().unwrap_or_else(|_unknown| "wharfinger".into());
    let start = QuickStart {
        program: &program,
        data_dir: &config.data_dir,
        endpoint: &endpoint,
        registry_host: &config
            .site
            .endpoint_at(*first, secure)
            .registry_host(&config.account, &config.region),
        operator: operator_url.as_deref(),
        ca: running.ca.as_deref(),
    };
    text.push_str(&start.text());
    // A parent that reads nothing may have closed standard output: no reason not to serve.
    if let Err(failure) = say(&text) {
        drop(writeln!(std::io::stderr(), "wharfinger: {failure}"));
    }
    Ok(())
}
