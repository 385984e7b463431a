use super::*;

fn caller(tags: &[(&str, &str)], transitive: &[&str]) -> SessionDetails {
    SessionDetails {
        tags: owned(tags),
        transitive: transitive.iter().map(|&it| it.to_owned()).collect(),
        ..SessionDetails::default()
    }
}

fn owned(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    tags.iter().map(pair).collect()
}

#[test]
fn only_transitive_tags_are_inherited() {
    let caller = caller(&[("A", "1"), ("b", "2")], &["a"]);
    let tags = SessionTags::new(&caller, owned(&[("c", "3")]), vec!["C".to_owned()]).unwrap();
    assert_eq!(tags.all, owned(&[("A", "1"), ("c", "3")]));
    assert_eq!(tags.transitive, ["a", "C"]);
    // One that was not handed on may be set anew.
    assert!(SessionTags::new(&caller, owned(&[("b", "4")]), Vec::new()).is_ok());
    assert!(SessionTags::new(&caller, owned(&[("a", "1")]), Vec::new()).is_err());
}

#[test]
fn fifty_tags_are_enough_those_that_are_inherited_included() {
    let some = |count: usize| -> Vec<(String, String)> {
        (0..count)
            .map(|at| (format!("k{at}"), String::new()))
            .collect()
    };
    assert!(SessionTags::new(&SessionDetails::default(), some(50), Vec::new()).is_ok());
    assert!(SessionTags::new(&SessionDetails::default(), some(51), Vec::new()).is_err());
    let caller = caller(&[("x", "1")], &["x"]);
    assert!(SessionTags::new(&caller, some(50), Vec::new()).is_err());
}

#[test]
fn a_roles_arn_names_an_account() {
    let account = account_of("arn:aws:iam::111122223333:role/a/b").unwrap();
    assert_eq!(account.as_str(), "111122223333");
    for bad in [
        "",
        "a",
        "arn:aws:iam::111122223333",
        "arn::iam::111122223333:role/a",
        "x:aws:iam::111122223333:role/a",
    ] {
        assert!(account_of(bad).is_err(), "{bad}");
    }
}
