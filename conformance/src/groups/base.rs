//! Is there a registry at all?

use super::{Group, tests};
use crate::check::{Check, must, must_equal, not_offered};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "base",
    category: "base",
    tests: tests![
        the_root_of_the_api_answers => "BASE-01",
        whoever_shows_no_credentials_is_told_how => "BASE-02 END-01",
        the_version_header_names_the_second_version => "LEG-02",
    ],
};

fn the_root_of_the_api_answers(t: &Trial<'_>) -> Check {
    let answer = t.registry().request("GET", "/v2/").send()?;
    answer.expect(200).map(drop)
}

fn whoever_shows_no_credentials_is_told_how(t: &Trial<'_>) -> Check {
    let request = t.registry().request("GET", "/v2/").anonymous();
    let answer = request.send()?.expect_one_of(&[200, 401])?;
    if answer.status() == 200 {
        return not_offered("nobody has to say who they are");
    }
    answer.must_have("www-authenticate").map(drop)
}

fn the_version_header_names_the_second_version(t: &Trial<'_>) -> Check {
    const HEADER: &str = "docker-distribution-api-version";
    let answer = t.registry().request("GET", "/v2/").send()?.expect(200)?;
    let Some(value) = answer.header(HEADER) else {
        return not_offered("the header is optional");
    };
    // A list of versions is allowed by those who invented it.
    let mut versions = value.split([' ', ',']);
    must(versions.any(|v| v == "registry/2.0"), "registry/2.0", value)?;
    must_equal("a value without blanks around it", value.trim(), value)
}
