//! Content discovery: the list of tags.

use super::{Group, tests};
use crate::check::{Check, fail, must, not_offered};
use crate::content::media;
use crate::trial::{Tags, Trial};

pub(super) const GROUP: Group = Group {
    name: "tags",
    category: "discovery",
    tests: tests![
        all_tags_are_listed => "DISC-01 DISC-04 CONF-02 END-08",
        the_list_is_in_lexical_order => "DISC-03",
        n_tags_are_listed_if_there_are_as_many => "DISC-05 DISC-06",
        a_part_of_the_list_begins_at_its_beginning => "DISC-11",
        no_tags_are_listed_where_none_are_asked_for => "DISC-02 DISC-09 DISC-10",
        the_list_goes_on_after_the_last_tag => "DISC-14 END-08",
        the_last_tag_alone_is_enough => "DISC-15",
        after_the_very_last_tag_nothing_is_listed => "DISC-02",
        a_tag_of_digits_is_no_index => "DISC-12 DISC-13",
        links_lead_through_all_tags_once => "DISC-05 DISC-07 DISC-08",
        tags_of_an_unknown_repository_are_not_found => "END-08",
    ],
};

/// How many pages are read before the suite gives up.
const PAGES: usize = 500;

/// Pushes an image under these tags.
fn tagged(t: &Trial<'_>, tags: &[String]) -> Check {
    let image = t.unpushed_image()?;
    for tag in tags {
        t.push(&image, tag)?;
    }
    Ok(())
}

/// Four tags that follow upon each other in the list, not pushed in this order.
fn four(t: &Trial<'_>) -> Check<Vec<String>> {
    let word = t.random.word();
    let tags: Vec<String> = ["a", "b", "c", "d"]
        .map(|end| format!("{word}-{end}"))
        .into();
    let mut order = tags.clone();
    order.rotate_left(2);
    tagged(t, &order)?;
    Ok(tags)
}

/// All pages from one on.
fn through(t: &Trial<'_>, mut page: Tags) -> Check<Vec<String>> {
    let mut list = Vec::new();
    for _ in 0..PAGES {
        list.append(&mut page.list);
        let Some(next) = page.next.take() else {
            return Ok(list);
        };
        page = t.tags_at(&next)?;
    }
    fail(
        format!("the end of the list within {PAGES} pages"),
        page.told,
    )
}

/// Demands that a list, of which only a part is ours, holds each of ours once.
fn holds(list: &[String], ours: &[String], told: &str) -> Check {
    let once = |tag: &String| list.iter().filter(|t| *t == tag).count() == 1;
    must(ours.iter().all(once), &format!("each once: {ours:?}"), told)
}

fn all_tags_are_listed(t: &Trial<'_>) -> Check {
    let tags = four(t)?;
    let page = t.tags("")?;
    let told = page.told.clone();
    holds(&through(t, page)?, &tags, &told)
}

fn the_list_is_in_lexical_order(t: &Trial<'_>) -> Check {
    // So many that no other order is this one by chance.
    let tags: Vec<String> = (0..12).map(|_| t.tag()).collect();
    tagged(t, &tags)?;
    let page = t.tags("")?;
    let told = page.told.clone();
    let list = through(t, page)?;
    // "Lexical" is explained as blind to case, yet most registries order by bytes: either will do.
    let lower: Vec<String> = list.iter().map(|tag| tag.to_lowercase()).collect();
    must(
        list.is_sorted() || lower.is_sorted(),
        "a list in order",
        told,
    )
}

fn n_tags_are_listed_if_there_are_as_many(t: &Trial<'_>) -> Check {
    four(t)?;
    for n in 1..=3 {
        let page = t.tags(&format!("?n={n}"))?;
        let fewer = page.list.len() < n && page.next.is_some();
        must(
            page.list.len() == n || fewer,
            &format!("{n} tags"),
            page.told,
        )?;
    }
    Ok(())
}

fn a_part_of_the_list_begins_at_its_beginning(t: &Trial<'_>) -> Check {
    four(t)?;
    let whole = through(t, t.tags("")?)?;
    let page = t.tags("?n=2")?;
    let begins = whole.starts_with(&page.list);
    must(begins && !page.list.is_empty(), "the first tags", page.told)
}

fn no_tags_are_listed_where_none_are_asked_for(t: &Trial<'_>) -> Check {
    four(t)?;
    let page = t.tags("?n=0")?;
    must(page.list.is_empty(), "an empty list", &page.told)?;
    must(page.next.is_none(), "no Link", page.told)
}

fn the_list_goes_on_after_the_last_tag(t: &Trial<'_>) -> Check {
    let tags = four(t)?;
    let [first, rest @ ..] = tags.as_slice() else {
        return fail("four tags", "fewer");
    };
    let page = t.tags(&format!("?n=3&last={first}"))?;
    must(page.list == rest, &format!("{rest:?}"), page.told)
}

fn the_last_tag_alone_is_enough(t: &Trial<'_>) -> Check {
    let tags = four(t)?;
    let [first, rest @ ..] = tags.as_slice() else {
        return fail("four tags", "fewer");
    };
    let page = t.tags(&format!("?last={first}"))?;
    let told = page.told.clone();
    let list = through(t, page)?;
    must(!list.contains(first), "a list without the last tag", &told)?;
    must(list.starts_with(rest), &format!("{rest:?} first"), told)
}

fn after_the_very_last_tag_nothing_is_listed(t: &Trial<'_>) -> Check {
    // No tag of another test begins with this letter.
    let tag = format!("zzzz{}", "z".repeat(100));
    tagged(t, std::slice::from_ref(&tag))?;
    let page = t.tags(&format!("?n=10&last={tag}"))?;
    must(page.list.is_empty(), "an empty list", &page.told)?;
    must(page.next.is_none(), "no Link", page.told)
}

fn a_tag_of_digits_is_no_index(t: &Trial<'_>) -> Check {
    // Ten digits, of which the last orders them.
    let first = 1_000_000_000 + t.random.next() % 100_000_000 * 10;
    let tags: Vec<String> = (first..first + 3).map(|n| n.to_string()).collect();
    tagged(t, &tags)?;
    let page = t.tags(&format!("?n=2&last={first}"))?;
    let rest = tags.get(1..).unwrap_or_default();
    must(page.list == rest, &format!("{rest:?}"), page.told)
}

fn links_lead_through_all_tags_once(t: &Trial<'_>) -> Check {
    let tags = four(t)?;
    if t.tags("?n=2")?.next.is_none() {
        return not_offered("no Link; `last` leads on");
    }
    // In larger pages: the repository may be large by now.
    let page = t.tags("?n=20")?;
    let told = page.told.clone();
    holds(&through(t, page)?, &tags, &told)
}

fn tags_of_an_unknown_repository_are_not_found(t: &Trial<'_>) -> Check {
    let answer = t.request_in(&t.no_repository(), "GET", "tags/list");
    let answer = answer.header("accept", media::MANIFEST).send()?;
    answer.expect(404).map(drop)
}
