//! What only `PostgreSQL` does: other nodes, lost connections, locales.
use wharf_meta::{Durability, Error, Options, Store, versions};

use super::rows::{read, write};
use super::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_a_database_outlive_its_connections_and_refuse_one_that_does_not_fit() {
    let server = Server::start();
    two_nodes_start_at_once_and_see_each_others_writes(&server).await;
    a_lost_connection_is_made_anew(&server).await;
    a_newer_schema_is_refused(&server);
    a_database_that_sorts_by_language_is_refused(&server);
    a_soft_write_turns_off_the_wait_for_the_flush(&server).await;
    assert!(matches!(
        Store::open_postgres("host=/nowhere user=x", options()).map(drop),
        Err(Error::Io(_))
    ));
    assert!(matches!(
        Store::open_postgres("nonsense", options()).map(drop),
        Err(Error::Unsuitable(_))
    ));
}

fn options() -> Options {
    Options {
        connections: 2,
        ..Options::new(7)
    }
}

async fn two_nodes_start_at_once_and_see_each_others_writes(server: &Server) {
    let url = server.new_schema("shared");
    let open = || {
        let url = url.clone();
        tokio::task::spawn_blocking(move || Store::open_postgres(&url, options()).unwrap())
    };
    let (one, other) = tokio::join!(open(), open());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(write(&one, |tx| versions::bump(tx, "a", "k")).await, Ok(1));
    assert_eq!(
        write(&other, |tx| versions::bump(tx, "a", "k")).await,
        Ok(2)
    );
    assert_eq!(read(&one, |tx| versions::get(tx, "a", "k")).await, Ok(2));
    assert_eq!(
        one.table_counts().await.unwrap()["schema_version"],
        1,
        "only one of them applied the schema"
    );
    one.close().await;
    other.close().await;
}

async fn a_lost_connection_is_made_anew(server: &Server) {
    let options = Options {
        connections: 1,
        ..options()
    };
    let store = Store::open_postgres(&server.new_schema("lost"), options).unwrap();
    assert_eq!(
        write(&store, |tx| versions::bump(tx, "a", "k")).await,
        Ok(1)
    );
    server.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    assert_eq!(
        write(&store, |tx| versions::bump(tx, "a", "k")).await,
        Ok(2)
    );
    assert_eq!(store.commits().hard_closures, 2);
    store.close().await;
}

fn a_newer_schema_is_refused(server: &Server) {
    let url = server.new_schema("newer");
    drop(Store::open_postgres(&url, options()).unwrap());
    server.execute("INSERT INTO newer.schema_version (version, applied_at) VALUES (99, 0)");
    let opened = Store::open_postgres(&url, options()).map(drop);
    assert!(
        matches!(opened, Err(Error::Newer { found: 99, .. })),
        "{opened:?}"
    );
}

fn a_database_that_sorts_by_language_is_refused(server: &Server) {
    server.execute("CREATE DATABASE language TEMPLATE template0 LOCALE 'C.UTF-8'");
    let opened = Store::open_postgres(&server.database("language"), options()).map(drop);
    assert!(
        matches!(&opened, Err(Error::Unsuitable(text)) if text.contains("C.UTF-8")),
        "{opened:?}"
    );
}

wharf_meta::statements! {
    SYNCHRONOUS = "SELECT CAST(current_setting('synchronous_commit') AS TEXT), CAST(current_setting('transaction_isolation') AS TEXT)";
}

async fn a_soft_write_turns_off_the_wait_for_the_flush(server: &Server) {
    let store = Store::open_postgres(&server.new_schema("soft"), options()).unwrap();
    for (durability, expected) in [
        (Durability::Hard, "on"),
        (Durability::Soft, "off"),
        (Durability::Hard, "on"),
    ] {
        let settings = store.write("settings", durability, |tx| {
            let row = tx.row(&SYNCHRONOUS, &[])?.unwrap();
            Ok::<(String, String), Error>((row.get(0)?, row.get(1)?))
        });
        assert_eq!(
            settings.await,
            Ok((expected.to_owned(), "serializable".to_owned()))
        );
    }
    store.close().await;
}
