//! Tag mutability: whether an existing tag may be pushed again. The one place where that is decided, and pure.
use wharf_meta::repositories::RepositoryRow;
use wharf_wire::ecr::{
    ImageTagMutability as Mode, ImageTagMutabilityExclusionFilter as Filter,
    ImageTagMutabilityExclusionFilterType as FilterType,
};

use crate::{Error, Result};

/// Wildcards that one filter may have.
const MAX_WILDCARDS: usize = 2;
/// The member of requests that filters come in.
const MEMBER: &str = "imageTagMutabilityExclusionFilters";

/// A mode with its exclusion filters: one to five where the mode excludes, none where it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagMutability {
    mode: Mode,
    filters: Vec<String>,
}

impl TagMutability {
    /// Takes a mode and filters as a request gives them, each filter's characters checked already.
    ///
    /// # Errors
    /// `InvalidParameter` when mode and filters are no pair, or a filter has more than two wildcards.
    /// Source: ECR `CreateRepository`, `PutImageTagMutability`.
    pub(crate) fn new(mode: Mode, filters: Option<Vec<Filter>>) -> Result<Self> {
        let filters: Vec<String> = filters
            .unwrap_or_default()
            .into_iter()
            .map(|filter| filter.filter)
            .collect();
        let mode_text = mode.as_str();
        match mode {
            Mode::Mutable | Mode::Immutable if !filters.is_empty() => {
                return Err(Error::invalid(
                    MEMBER,
                    format!(
                        "ImageTagMutabilityExclusionFilters are not allowed when imageTagMutability is set as {mode_text}"
                    ),
                ));
            }
            Mode::MutableWithExclusion | Mode::ImmutableWithExclusion if filters.is_empty() => {
                return Err(Error::invalid(
                    MEMBER,
                    format!(
                        "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {mode_text}"
                    ),
                ));
            }
            Mode::Mutable
            | Mode::Immutable
            | Mode::MutableWithExclusion
            | Mode::ImmutableWithExclusion => {}
        }
        if filters
            .iter()
            .any(|filter| filter.matches('*').count() > MAX_WILDCARDS)
        {
            return Err(Error::invalid(
                MEMBER,
                format!(
                    "ImageTagMutabilityExclusionFilters can have at most {MAX_WILDCARDS} wildcards (*) each"
                ),
            ));
        }
        Ok(Self { mode, filters })
    }

    /// What a repository's row says.
    ///
    /// # Errors
    /// `Internal` when the row cannot be read: nothing is pushed then, rather than moved by mistake.
    pub(crate) fn of(row: &RepositoryRow) -> Result<Self> {
        let unreadable = |what: &str| {
            Error::internal(format!(
                "the tag mutability of repository {}: {what}",
                row.id
            ))
        };
        let mode = Mode::parse(&row.tag_mutability).ok_or_else(|| unreadable("no such mode"))?;
        let filters = row
            .mutability_filters
            .as_deref()
            .map(serde_json::from_str::<Vec<Filter>>)
            .transpose()
            .map_err(|error| unreadable(&error.to_string()))?;
        Self::new(mode, filters).map_err(|error| unreadable(&error.message()))
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// The filters as the API tells them, in the order they were given in; none where the mode excludes nothing.
    pub(crate) fn filters(&self) -> Option<Vec<Filter>> {
        let filter = |text: &String| Filter {
            filter_type: FilterType::Wildcard,
            filter: text.clone(),
        };
        (!self.filters.is_empty()).then(|| self.filters.iter().map(filter).collect())
    }

    /// The filters as the row keeps them.
    ///
    /// # Errors
    /// `Internal`, if ever.
    pub(crate) fn stored_filters(&self) -> Result<Option<String>> {
        self.filters()
            .map(|filters| serde_json::to_string(&filters).map_err(Error::internal))
            .transpose()
    }

    /// Whether a tag that exists may not be pushed again. A tag that does not exist may always be made.
    ///
    /// Source: ecr.md 5.2.
    pub(crate) fn is_fixed(&self, tag: &str) -> bool {
        let excluded = || self.filters.iter().any(|filter| matches(filter, tag));
        match self.mode {
            Mode::Mutable => false,
            Mode::Immutable => true,
            Mode::MutableWithExclusion => excluded(),
            Mode::ImmutableWithExclusion => !excluded(),
        }
    }
}

/// Whether a filter is the whole tag, `*` standing for any run of characters, also none. Case counts.
///
/// What lies between two wildcards is taken where it is found first: if it fits anywhere, it fits there. So nothing is
/// tried twice, and the time is that of finding each part once.
fn matches(filter: &str, tag: &str) -> bool {
    let mut parts = filter.split('*');
    let Some(mut rest) = parts.next().and_then(|first| tag.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule written down a second time, as it is said: either the star takes nothing more, or one character more.
    /// A table over all places keeps it from trying any twice.
    fn plain(filter: &str, tag: &str) -> bool {
        let (filter, tag): (Vec<char>, Vec<char>) =
            (filter.chars().collect(), tag.chars().collect());
        let mut fits = vec![vec![false; tag.len() + 1]; filter.len() + 1];
        fits[filter.len()][tag.len()] = true;
        for at in (0..filter.len()).rev() {
            for from in (0..=tag.len()).rev() {
                fits[at][from] = if filter[at] == '*' {
                    fits[at + 1][from] || (from < tag.len() && fits[at][from + 1])
                } else {
                    from < tag.len() && tag[from] == filter[at] && fits[at + 1][from + 1]
                };
            }
        }
        fits[0][0]
    }

    fn filters(texts: &[&str]) -> Vec<Filter> {
        let filter = |text: &&str| Filter {
            filter_type: FilterType::Wildcard,
            filter: (*text).to_owned(),
        };
        texts.iter().map(filter).collect()
    }

    fn refusal(mode: Mode, texts: Option<&[&str]>) -> String {
        TagMutability::new(mode, texts.map(filters))
            .unwrap_err()
            .message()
    }

    #[test]
    fn p20_a_filter_is_the_whole_tag_and_a_star_any_run_of_characters() {
        for (filter, tag, fits) in [
            ("latest", "latest", true),
            ("latest", "latest-1", false),
            ("latest", "my-latest", false),
            ("latest", "Latest", false),
            ("latest*", "latest", true),
            ("latest*", "latest-arm64", true),
            ("*latest", "my-latest", true),
            ("*latest", "my-latest-1", false),
            ("*", "anything", true),
            ("**", "anything", true),
            ("*-rc*", "v1-rc2", true),
            ("*-rc*", "v1-r2", false),
            ("v*.0", "v.0", true),
            ("v*.0", "v10.0", true),
            ("v*.0", "v.0.0", true),
            ("v*.0", "v.00", false),
            ("v*.0", "v0", false),
            // A dot is a dot, and what one part took no other may take again.
            ("v1.0", "v1x0", false),
            ("aba*ba", "aba", false),
            ("aba*ba", "ababa", true),
        ] {
            assert_eq!(matches(filter, tag), fits, "{filter} {tag}");
            assert_eq!(plain(filter, tag), fits, "{filter} {tag}");
        }
    }

    #[test]
    fn each_mode_fixes_what_it_says() {
        let excluding = || Some(filters(&["latest", "dev-*"]));
        for (mode, filters, other, excluded) in [
            (Mode::Mutable, None, false, false),
            (Mode::Immutable, None, true, true),
            (Mode::MutableWithExclusion, excluding(), false, true),
            (Mode::ImmutableWithExclusion, excluding(), true, false),
        ] {
            let mutability = TagMutability::new(mode, filters).unwrap();
            assert_eq!(mutability.is_fixed("v1"), other, "{mode:?}");
            for tag in ["latest", "dev-", "dev-1"] {
                assert_eq!(mutability.is_fixed(tag), excluded, "{mode:?} {tag}");
            }
        }
    }

    #[test]
    fn mode_and_filters_must_be_a_pair() {
        let frame = |reason: &str| {
            format!("Invalid parameter at '{MEMBER}' failed to satisfy constraint: '{reason}'")
        };
        for (mode, name) in [(Mode::Mutable, "MUTABLE"), (Mode::Immutable, "IMMUTABLE")] {
            let reason = format!(
                "ImageTagMutabilityExclusionFilters are not allowed when imageTagMutability is set as {name}"
            );
            assert_eq!(refusal(mode, Some(&["a"])), frame(&reason));
        }
        for (mode, name) in [
            (Mode::MutableWithExclusion, "MUTABLE_WITH_EXCLUSION"),
            (Mode::ImmutableWithExclusion, "IMMUTABLE_WITH_EXCLUSION"),
        ] {
            let reason = format!(
                "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {name}"
            );
            assert_eq!(refusal(mode, None), frame(&reason));
            assert_eq!(refusal(mode, Some(&[])), frame(&reason));
            assert_eq!(
                refusal(mode, Some(&["a", "*b*c*"])),
                frame("ImageTagMutabilityExclusionFilters can have at most 2 wildcards (*) each")
            );
        }
    }

    #[test]
    fn what_a_row_keeps_is_read_back_and_what_cannot_be_read_is_a_fault() {
        let given =
            TagMutability::new(Mode::ImmutableWithExclusion, Some(filters(&["b*", "a"]))).unwrap();
        let mut row = RepositoryRow {
            id: 1,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            name: "app".to_owned(),
            created_at: 0,
            tag_mutability: given.mode().as_str().to_owned(),
            mutability_filters: given.stored_filters().unwrap(),
            scan_on_push: false,
            encryption_type: "AES256".to_owned(),
            kms_key: None,
            policy: None,
        };
        assert_eq!(TagMutability::of(&row), Ok(given));
        for (mode, text) in [
            ("IMMUTABLE_WITH_EXCLUSION", None),
            ("IMMUTABLE_WITH_EXCLUSION", Some("latest")),
            (
                "MUTABLE",
                Some(r#"[{"filterType":"WILDCARD","filter":"a"}]"#),
            ),
            ("SOMETIMES", None),
        ] {
            row.tag_mutability = mode.to_owned();
            row.mutability_filters = text.map(str::to_owned);
            let refused = TagMutability::of(&row);
            assert!(
                matches!(refused, Err(Error::Internal { .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn p20_a_filter_of_the_longest_kind_against_the_longest_tag_tries_nothing_twice() {
        // Each star could begin at every `a`. A million decisions of 128 × 128 would take minutes if it went back.
        let filter = format!("*{}b*{}c", "a".repeat(62), "a".repeat(62));
        let tag = "a".repeat(128);
        assert_eq!(filter.len(), 128);
        let mutability = TagMutability::new(
            Mode::MutableWithExclusion,
            Some(filters(&[filter.as_str()])),
        )
        .unwrap();
        let fixed = (0..1_000_000).filter(|_| mutability.is_fixed(std::hint::black_box(&tag)));
        assert_eq!(fixed.count(), 0);
    }

    proptest! {
        #[test]
        fn a_filter_decides_as_the_plain_rule(filter in "[ab.*]{1,12}", tag in "[ab.]{1,16}") {
            prop_assert_eq!(matches(&filter, &tag), plain(&filter, &tag));
        }

        #[test]
        fn any_filter_that_the_api_takes_decides_as_the_plain_rule(
            filter in "[0-9a-zA-Z._-]{0,40}\\*?[0-9a-zA-Z._-]{0,40}\\*?[0-9a-zA-Z._-]{0,40}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}",
        ) {
            prop_assert_eq!(matches(&filter, &tag), plain(&filter, &tag));
            // A tag that the filter was made from, whatever its stars took.
            let made = filter.replace('*', "xy");
            prop_assert!(matches(&filter, &made));
        }
    }
}
