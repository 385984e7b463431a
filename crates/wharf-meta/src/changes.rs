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

/// When a statement changes what is watched: access keys, repositories, their manifests and their tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It changes nothing that is watched.
    Nothing,
    /// It changes what belongs to the repository whose surrogate id is its first parameter.
    Repository,
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
        let id = match table {
            Some("repositories") => "id",
            Some("manifests" | "tags") => "repository",
            Some("access_keys") => return Self::Everything,
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
    everything: bool,
}

impl Touched {
    /// Notes one execution of a statement of that scope with that first parameter.
    pub(crate) fn note(&mut self, scope: Scope, first: Option<i64>) {
        match (scope, first) {
            (Scope::Nothing, _) => {}
            (Scope::Repository, Some(id)) if self.repositories.len() < MOST_NAMED => {
                if self.repositories.last() != Some(&id) {
                    self.repositories.push(id);
                }
            }
            (Scope::Repository | Scope::Everything, _) => self.everything = true,
        }
    }
}

/// When each repository, and everything at once, was last touched.
#[derive(Debug)]
pub struct Changes {
    published: AtomicU64,
    everything: AtomicU64,
    places: Box<[AtomicU64]>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            published: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Where the store stands. Taken before a read, it dates what the read finds.
    pub fn now(&self) -> Moment {
        Moment(self.published.load(Ordering::Acquire))
    }

    /// Whether nothing of a repository, and nothing that is of no single one, was touched after `since`.
    pub fn untouched(&self, repository: i64, since: Moment) -> bool {
        self.untouched_at_large(since)
            && self
                .place(repository)
                .is_some_and(|place| place.load(Ordering::Acquire) <= since.0)
    }

    /// Whether nothing that is of no single repository was touched after `since`.
    pub fn untouched_at_large(&self, since: Moment) -> bool {
        self.everything.load(Ordering::Acquire) <= since.0
    }

    /// By the writer alone, after a COMMIT and before its answers.
    pub(crate) fn publish(&self, touched: Touched) {
        let number = self.published.load(Ordering::Relaxed) + 1;
        if touched.everything {
            self.everything.store(number, Ordering::Release);
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
                "DELETE FROM access_keys WHERE access_key_id = $1",
                Scope::Everything,
            ),
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
    fn of_the_statements_that_there_are_only_those_of_access_keys_touch_everything() {
        let all = crate::MODULES
            .iter()
            .flat_map(|(_, statements)| statements.iter());
        let everything: Vec<&str> = all
            .filter(|statement| statement.scope() == Scope::Everything)
            .map(|statement| statement.name())
            .collect();
        assert!(!everything.is_empty());
        for name in everything {
            assert!(
                name.contains("::access_keys::"),
                "{name} forgets what is known of every repository"
            );
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
        changes.publish(touched);
        assert!(!changes.untouched(8, later));
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
