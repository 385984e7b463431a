//! The few places where the two databases want different text.

/// Rewrites a statement for `SQLite`: `$1` would be the *name* of a parameter there, `?1` is its number.
pub(crate) fn sqlite(sql: &str) -> String {
    let sql = lists(sql, "TEXT_LIST(", "(SELECT value FROM json_each(", "))");
    let sql = lists(&sql, "BIGINT_LIST(", "(SELECT value FROM json_each(", "))");
    let mut text = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut characters = sql.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\'' {
            quoted = !quoted;
        }
        let numbered =
            character == '$' && !quoted && characters.peek().is_some_and(char::is_ascii_digit);
        text.push(if numbered { '?' } else { character });
    }
    text
}

/// Rewrites a statement for `PostgreSQL`.
pub(crate) fn postgresql(sql: &str) -> String {
    let sql = lists(
        sql,
        "TEXT_LIST(",
        "(SELECT json_array_elements_text(CAST(CAST(",
        " AS TEXT) AS JSON)))",
    );
    lists(
        &sql,
        "BIGINT_LIST(",
        "(SELECT CAST(json_array_elements_text(CAST(CAST(",
        " AS TEXT) AS JSON)) AS BIGINT))",
    )
}

/// Replaces `NAME($n)` by `before`, the parameter and `after`.
fn lists(sql: &str, name: &str, before: &str, after: &str) -> String {
    let mut parts = sql.split(name);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (parameter, rest) = part.split_once(')').unwrap_or((part, ""));
        text.extend([before, parameter, after, rest]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_parameters_become_sqlites_outside_of_literals() {
        assert_eq!(
            sqlite("SELECT a FROM t WHERE b = $1 AND c = '$2' AND d = $12"),
            "SELECT a FROM t WHERE b = ?1 AND c = '$2' AND d = ?12"
        );
        assert_eq!(
            sqlite("SELECT '$' || $3, 'it''s $1'"),
            "SELECT '$' || ?3, 'it''s $1'"
        );
    }

    #[test]
    fn lists_become_one_parameter() {
        assert_eq!(
            sqlite("DELETE FROM t WHERE a = $1 AND b IN TEXT_LIST($2) AND c = $3"),
            "DELETE FROM t WHERE a = ?1 AND b IN (SELECT value FROM json_each(?2)) AND c = ?3"
        );
        assert_eq!(
            postgresql("SELECT 1 WHERE b IN BIGINT_LIST($2) OR b IN TEXT_LIST($1)"),
            "SELECT 1 WHERE b IN (SELECT CAST(json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON)) AS BIGINT)) \
             OR b IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))"
        );
    }
}
