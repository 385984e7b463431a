//! What changed when: lets a process keep what it read for exactly as long as nothing that it rests on has changed.
//!
//! Only an embedded database can tell: all writes are this process's. The writer publishes what a group of closures
//! touched after its COMMIT and before their answers, so that whoever was answered never sees the state before.
use std::sync::atomic::{AtomicU64, Ordering};

/// Places that repositories share by their id: two in one place only forget more than they must.
const PLACES: usize = 4_096;

/// Repositories that one group of closures may name before it counts as touching everything.
const MOST_NAMED: usize = 1_024;

/// Words that only a statement that writes has; a bracket may stand before them.
const WRITES: [&str; 6] = [
    "INSERT", "UPDATE", "DELETE", "(INSERT", "(UPDATE", "(DELETE",
];

/// A moment in the life of a store: what it published by then is in every snapshot that begins later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// Which of the watched things a statement changes: repositories with their manifests, tags and resource tags, and
/// identities with all that decides who they are and what they may do beyond one repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It changes nothing that is watched.
    Nothing,
    /// It changes what belongs to the repository whose surrogate id is its first parameter.
    Repository,
    /// It may change access keys, sessions, accounts, what IAM keeps, or the settings of a registry.
    Identity,
    /// It may change anything that is watched.
    Everything,
}

impl Scope {
    /// Reads the scope off a statement's text: what is not plainly of one repository touches everything.
    pub(crate) fn of(sql: &str) -> Self {
        let mut words = sql.split_whitespace();
        let table = match (words.next(), words.next()) {
            (Some("INSERT"), Some("INTO")) | (Some("DELETE"), Some("FROM")) => words.next(),
            (Some("UPDATE"), table) => table,
            (Some("SELECT"), _) => return Self::Nothing,
            (Some("WITH"), _) if !words.any(|word| WRITES.contains(&word)) => return Self::Nothing,
            // A common table expression that writes, or something nobody has thought of.
            _ => return Self::Everything,
        };
        let Some(table) = table else {
            return Self::Everything;
        };
        let id = match table {
            "repositories" => "id",
            "manifests" | "tags" | "repository_tags" => "repository",
            "access_keys" | "accounts" | "registries" | "account_settings" => {
                return Self::Identity;
            }
            // Nobody can have known a session before it was made, and its id is never given again.
            "sessions" if sql.starts_with("INSERT") && !sql.contains("CONFLICT") => {
                return Self::Nothing;
            }
            "sessions" => return Self::Identity,
            // A document never changes, and what refers to it changes before it goes.
            "policies" if !sql.starts_with("UPDATE") && !sql.contains("CONFLICT") => {
                return Self::Nothing;
            }
            "policies" => return Self::Everything,
            _ if table.starts_with("iam_") => return Self::Identity,
            _ => return Self::Nothing,
        };
        let inserts = sql.starts_with("INSERT")
            && sql.contains(&format!("({id}, "))
            && sql.contains("VALUES ($1, ");
        // Words, so that a line's end in the text does not matter.
        let plain = words.collect::<Vec<_>>().join(" ");
        let chooses = format!("WHERE {id} = $1");
        let chosen = plain.split_once(&chooses).is_some_and(|(_, rest)| {
            (rest.is_empty() || rest.starts_with(" AND ")) && !rest.contains(" OR ")
        });
        if inserts || chosen {
            Self::Repository
        } else {
            Self::Everything
        }
    }
}

/// What the closures of one transaction touched.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    repositories: Vec<i64>,
    identity: bool,
    everything: bool,
}

impl Touched {
    /// Notes one execution of a statement of that scope with that first parameter.
    pub(crate) fn note(&mut self, scope: Scope, first: Option<i64>) {
        match (scope, first) {
            (Scope::Nothing, _) => {}
            (Scope::Identity, _) => self.identity = true,
            (Scope::Repository, Some(id)) if self.repositories.len() < MOST_NAMED => {
                if self.repositories.last() != Some(&id) {
                    self.repositories.push(id);
                }
            }
            (Scope::Repository | Scope::Everything, _) => self.everything = true,
        }
    }
}

/// When each repository, the identities, and everything at once were last touched.
#[derive(Debug)]
pub struct Changes {
    published: AtomicU64,
    identity: AtomicU64,
    everything: AtomicU64,
    places: Box<[AtomicU64]>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            published: AtomicU64::new(0),
            identity: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Where the store stands. Taken before a read, it dates what the read finds.
    pub fn now(&self) -> Moment {
        Moment(self.published.load(Ordering::Acquire))
    }

    /// Whether nothing of a repository was touched after `since`; identities may have been.
    pub fn untouched(&self, repository: i64, since: Moment) -> bool {
        self.everything_untouched(since)
            && self
                .place(repository)
                .is_some_and(|place| place.load(Ordering::Acquire) <= since.0)
    }

    /// Whether nothing was touched after `since` that decides who somebody is, or what they may do beyond the policies
    /// and tags of one repository.
    pub fn identity_untouched(&self, since: Moment) -> bool {
        self.everything_untouched(since) && self.identity.load(Ordering::Acquire) <= since.0
    }

    fn everything_untouched(&self, since: Moment) -> bool {
        self.everything.load(Ordering::Acquire) <= since.0
    }

    /// By the writer alone, after a COMMIT and before its answers.
    pub(crate) fn publish(&self, touched: Touched) {
        let number = self.published.load(Ordering::Relaxed) + 1;
        if touched.everything {
            self.everything.store(number, Ordering::Release);
        }
        if touched.identity {
            self.identity.store(number, Ordering::Release);
        }
        for id in touched.repositories {
            if let Some(place) = self.place(id) {
                place.store(number, Ordering::Release);
            }
        }
        self.published.store(number, Ordering::Release);
    }

    fn place(&self, repository: i64) -> Option<&AtomicU64> {
        // Ids begin with the time they were made at; the multiplication spreads them.
        let spread = repository
            .cast_unsigned()
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.places.get(usize::try_from(spread >> 52).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_plainly_belongs_to_one_repository_is_of_one() {
        for (sql, scope) in [
            (
                "SELECT digest FROM tags WHERE repository = $1",
                Scope::Nothing,
            ),
            ("INSERT INTO events (id) VALUES ($1, $2)", Scope::Nothing),
            (
                "DELETE FROM manifest_links WHERE repository = $1",
                Scope::Nothing,
            ),
            (
                "INSERT INTO tags (repository, tag) VALUES ($1, $2)",
                Scope::Repository,
            ),
            (
                "INSERT INTO tags (tag, repository) VALUES ($1, $2)",
                Scope::Everything,
            ),
            (
                "INSERT INTO tags (repository, tag) VALUES ($2, $1)",
                Scope::Everything,
            ),
            (
                "UPDATE tags SET digest = $3\n   WHERE repository = $1\n AND tag = $2",
                Scope::Repository,
            ),
            (
                "UPDATE tags SET digest = $3 WHERE repository = $2",
                Scope::Everything,
            ),
            (
                "UPDATE tags SET digest = $3 WHERE repository = $10",
                Scope::Everything,
            ),
            (
                "DELETE FROM manifests WHERE repository = $1 AND (a = 1 OR b = 2)",
                Scope::Everything,
            ),
            ("DELETE FROM repositories WHERE id = $1", Scope::Repository),
            (
                "DELETE FROM repositories WHERE account = $1",
                Scope::Everything,
            ),
            (
                "UPDATE repositories SET policy = $2 WHERE id = $1",
                Scope::Repository,
            ),
            (
                "INSERT INTO repository_tags (repository, key, value) VALUES ($1, $2, $3)\n ON CONFLICT (repository, key) DO UPDATE SET value = excluded.value",
                Scope::Repository,
            ),
            (
                "DELETE FROM repository_tags WHERE key = $1",
                Scope::Everything,
            ),
            (
                "UPDATE policies SET text = $2 WHERE id = $1",
                Scope::Everything,
            ),
            ("DELETE", Scope::Everything),
            ("WITH old AS (DELETE FROM tags) SELECT 1", Scope::Everything),
            (
                "WITH a AS (SELECT digest FROM tags) SELECT digest FROM a",
                Scope::Nothing,
            ),
        ] {
            assert_eq!(Scope::of(sql), scope, "{sql}");
        }
    }

    #[test]
    fn what_decides_who_somebody_is_is_of_the_identities() {
        for (sql, scope) in [
            (
                "INSERT INTO access_keys (access_key_id) VALUES ($1)",
                Scope::Identity,
            ),
            (
                "DELETE FROM access_keys WHERE access_key_id = $1",
                Scope::Identity,
            ),
            ("INSERT INTO iam_entities (id) VALUES ($1)", Scope::Identity),
            (
                "DELETE FROM iam_anything WHERE entity = $1",
                Scope::Identity,
            ),
            (
                "UPDATE accounts SET alias = $2 WHERE account = $1",
                Scope::Identity,
            ),
            (
                "INSERT INTO registries (account) VALUES ($1)",
                Scope::Identity,
            ),
            (
                "UPDATE account_settings SET value = $2 WHERE account = $1",
                Scope::Identity,
            ),
            ("DELETE FROM sessions WHERE principal = $1", Scope::Identity),
            (
                "INSERT INTO sessions (access_key_id) VALUES ($1)",
                Scope::Nothing,
            ),
            (
                "INSERT INTO sessions (access_key_id) VALUES ($1) ON CONFLICT (access_key_id) DO UPDATE SET name = $2",
                Scope::Identity,
            ),
            ("INSERT INTO policies (id) VALUES ($1)", Scope::Nothing),
            ("DELETE FROM policies WHERE id = $1", Scope::Nothing),
            (
                "SELECT secret FROM access_keys WHERE access_key_id = $1",
                Scope::Nothing,
            ),
        ] {
            assert_eq!(Scope::of(sql), scope, "{sql}");
        }
    }

    #[test]
    fn no_statement_that_there_is_touches_everything_and_only_those_of_identities_touch_these() {
        let all: Vec<&crate::Statement> = crate::MODULES
            .iter()
            .flat_map(|(_, statements)| statements.iter().copied())
            .collect();
        let names = |scope: Scope| {
            let those = all
                .iter()
                .filter(move |statement| statement.scope() == scope);
            those.map(|statement| statement.name()).collect::<Vec<_>>()
        };
        assert_eq!(
            names(Scope::Everything),
            Vec::<&str>::new(),
            "they forget what is known of every repository"
        );
        for name in names(Scope::Identity) {
            let module = name.split("::").nth(1).unwrap_or_default();
            assert!(
                ["access_keys", "accounts", "iam", "registries", "sessions"].contains(&module),
                "{name} forgets what is known of every identity"
            );
        }
        // Whatever writes to them, but for what makes a session.
        for statement in &all {
            let module = statement.name().split("::").nth(1).unwrap_or_default();
            let reads = statement
                .text(crate::Database::Sqlite)
                .starts_with("SELECT");
            if ["access_keys", "iam", "registries"].contains(&module) && !reads {
                assert_eq!(statement.scope(), Scope::Identity, "{}", statement.name());
            }
        }
        let schema = include_str!("../schema/0001_first.sql").to_ascii_uppercase();
        for hidden in ["TRIGGER", "CASCADE", "SET NULL"] {
            assert!(
                !schema.contains(hidden),
                "{hidden} would change rows that no statement names"
            );
        }
    }

    #[test]
    fn what_is_touched_is_touched_until_it_is_read_anew_and_nothing_else_is() {
        let changes = Changes::new();
        let before = changes.now();
        let mut touched = Touched::default();
        touched.note(Scope::Repository, Some(7));
        touched.note(Scope::Nothing, None);
        changes.publish(touched);
        assert!(!changes.untouched(7, before));
        assert!(changes.untouched(7, changes.now()));
        assert!(changes.untouched(8, before), "another repository");
        let mut touched = Touched::default();
        touched.note(Scope::Everything, None);
        let later = changes.now();
        assert!(changes.identity_untouched(before));
        changes.publish(touched);
        assert!(!changes.untouched(8, later));
        assert!(!changes.identity_untouched(later));
    }

    #[test]
    fn what_is_known_of_identities_and_of_repositories_goes_apart() {
        let changes = Changes::new();
        let before = changes.now();
        let mut touched = Touched::default();
        touched.note(Scope::Identity, Some(7));
        changes.publish(touched);
        assert!(!changes.identity_untouched(before));
        assert!(changes.identity_untouched(changes.now()));
        assert!(changes.untouched(7, before), "it is no repository's id");
        let later = changes.now();
        let mut touched = Touched::default();
        touched.note(Scope::Repository, Some(7));
        changes.publish(touched);
        assert!(changes.identity_untouched(later));
    }

    #[test]
    fn a_repository_that_cannot_be_told_touches_everything() {
        for (scope, first, times) in [
            (Scope::Repository, None, 1),
            (Scope::Repository, Some(1), 0),
        ] {
            let mut touched = Touched::default();
            for _ in 0..times {
                touched.note(scope, first);
            }
            assert_eq!(touched.everything, times > 0);
        }
        let mut touched = Touched::default();
        for id in 0..2_000 {
            touched.note(Scope::Repository, Some(id));
        }
        assert!(touched.everything);
        assert!(touched.repositories.len() <= MOST_NAMED);
    }
}
