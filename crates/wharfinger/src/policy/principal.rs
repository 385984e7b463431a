//! Callers, from the ARNs that a file of cases gives.
use wharf_policy::{FederatedUser, Principal, RoleSession, User};

/// Reads a caller.
///
/// `role` is the ARN of a session's role, for roles with a path; `issuer` the ARN of the user that made a federated
/// user.
pub(super) fn parse(
    arn: &str,
    role: Option<&str>,
    issuer: Option<&str>,
) -> Result<Principal, String> {
    if arn == "anonymous" {
        return Ok(Principal::Anonymous);
    }
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, "", account, path] = fields.as_slice() else {
        if arn.contains('.') && !arn.contains([':', '/']) {
            return Ok(Principal::Service(arn.into()));
        }
        return Err(format!(
            "`{arn}` is neither an ARN of IAM or STS, nor a service's name, nor `anonymous`"
        ));
    };
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "`{account}`, in `{arn}`, is no account of 12 digits"
        ));
    }
    let (kind, rest) = path.split_once('/').unwrap_or((path, ""));
    let account: Box<str> = (*account).into();
    match (*service, kind) {
        ("iam", "root") if rest.is_empty() => Ok(Principal::root(partition, &account)),
        ("iam", "user") if !rest.is_empty() => Ok(Principal::User(User {
            arn: arn.into(),
            account,
            name: rest.rsplit('/').next().unwrap_or(rest).into(),
            id: Box::default(),
        })),
        ("iam", "role") => Err(format!(
            "`{arn}` is a role: name a session of it, `arn:{partition}:sts::{account}:assumed-role/NAME/SESSION`"
        )),
        ("iam", "oidc-provider" | "saml-provider") => Ok(Principal::WebIdentity(arn.into())),
        ("sts", "assumed-role") => session(arn, (partition, account), rest, role),
        ("sts", "federated-user") if !rest.is_empty() => {
            let issuer = issuer.ok_or_else(|| {
                format!("`{arn}` needs `issuer`, the ARN of the user that made it")
            })?;
            Ok(Principal::FederatedUser(FederatedUser {
                arn: arn.into(),
                account,
                name: rest.into(),
                issuer_arn: issuer.into(),
                issuer_id: Box::default(),
            }))
        }
        _ => Err(format!("`{arn}` names nobody who can ask")),
    }
}

fn session(
    arn: &str,
    (partition, account): (&str, Box<str>),
    rest: &str,
    role: Option<&str>,
) -> Result<Principal, String> {
    let (name, session) = rest
        .split_once('/')
        .filter(|(name, session)| !name.is_empty() && !session.is_empty())
        .ok_or_else(|| format!("`{arn}` is not of the form `…:assumed-role/ROLE/SESSION`"))?;
    let head = format!("arn:{partition}:iam::{account}:role/");
    let role_arn = match role {
        None => format!("{head}{name}"),
        Some(role) if role.starts_with(&head) && role.ends_with(&format!("/{name}")) => {
            role.to_owned()
        }
        Some(role) => return Err(format!("`{role}` is not the role of `{arn}`")),
    };
    Ok(Principal::RoleSession(RoleSession {
        role_arn: role_arn.into(),
        role_id: Box::default(),
        arn: arn.into(),
        account,
        session: session.into(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_caller_is_read() {
        for (arn, account) in [
            ("arn:aws:iam::111122223333:root", Some("111122223333")),
            ("arn:aws:iam::111122223333:user/a/b", Some("111122223333")),
            (
                "arn:aws-cn:sts::111122223333:assumed-role/r/s",
                Some("111122223333"),
            ),
            (
                "arn:aws:iam::111122223333:oidc-provider/idp.example.com/x",
                None,
            ),
            ("ecr.amazonaws.com", None),
            ("anonymous", None),
        ] {
            let principal = parse(arn, None, None).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(principal.account(), account, "{arn}");
            assert_eq!(principal.name(), arn);
        }
        let user = "arn:aws:iam::111122223333:user/u";
        let federated = "arn:aws:sts::111122223333:federated-user/f";
        assert!(parse(federated, None, Some(user)).is_ok());
        let session = "arn:aws:sts::111122223333:assumed-role/r/s";
        let role = parse(session, Some("arn:aws:iam::111122223333:role/x/r"), None);
        let Ok(Principal::RoleSession(role)) = role else {
            panic!("{role:?}")
        };
        assert_eq!(&*role.role_arn, "arn:aws:iam::111122223333:role/x/r");
    }

    #[test]
    fn what_cannot_ask_is_refused() {
        let session = "arn:aws:sts::111122223333:assumed-role/r/s";
        for (arn, role, said) in [
            ("", None, "neither an ARN"),
            ("alice", None, "neither an ARN"),
            ("arn:aws:iam::1:user/a", None, "no account"),
            ("arn:aws:iam::111122223333:user", None, "names nobody"),
            ("arn:aws:iam::111122223333:group/a", None, "names nobody"),
            (
                "arn:aws:ecr::111122223333:repository/a",
                None,
                "names nobody",
            ),
            ("arn:aws:iam::111122223333:role/a", None, "name a session"),
            (
                "arn:aws:sts::111122223333:assumed-role/a",
                None,
                "of the form",
            ),
            (
                "arn:aws:sts::111122223333:federated-user/a",
                None,
                "needs `issuer`",
            ),
            (
                session,
                Some("arn:aws:iam::111122223333:role/x/q"),
                "not the role of",
            ),
            (
                session,
                Some("arn:aws:iam::444455556666:role/r"),
                "not the role of",
            ),
        ] {
            let found = parse(arn, role, None).expect_err(arn);
            assert!(found.contains(said), "{arn}: {found}");
        }
    }
}
